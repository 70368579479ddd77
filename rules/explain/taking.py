"""What a step of the fold takes back: how the remembered facts of a member were before it and are after."""

from __future__ import annotations

from collections.abc import Iterable
from copy import copy
from datetime import date
from typing import Any, NamedTuple

from ...ledger.facts import Fact
from ...ledger.facts.correction import FactRetracted
from ...ledger.facts.purchase import PurchaseReturned
from ...ledger.journal import Entry
from .. import sums
from ..state import Earned, MemberState, Trace
from ..sums import Sums

Day = tuple[date, Sums]
_TAKING = frozenset({PurchaseReturned.topic, FactRetracted.topic})


class TakenAward(NamedTuple):
    """An award, and how much of it was taken back.

    Attributes:
        before: Points taken by earlier facts.
        now: Points taken by this one.
        expired: Of those taken now, what had expired already and changes no balance.
    """

    earned: Earned
    before: int
    now: int
    expired: int


class Taken(NamedTuple):
    """What one fact took back of another.

    Attributes:
        position: The fact that took.
        trace: The fact that had earned, as it is remembered afterwards.
    """

    position: int
    trace: Trace
    awards: list[TakenAward]


_Before = dict[int, tuple[list[int], list[int]]]
"""By fact: what of each award was taken, and what of each has expired."""


def takes_back(fact: Fact[Any]) -> bool:
    """Return whether a fact may take back what another earned."""
    return fact.topic in _TAKING


def remembered(state: MemberState) -> _Before:
    """Return how the remembered facts are before a step."""
    return {
        trace.fact: ([earned.taken for earned in trace.earned], _expired(state, trace))
        for trace in state.traces if trace.earned
    }  # fmt: skip


def taken_since(state: MemberState, before: _Before, position: int, entries: Iterable[Entry]) -> list[Taken]:
    """Return what a step took back of the facts remembered before it.

    Args:
        state: The member's, after the step.
        before: How the facts were remembered before it.
        position: Of the fact that was folded.
        entries: What the step wrote; lots may have expired before the fact was answered.
    """
    fresh: dict[int | None, int] = {}
    for entry in entries:
        if entry.account == "expired":
            fresh[entry.lot] = fresh.get(entry.lot, 0) + entry.contra
    found = []
    for trace in state.traces if before else ():
        taken, expired = before.get(trace.fact, ([], []))
        awards = [
            TakenAward(copy(earned), was, earned.taken - was, gone + fresh.get(earned.lot, 0) - left)
            for earned, was, gone, left in zip(
                trace.earned, taken, expired, _expired(state, trace), strict=False
            )
        ]  # fmt: skip
        if any(award.now for award in awards):
            found.append(Taken(position, copy(trace), awards))
    return found


def days_of(state: MemberState) -> list[Day]:
    """Return a member's sums by day as they are."""
    return list(sums.by_day(state))


def _expired(state: MemberState, trace: Trace) -> list[int]:
    return [state.expired.get(str(earned.lot), 0) for earned in trace.earned]
