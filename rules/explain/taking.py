"""What a step of the fold takes back: how the remembered facts of a member were before it and are after."""

from __future__ import annotations

from collections import Counter
from copy import copy
from datetime import date
from typing import Any, NamedTuple

from ...ledger.facts import Fact
from ...ledger.facts.correction import FactRetracted
from ...ledger.facts.purchase import PurchaseReturned
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
"""By fact: what of each award was taken, and what of that had expired."""


def takes_back(fact: Fact[Any]) -> bool:
    """Return whether a fact may take back what another earned."""
    return fact.topic in _TAKING


def remembered(state: MemberState) -> _Before:
    """Return how the remembered facts are before a step."""
    expired = _expired(state)
    return {
        trace.fact: (
            [earned.taken for earned in trace.earned],
            [expired[trace.fact, earned.lot] for earned in trace.earned],
        )
        for trace in state.traces if trace.earned
    }  # fmt: skip


def taken_since(state: MemberState, before: _Before, position: int) -> list[Taken]:
    """Return what a step took back of the facts remembered before it.

    Args:
        state: The member's, after the step.
        before: How the facts were remembered before it.
        position: Of the fact that was folded.
    """
    if not before:
        return []
    found, expired = [], _expired(state)
    for trace in state.traces:
        taken, gone = before.get(trace.fact, ([], []))
        awards = [
            TakenAward(copy(earned), was, earned.taken - was, expired[trace.fact, earned.lot] - had)
            for earned, was, had in zip(trace.earned, taken, gone, strict=False)
        ]
        if any(award.now for award in awards):
            found.append(Taken(position, copy(trace), awards))
    return found


def days_of(state: MemberState) -> list[Day]:
    """Return a member's sums by day as they are."""
    return list(sums.by_day(state))


def _expired(state: MemberState) -> Counter[tuple[int, int]]:
    """Return what had expired of the points that were taken, by the fact and the lot of the award."""
    found = Counter[tuple[int, int]]()
    for trace in state.traces:
        for taken in trace.taken:
            for lot, pieces in taken.lots:
                found[taken.fact, lot] += sum(x.points for x in pieces if x.account == "expired")
    return found
