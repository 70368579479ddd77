"""Remembered facts: what each earned and burned, and how much of it is due back."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

from ..ledger.facts import Fact
from ..ledger.facts.points import PointsRedeemed
from ..ledger.facts.purchase import PurchaseRecorded
from ..ledger.facts.reward import RewardIssued
from ..ledger.units import Rounding, divided, shares
from .state import Earned, MemberState, Trace

PURCHASE, REDEMPTION = PurchaseRecorded.topic, PointsRedeemed.topic
_KEYS = {PURCHASE: "order", REDEMPTION: "order", RewardIssued.topic: "reward"}


class Traced(NamedTuple):
    """A remembered fact as rules see it.

    Attributes:
        fact: Its position.
        topic: Its type.
        key: The order or the reward it is about, '' if none.
        booked_us: When it was booked.
        occurred_us: When it happened.
        currency: Of a purchase: its currency.
        amount_minor: Of a purchase: what was paid, in minor units.
        weights: Of a purchase: the amount of each line in minor units, or that of the whole order.
        returned: How much of each has come back.
        earned_points: What it earned this member.
        taken_points: What has been taken back of that.
        burned_points: What it spent.
        is_returned: All of it has come back, or was retracted.
        is_restored: What it spent was given back.
        reached: Other members of the group who earned by it.
        took: The facts of which it took back what they earned, or gave back what they spent.
        is_undone: What it took and gave back was undone.
    """

    fact: int
    topic: str
    key: str
    booked_us: int
    occurred_us: int
    currency: str
    amount_minor: int
    weights: tuple[int, ...]
    returned: tuple[int, ...]
    earned_points: int
    taken_points: int
    burned_points: int
    is_returned: bool
    is_restored: bool
    reached: tuple[str, ...]
    took: tuple[int, ...]
    is_undone: bool


def of_purchase(fact: Fact[PurchaseRecorded], booked_us: int) -> Trace:
    """Return what is remembered of a purchase before it has earned anything."""
    order = fact.data
    weights = tuple([line.amount_minor if line.amount_minor > 0 else 0 for line in order.lines])
    if not any(weights):
        weights = (1,) * len(weights) or (order.amount_minor,)
    return Trace(
        fact.position, PURCHASE, order.order or "", booked_us, fact.occurred_us, order.currency,
        order.amount_minor, weights,
    )  # fmt: skip


def of_other(fact: Fact[Any], booked_us: int) -> Trace:
    """Return what is remembered of any other fact before it has earned or burned anything."""
    name = _KEYS.get(fact.topic)
    key = (getattr(fact.data, name) or "") if name else ""
    return Trace(fact.position, fact.topic, key, booked_us, fact.occurred_us)


def at(state: MemberState, position: int) -> Trace | None:
    """Return what is remembered of the fact at a position, of two members become one: of whose fact it is."""
    found = None
    for trace in reversed(state.traces):
        if trace.fact == position:
            if trace.topic:
                return trace
            found = trace
    return found


def beside(state: MemberState, trace: Trace) -> list[Trace]:
    """Return what else is remembered of the same fact: what it did to another, or to one become the same."""
    return [other for other in state.traces if other.fact == trace.fact and other is not trace]


def about(state: MemberState, topic: str, key: str) -> list[Trace]:
    """Return what is remembered of all facts of a topic about an order or a reward, the earliest first."""
    return [trace for trace in state.traces if trace.key == key and trace.topic == topic]


def latest(state: MemberState, topic: str, key: str) -> Trace | None:
    """Return the latest of them that still stands, or else the latest."""
    found = about(state, topic, key)
    standing = [trace for trace in found if not (trace.is_reversed or trace.is_restored)]
    found = standing or found
    return found[-1] if found else None


def shown(trace: Trace) -> Traced:
    """Return a remembered fact as rules see it."""
    return Traced(
        trace.fact, trace.topic, trace.key, trace.booked_us, trace.occurred_us, trace.currency,
        trace.amount_minor, trace.weights, trace.returned or (0,) * len(trace.weights),
        sum(earned.points for earned in trace.earned), sum(earned.taken for earned in trace.earned),
        sum(burned.points for burned in trace.burned), trace.is_reversed, trace.is_restored,
        trace.others, tuple(dict.fromkeys(taken.fact for taken in trace.taken)), trace.is_undone,
    )  # fmt: skip


def due_back(earned: Earned, trace: Trace, *, by: str, rounding: Rounding) -> int:
    """Return how many points of an award are due back in all, by what has been returned so far.

    An award is split over the parts of the order by largest remainder; a part that came back wholly gives all
    of its points, one that came back in part its share. The sum is rounded once, so returns together take
    exactly the award, however they were split.
    """
    if trace.is_reversed:
        return earned.points
    weights, returned = trace.weights, trace.returned
    if not any(returned):
        return 0
    if by == "order" or len(weights) == 1:
        return divided(earned.points * _back(trace), sum(weights), rounding)
    parts = shares(earned.points, weights if earned.weights is None else earned.weights)
    due = Fraction(0)
    for part, weight, back in zip(parts, weights, returned, strict=True):
        if back:
            due += part if back >= weight else Fraction(part * back, weight)
    return divided(due.numerator, due.denominator, rounding)


def returned_minor(trace: Trace) -> int:
    """Return how much of a purchase's amount has come back, in minor units."""
    total = sum(trace.weights)
    if trace.is_reversed or not total:
        return trace.amount_minor if trace.is_reversed else 0
    return divided(trace.amount_minor * _back(trace), total, "half-up")


def _back(trace: Trace) -> int:
    """Return how much has come back in all; a free part that came back is marked, but weighs nothing."""
    return sum(min(back, weight) for back, weight in zip(trace.returned, trace.weights, strict=False))


def more(trace: Trace, before: tuple[int, ...]) -> tuple[int, ...]:
    """Return how much more of each part has come back than *before*."""
    if not before:
        return trace.returned
    return tuple(now - was for now, was in zip(trace.returned, before, strict=True))


def less(trace: Trace, more: tuple[int, ...]) -> tuple[int, ...]:
    """Return how much of each part has come back without *more* of it; empty: nothing."""
    if not any(left := [now - part for now, part in zip(trace.returned, more, strict=False)]):
        return ()
    return tuple(left)
