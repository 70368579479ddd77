"""A rule that recurses, answers nonsense or writes into its input sets its group aside, the same anywhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from containing.unruly_shop import Shop
from loyalty_ledger.ledger.errors import UsageError

FAILS = {
    "recurse": "rule unruly@1 failed: RecursionError: maximum recursion depth exceeded",
    "nested": "rule unruly@1 answered [0] [[[[[[[...]]]]]]], which is no effect",
    "endless": "rule unruly@1 answered more than 10000 effects",
    "evidence": "rule unruly@1 answered Move.evidence <generator object _evidence.<locals>.positions>,"
    " not a tuple of at most 10000",
    "fact": "rule writer@1 failed: AttributeError: immutable type: 'Told'",
    "amount": "rule writer@1 failed: AttributeError: immutable type: 'PurchaseRecorded'",
    "params": "rule writer@1 failed: AttributeError: immutable type: 'WriterParams'",
    "table": "rule writer@1 altered its own parameters",
    "names": "rule writer@1 altered its own parameters",
    "other_params": "rule writer@1 altered its own parameters",
    "awards": "rule writer@1 failed: AttributeError: 'tuple' object has no attribute 'append'",
    "more_awards": "rule writer@1 failed: AttributeError: a rule cannot assign 'awards' of a member",
    "state": "rule writer@1 failed: AttributeError: 'Seen' object has no attribute '_state'",
    "zone": "rule writer@1 failed: AttributeError: a rule cannot assign 'zone' of a member",
    "name": "rule writer@1 failed: AttributeError: a rule cannot assign 'id' of a member",
    "lots": "rule writer@1 failed: AttributeError: can't set attribute",
    "late": "rule writer@1 failed: AttributeError: immutable type: 'Told'",
}


def test_who_recurses_answers_nonsense_or_writes_is_set_aside(shop: Shop) -> None:
    """Folded one batch a fact, in one batch and in a rebuild by several processes, at other depths."""
    expected = {}
    for number, deed in enumerate(FAILS):
        member = f"m{number}"
        shop.record(member)
        expected[member] = (shop.record(member, channel=deed), FAILS[deed])
    position = shop.record("vip", "member.attributes.changed", attributes={"vip": False})
    expected["vip"] = (position, "rule writer@1 altered the fact it was asked about")

    shop.run(batch_facts=1)

    assert shop.quarantine() == expected
    assert {points for (points,) in shop.rows("SELECT points FROM balances")} == {1}, (
        "of all that stood before"
    )
    views = shop.digests()
    at_depth(300, shop.rebuild)
    assert shop.digests() == views
    assert shop.loyalty("project", "rebuild", "--processes", "2").code == 4, "and does not differ"
    assert shop.digests() == views


def at_depth(calls: int, do: Callable[[], Any]) -> Any:
    return do() if calls == 0 else at_depth(calls - 1, do)


def test_a_rule_can_go_as_deep_wherever_it_is_asked(shop: Shop) -> None:
    """It answers as many points as calls were possible, under 0 and 500 calls of others."""
    shop.record("bob", channel="deepest")
    shop.run()
    (bob,) = shop.rows("SELECT points FROM balances WHERE member = 'bob'")
    assert 990 < bob[0] < 1_010, "about as many as the interpreter allows by itself"

    at_depth(500, shop.rebuild)

    assert shop.rows("SELECT points FROM balances WHERE member = 'bob'") == [bob], "or it would have differed"


def test_an_interrupt_that_a_rule_raises_is_its_own_fault(shop: Shop) -> None:
    position = shop.record("bob", channel="interrupt")

    assert shop.loyalty("project", "run").code == 4
    assert shop.quarantine() == {"bob": (position, "rule unruly@1 failed: KeyboardInterrupt: ")}


def test_a_retry_brings_back_whom_a_mended_rule_takes(either_shop: Shop) -> None:
    shop = either_shop
    shop.record("bob", channel="recurse")
    cay = shop.record("cay", channel="nested")
    shop.record("bob")
    shop.run()
    plugin = shop.rules / "stranger_unruly.py"
    plugin.write_text(plugin.read_text().replace("return _recurse(depth + 1)", "return None"))
    shop.loyalty("rules", "trust", "stranger_unruly")

    done = shop.retry()

    assert done.retried.back == ["bob"]
    assert [(row.member, row.position) for row in done.retried.still] == [("cay", cay)]
    assert done.retried.is_altered
    assert shop.quarantine().keys() == {"cay"}
    assert shop.rows("SELECT member, points FROM balances ORDER BY member") == [("ann", 1), ("bob", 1)]


def test_only_who_is_set_aside_can_be_retried(shop: Shop) -> None:
    shop.run()

    with pytest.raises(UsageError, match="member 'ann' is not set aside"):
        shop.retry("ann")
    assert shop.retry().lines() == ["nobody is set aside"]


def test_a_lifted_member_is_folded_again_by_the_next_run(shop: Shop) -> None:
    shop.record("bob")
    aside = shop.record("bob", "member.set_aside", rule="unruly@1", reason="under suspicion", since=3)
    shop.record("bob")
    shop.run()
    assert shop.quarantine().keys() == {"bob"}
    assert shop.rows("SELECT * FROM balances WHERE member = 'bob'") == []

    lifted = shop.loyalty("retract", str(aside), "--reason", "cleared")
    again = shop.loyalty("retract", str(aside), "--reason", "cleared once more")
    shop.run()

    assert (lifted.code, '"status": "created"' in lifted.out, '"status": "duplicate"' in again.out) == (
        0,
        True,
        True,
    )
    assert shop.quarantine() == {}
    assert shop.rows("SELECT points FROM balances WHERE member = 'bob'") == [(2,)]
    views = shop.digests()
    shop.rebuild()
    assert shop.digests() == views
