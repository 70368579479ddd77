"""The tree against RFC 6962, and the leaf's framing."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loyalty_ledger.ledger.store.leaf import leaf_hash
from loyalty_ledger.ledger.store.merkle import frontier_append, frontier_extend, root_of

# Leaves, and the roots of the first n, from certificate-transparency's merkletree/merkle_tree_test.cc.
LEAVES = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def merkle_tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word, of leaf hashes."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return hashlib.sha256(b"\x01" + merkle_tree_hash(leaves[:k]) + merkle_tree_hash(leaves[k:])).digest()


@pytest.mark.parametrize("size", range(9))
def test_roots_are_the_published_ones(size: int) -> None:
    hashes = [hashlib.sha256(b"\x00" + bytes.fromhex(leaf)).digest() for leaf in LEAVES[:size]]

    assert root_of(frontier_extend(b"", 0, hashes), size).hex() == ROOTS[size]


@given(st.integers(0, 300), st.integers(0, 300))
def test_extending_at_any_place_gives_the_root_of_the_whole(size: int, cut: int) -> None:
    leaves = [hashlib.sha256(b"%d" % number).digest() for number in range(size)]
    head = frontier_extend(b"", 0, leaves[:cut])

    frontier = frontier_extend(head, min(cut, size), leaves[cut:])

    assert root_of(frontier, size) == merkle_tree_hash(leaves)
    assert len(frontier) == 32 * size.bit_count()


def test_one_leaf_at_a_time_is_the_same() -> None:
    frontier, leaves = b"", []
    for size in range(130):
        leaves.append(hashlib.sha256(b"%d" % size).digest())
        frontier = frontier_append(frontier, size, leaves[-1])
        assert root_of(frontier, size + 1) == merkle_tree_hash(leaves)


def test_a_frontier_of_another_size_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit 3 leaves"):
        root_of(bytes(32), 3)


def u64(number: int) -> bytes:
    return number.to_bytes(8, "big")


def i64(number: int) -> bytes:
    return number.to_bytes(8, "big", signed=True)


def lp(content: bytes) -> bytes:
    return u64(len(content)) + content


def test_a_leaf_is_framed_as_the_format_says() -> None:
    written_out = (
        b"\x00loyalty-ledger/leaf/v1\n"
        + u64(7) + lp(b"ledger-1") + lp("member/Zoë".encode()) + u64(3) + lp(b"purchase.recorded") + lp(b"{}")
        + i64(-5) + i64(9) + lp(b"") + lp(b"shop") + lp(b"order 1") + lp(b"") + lp(b"")
    )  # fmt: skip

    found = leaf_hash(
        position=7, ledger_id="ledger-1", stream="member/Zoë", version=3, topic="purchase.recorded",
        state=b"{}", occurred_us=-5, recorded_us=9, actor=None, source="shop", event_id="order 1",
    )  # fmt: skip

    assert found == hashlib.sha256(written_out).digest()


NAMES = (
    "position", "ledger_id", "stream", "version", "topic", "state", "occurred_us", "recorded_us", "actor",
    "source", "event_id",
)  # fmt: skip
texts = st.text(alphabet="a/|\x00", max_size=3)
records = st.tuples(
    st.integers(0, 2), texts, texts, st.integers(0, 2), texts, st.binary(max_size=2), st.integers(-1, 1),
    st.integers(-1, 1), texts, texts, texts,
)  # fmt: skip


def leaf(record: tuple[object, ...]) -> bytes:
    fields: dict[str, Any] = dict(zip(NAMES, record, strict=True))
    return leaf_hash(**fields)


@given(records, records)
def test_no_two_facts_have_one_leaf(one: tuple[object, ...], other: tuple[object, ...]) -> None:
    assert (leaf(one) == leaf(other)) == (one == other)


@given(records, st.sampled_from([(1, 2), (8, 9), (9, 10)]), st.integers(1, 3))
def test_letters_that_move_to_the_next_field_make_another_leaf(
    record: tuple[Any, ...], fields: tuple[int, int], count: int
) -> None:
    """What every ledger that joins its fields by a separator, or by nothing, gets wrong."""
    left, right = fields
    moved = list(record)
    moved[left], moved[right] = record[left][:-count], record[left][-count:] + record[right]

    assert (leaf(tuple(moved)) == leaf(record)) == (tuple(moved) == record)
