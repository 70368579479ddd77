"""The law of restating: in whatever order facts are told, what is left is as if in their own order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.facts.correction import FactRetracted
from loyalty_ledger.ledger.facts.programme import ClockAdvanced
from loyalty_ledger.rules import restating
from loyalty_ledger.rules.state import load

from .tales import STANDING, STRICT, Tale, fold, fold_in_parts, tales, tell
from .test_mutants import notices

RESTATING = [
    text.replace("[rules", '[policy]\n    late = "restate"\n    [rules', 1) for text in (STANDING, STRICT)
]


def in_their_own_order(tale: Tale) -> Tale:
    """Return the history as it would be told had nothing come late and nothing been retracted."""
    gone: set[int] = set()
    whose = {fact.position: fact.subject for fact in tale.facts}
    for fact in reversed(tale.facts):
        is_retraction = isinstance(fact.data, FactRetracted) and fact.position not in gone
        is_own = is_retraction and whose.get(fact.data.retracted) == fact.subject
        if is_own and fact.data.retracted < fact.position:
            gone.add(fact.data.retracted)
    stands = [
        fact for fact in tale.facts[1:]
        if not isinstance(fact.data, FactRetracted) and fact.position not in gone
    ]  # fmt: skip
    order = [tale.facts[0], *sorted(stands, key=lambda fact: (fact.occurred_us, fact.position))]
    return Tale(
        tuple(
            replace(fact, position=number * 10, is_late=False) for number, fact in enumerate(order, start=1)
        )
    )


def left(tale: Tale) -> dict[str, object]:
    """Return by member what is left: points, lots without their numbers, rungs."""
    found: dict[str, object] = {}
    for name, row in fold(tale).states.items():
        state = load(row.state)
        lots = Counter((lot.points, lot.pending, lot.expires_us) for lot in state.lots)
        rungs = {ladder: rung.rung for ladder, rung in state.rungs.items() if rung.rung not in ("", "Basic")}
        if lots or state.points or state.held or rungs:
            found[name] = (state.points, state.pending, state.held, lots, rungs)
    return found


restating_tales = tales(is_standing=True, programmes=RESTATING[:1]) | tales(
    is_standing=True, programmes=RESTATING[1:]
)


def whatever_the_order(tale: Tale) -> None:
    """Told late, retracted, or in their own order: what is left is the same."""
    # A retraction takes its time, too: both end at the same instant.
    until_us = max(fact.occurred_us for fact in tale.facts)
    (end,) = tell([(None, ClockAdvanced(to=rfc3339(until_us)), until_us)], stride=1_000).facts
    told, ordered = Tale((*tale.facts, end)), Tale((*in_their_own_order(tale).facts, end))
    assert left(told) == left(ordered)


def the_journal_adds_up(tale: Tale) -> None:
    """Entries sum to zero, and what a member has is what its entries, restated ones among them, come to."""
    outcome = fold(tale)
    for name, row in outcome.states.items():
        entries, state = outcome.entries.get(name, []), load(row.state)
        assert all(entry.balance == 0 for entry in entries)
        assert [entry.entry for entry in entries] == list(range(1, state.entries + 1))
        sums: Counter[int | None] = Counter()
        for entry in entries:
            sums[entry.lot] += entry.points + entry.pending
        debt = sums.pop(None, 0)
        assert +sums == Counter({lot.lot: lot.points + lot.pending for lot in state.lots})
        assert min(sums.values(), default=0) >= 0
        assert state.points + state.pending == debt + sum(sums.values())


@settings(max_examples=150, deadline=None)
@given(restating_tales)
def test_the_order_of_telling_changes_nothing(tale: Tale) -> None:
    whatever_the_order(tale)


@settings(max_examples=100, deadline=None)
@given(restating_tales)
def test_the_restated_journal_adds_up(tale: Tale) -> None:
    the_journal_adds_up(tale)


@settings(max_examples=60, deadline=None)
@given(restating_tales, st.data())
def test_resuming_equals_a_full_replay(tale: Tale, data: st.DataObject) -> None:
    cuts = data.draw(st.lists(st.sampled_from([fact.position for fact in tale.facts]), max_size=3))
    groups = tale.groups()
    assert fold_in_parts(tale, cuts, groups=groups) == fold(tale, groups=groups)


def reversing_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what is booked no longer is not reversed."""
    without = restating._without
    calls: list[int] = []

    def kept(lines: Any, stays: Any) -> Any:
        calls.append(1)
        return iter(()) if len(calls) % 2 else without(lines, stays)

    monkeypatch.setattr(restating, "_without", kept)


def keeping_what_was_retracted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: a retracted fact still counts."""
    monkeypatch.setattr(
        restating, "_standing", lambda told: [f for f in told if not isinstance(f.data, FactRetracted)]
    )


@pytest.mark.parametrize(
    ("plant", "law"),
    [(reversing_nothing, the_journal_adds_up), (keeping_what_was_retracted, whatever_the_order)],
)
def test_the_laws_notice(
    plant: Callable[[Any], None], law: Callable[[Tale], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    notices(law, restating_tales, examples=1_500)
