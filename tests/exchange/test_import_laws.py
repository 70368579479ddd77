"""What holds for every file, however broken."""

from __future__ import annotations

import contextlib
import math
import tempfile
from collections.abc import Callable
from contextlib import closing
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from exchange.till import GOOD, HEADER, TILL
from loyalty_ledger.ledger.calendar import instant_us
from loyalty_ledger.ledger.errors import FactError, HistoryError
from loyalty_ledger.ledger.exchange.cells import instant_convert, money
from loyalty_ledger.ledger.exchange.chunk import Item
from loyalty_ledger.ledger.exchange.columns import ArrowColumn, CellColumn, Memo
from loyalty_ledger.ledger.exchange.mapping import Mapping, parse_mapping
from loyalty_ledger.ledger.exchange.occurrences import Occurrences
from loyalty_ledger.ledger.exchange.opening import open_file
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.units import Rounding

REGISTRY = Registry()
MAPPING = parse_mapping(TILL)
SCATTERED = parse_mapping(TILL.replace('group = "receipt"', 'group = "receipt"\nrows = "scattered"'))
EVENT = (
    b'{"specversion":"1.0","id":"e1","source":"s","type":"purchase.recorded","subject":"ann",'
    b'"time":"2026-01-02T10:00:00Z","data":{"currency":"EUR","amount":12.34}}\n'
)


@st.composite
def broken(draw: st.DrawFn, content: bytes) -> bytes:
    """A file some of whose bytes were overwritten, cut out or put in."""
    spoiled = bytearray(content)
    pieces = st.binary(max_size=3) | st.sampled_from(
        [b'"', b"\n", b"\r\n", b",", b"\xff", b"1e999", b"NaN", b"{", b"\\"]
    )
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(spoiled)))
        spoiled[at : at + draw(st.integers(0, 3))] = draw(pieces)
    return bytes(spoiled[: draw(st.integers(0, len(spoiled)) | st.just(len(spoiled)))])


def items_in(content: bytes, mapping: Mapping | None) -> list[Item]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file.csv" if mapping else Path(folder) / "file.jsonl"
        path.write_bytes(content)
        with closing(Occurrences()) as naming, open_file(path, mapping, REGISTRY, naming) as opened:
            return [item for items in opened.items for item in items]


def without_blank_lines(content: bytes) -> bytes:
    return b"".join(line for line in content.splitlines(keepends=True) if line.strip())


@settings(deadline=None, max_examples=400)
@given(rows=broken((GOOD * 2).encode()))
@example(b'r1,ann,2026-01-02T10:00:00,"apple\n\n",1,1\n')
def test_every_row_of_a_table_becomes_part_of_one_fact_or_one_reject(rows: bytes) -> None:
    try:
        items = items_in(HEADER.encode() + rows, MAPPING)
    except HistoryError:
        assert b"\0" in rows  # binary: nothing is stored
        return

    covered = b"".join(item.content() for item in items)
    assert without_blank_lines(covered.replace(b"\r", b"\n")) == without_blank_lines(
        rows.replace(b"\r", b"\n")
    )
    assert all((item.draft is None) != (item.fault is None) for item in items)


@settings(deadline=None, max_examples=100)
@given(rows=broken((GOOD * 2).encode()))
def test_scattered_rows_are_all_there_too(rows: bytes) -> None:
    assume(b"\0" not in rows)
    items = items_in(HEADER.encode() + rows, SCATTERED)
    plain = items_in(HEADER.encode() + rows, MAPPING)

    assert sorted(b"".join(item.content() for item in items)) == sorted(
        b"".join(item.content() for item in plain)
    )


@settings(deadline=None, max_examples=400)
@given(content=broken(EVENT * 3))
def test_every_line_of_events_becomes_one_fact_or_one_reject(content: bytes) -> None:
    try:
        items = items_in(content, None)
    except HistoryError:
        assert (
            not content
            or b"\0" in content
            or content.startswith((b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b", b"PK"))
        )
        return

    lines = [line for line in content.split(b"\n") if line.strip()]
    assert [item.content().rstrip(b"\n") for item in items] == lines


@settings(deadline=None, max_examples=200)
@given(content=st.binary(max_size=200), mapping=st.sampled_from([MAPPING, SCATTERED, None]))
def test_any_bytes_are_refused_or_read_but_never_crash(content: bytes, mapping: Mapping | None) -> None:
    with contextlib.suppress(HistoryError):
        items_in(content, mapping)


@settings(deadline=None, max_examples=200)
@given(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=12), chunk=st.integers(1, 9))
def test_baskets_do_not_depend_on_where_chunks_end(sizes: list[int], chunk: int) -> None:
    rows = "".join(
        f"r{number},ann,2026-01-02,sku{line},1,1.0{line}\n"
        for number, size in enumerate(sizes)
        for line in range(size)
    )
    content = (HEADER + rows).encode()
    whole = [item.draft for item in items_in(content, MAPPING)]

    with _chunks_of(chunk):
        cut = [item.draft for item in items_in(content, MAPPING)]

    assert cut == whole
    assert len(whole) == len(sizes)


class _chunks_of:  # noqa: N801 - reads as a phrase
    def __init__(self, rows: int) -> None:
        self.rows = rows

    def __enter__(self) -> None:
        from loyalty_ledger.ledger.exchange import delimited

        self.usual, delimited.CHUNK_ROWS = delimited.CHUNK_ROWS, self.rows

    def __exit__(self, *_: object) -> None:
        from loyalty_ledger.ledger.exchange import delimited

        delimited.CHUNK_ROWS = self.usual


def shown_as(amount: float) -> Fraction:
    """The decimal that is written for a float, as an exact fraction."""
    return Fraction(repr(amount))


times = st.datetimes().map(str) | st.datetimes().map(lambda time: time.isoformat("T", "seconds"))


@settings(deadline=None, max_examples=300)
@given(text=times, rest=st.sampled_from(["", ".", ".0", ".000000000", "000", ".000000001", "Z", "x"]))
@example("2026-01-02x10:00:00", "")
@example("2026-01-02 10:00:60", "")
def test_a_local_time_is_read_as_strictly_as_one_with_an_offset(text: str, rest: str) -> None:
    """The short way of whole seconds answers as the long way does."""
    assert answer(instant_convert(None, "UTC"), text + rest) == answer(instant_us, utc(text + rest))


def utc(text: str) -> str:
    return text if text.endswith("Z") else f"{text}Z"


def answer(read: Callable[[str], int], text: str) -> int | str:
    try:
        return read(text)
    except FactError as error:
        return error.code


@settings(deadline=None, max_examples=1000)
@given(
    amount=st.floats(-1e9, 1e9) | st.integers(-(10**12), 10**12).map(lambda n: n / 1000),
    named=st.sampled_from(["down", "half-up", "up"]),
)
@example(1.005, "half-up")
@example(2.675, "half-up")
@example(-0.125, "half-up")
@example(0.1 + 0.2, "up")
def test_a_float_is_rounded_as_the_decimal_it_shows(amount: float, named: Rounding) -> None:
    exact = abs(shown_as(amount)) * 100
    whole = {
        "down": math.floor(exact),
        "half-up": math.floor(exact + Fraction(1, 2)),
        "up": math.ceil(exact),
    }[named]

    signed = -whole if amount < 0 else whole
    for column in (CellColumn([amount, amount]), ArrowColumn(pa.array([amount, amount]))):
        assert column.converted(Memo(lambda cell: money(cell, "USD", named))) == [signed, signed]
