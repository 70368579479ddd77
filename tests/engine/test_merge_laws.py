"""Laws of merges, each true of the engine and noticed to be false of a planted bug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty_ledger.ledger.calendar import DAY_US, rfc3339
from loyalty_ledger.ledger.facts.programme import ClockAdvanced
from loyalty_ledger.rules import sums
from loyalty_ledger.rules.moving import Moving

from .tales import MEMBERS, OWING, STANDING, START_US, Tale, fact_of, fold, tales
from .test_mutants import notices
from .test_return_laws import Step, standing, told


@dataclass(frozen=True)
class Pair:
    """A history under rules that stay in force, and two members of it at an instant."""

    tale: Tale
    one: str
    other: str
    at_us: int


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw a history and two of its members."""
    programme = draw(st.sampled_from([STANDING, OWING]))
    tale = draw(tales(is_standing=True, programmes=[programme], max_size=14))
    one, other = draw(st.permutations(MEMBERS))[:2]
    latest_us = max(START_US, *(fact.occurred_us for fact in tale.facts))
    return Pair(tale, one, other, latest_us + draw(st.sampled_from([0, DAY_US, 40 * DAY_US])))


def a_merge_undone_at_once_leaves_no_trace(case: Pair) -> None:
    """Merged and unmerged with nothing between, both are as before, but for history and open holds."""
    tale, at_us = case.tale, case.at_us
    passed: Step = (None, ClockAdvanced(to=rfc3339(at_us)), at_us)
    # Both are given up before: a merge would do it.
    free: list[Step] = [
        (case.other, fact_of("hold.voided", hold=hold), at_us) for hold in ("H", "K")
    ]  # fmt: skip
    merge: Step = (case.one, fact_of("members.merged", absorbed=case.other), at_us)
    before = told(tale, [passed, *free])
    position = before.last() + 10
    unmerge: Step = (case.one, fact_of("members.unmerged", absorbed=case.other, merge=position), at_us)
    outcome = fold(before)
    if any("merge" in flag.flag for flags in fold(told(before, [merge])).flags.values() for flag in flags):
        return
    owed = min(0, *(sum(e.points for e in outcome.entries.get(name, [])) for name in MEMBERS))
    if owed:
        return  # debts are paid by the other's points: that is meant to stay
    assert unnumbered(told(before, [merge, unmerge]), at_us) == unnumbered(before, at_us)


def unnumbered(tale: Tale, at_us: int) -> dict[str, object]:
    """Return what is kept of every member; lots have numbers of their own wherever they pass."""
    found: dict[str, Any] = dict(standing(tale, at_us))
    for name, kept in found.items():
        traces = [
            (fact, [replace(e, lot=0) for e in earned], [replace(b, lot=b.lot and 0) for b in burned], *rest)
            for fact, earned, burned, *rest in kept[-1]
        ]
        found[name] = (*kept[:-1], traces)
    return found


@settings(max_examples=250, deadline=None)
@given(pairs())
def test_a_merge_undone_at_once_leaves_all_but_history_as_before(case: Pair) -> None:
    a_merge_undone_at_once_leaves_no_trace(case)


def keeping_the_sums(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what the absorbed member counted for stays with the survivor."""
    join = sums.join

    def joined(state: Any, other: Any, sign: int, **given_: int) -> Any:
        return join(state, other, sign, **given_) if sign > 0 else sums.NONE

    monkeypatch.setattr(sums, "join", joined)


def keeping_the_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: remembered facts stay where they are, so that a return finds nothing."""
    passing = Moving._pass_facts

    def kept(group: Moving, giver: str, to: str, own: str, *args: Any) -> None:
        if not own:
            passing(group, giver, to, own, *args)

    monkeypatch.setattr(Moving, "_pass_facts", kept)


@pytest.mark.parametrize("plant", [keeping_the_sums, keeping_the_facts])
def test_the_law_notices(plant: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    notices(a_merge_undone_at_once_leaves_no_trace, pairs())
