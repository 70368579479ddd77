"""What a purchase earned goes when its goods come back, or when the fact is retracted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    DAY_US,
    Effect,
    Fact,
    FactRetracted,
    Flag,
    Member,
    Params,
    PointsRedeemed,
    PurchaseRecorded,
    PurchaseReturned,
    Restore,
    Reverse,
    Rounding,
    Rule,
    Traced,
    Undo,
    Wait,
    divided,
    hookimpl,
    money_text,
    on,
    shares,
)


class ClawbackParams(Params, frozen=True, kw_only=True):
    """Parameters of ``clawback``.

    Attributes:
        window_days: For how many days a purchase is remembered; returns of older ones are flagged.
        by: "lines": each award is split over the lines of the order, a line takes its own part;
            "order": the returned share of the whole order counts.
        rounding: Of what is due back of an award, all its lines together: down, half-up or up.
        beyond: Points the member has spent become "debt"; "clamp": are not taken; "waive": are forgiven in an
            entry of their own.
    """

    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365
    by: Literal["lines", "order"] = "lines"
    rounding: Rounding = "half-up"
    beyond: Literal["debt", "clamp", "waive"] = "debt"


class Clawback(Rule):
    """Take back what was earned, by what was recorded when it was earned, not by today's rules."""

    name, version, stage = "clawback", 1, "earn"
    is_alone = True
    Params = ClawbackParams
    params: ClawbackParams

    def orders_days(self) -> int:
        """Purchases are remembered as long as they can come back."""
        return self.params.window_days

    @on(PurchaseReturned)
    def take_back(self, returned: Fact[PurchaseReturned], member: Member) -> Iterator[Effect]:
        """Take back the returned share of an order's points."""
        data = returned.data
        known = [
            order for order in member.orders(data.order) if self._is_in_time(order, returned.occurred_us)
        ]
        orders = [order for order in known if not order.is_returned] or known[-1:]
        if not orders:
            yield Flag(flag="unknown-order", reason=f"order {data.order} came back, but is not remembered")
            yield Wait(order=data.order)
            return
        currency = orders[-1].currency
        if data.currency is not None and data.currency != currency:
            yield Flag(
                flag="other-currency",
                reason=f"order {data.order} was paid in {currency}, its return is in {data.currency}",
            )
            return
        for order, parts in _returned(data, orders):
            if isinstance(parts, str):
                yield Flag(flag="unclear-return", reason=f"order {data.order}: {parts}")
                continue
            what = "returned" if parts is None else f"{_share(order, parts)} returned"
            member.note(
                "order {}: {} points earned, {} taken back before",
                data.order, order.earned_points, order.taken_points,
            )  # fmt: skip
            yield self._reversal(order.fact, f"order {data.order} {what}", parts)
        if all(order.is_returned for order in member.orders(data.order)):
            yield from _spent_on(data.order, member)

    @on(FactRetracted)
    def retract(self, retracted: Fact[FactRetracted], member: Member) -> Iterator[Effect]:
        """Reverse what a wrong fact did: what it earned goes, what it spent or took back comes back."""
        position = retracted.data.retracted
        trace = member.traced_at(position)
        if trace is None or not self._is_in_time(trace, retracted.occurred_us) or not _did_something(trace):
            yield Flag(flag="not-reversible", reason=f"fact {position} has nothing that could be reversed")
            return
        reason = f"fact {position} retracted: {retracted.data.reason}"[:2000]
        if not trace.is_returned and _counted(trace):
            yield self._reversal(position, reason, None)
        if trace.burned_points and not trace.is_restored:
            yield Restore(fact=position, reason=reason)
        if trace.took and not trace.is_undone:
            yield Undo(fact=position, reason=reason)

    def _is_in_time(self, trace: Traced, occurred_us: int) -> bool:
        return occurred_us <= trace.booked_us + self.params.window_days * DAY_US

    def _reversal(self, fact: int, reason: str, parts: tuple[int, ...] | None) -> Reverse:
        params = self.params
        return Reverse(
            fact=fact, reason=reason, returned=parts, by=params.by, rounding=params.rounding,
            beyond=params.beyond,
        )  # fmt: skip


def _counted(trace: Traced) -> bool:
    return bool(trace.earned_points or trace.reached) or trace.topic == PurchaseRecorded.topic


def _did_something(trace: Traced) -> bool:
    # What another member's fact did here goes with that fact: it is the other's to retract.
    return bool(trace.topic) and (_counted(trace) or bool(trace.burned_points) or bool(trace.took))


Parts = tuple[int, ...] | str | None
"""How much of each part of an order has come back by now, None for all of it, or what is not clear."""


def _returned(data: PurchaseReturned, orders: list[Traced]) -> Iterator[tuple[Traced, Parts]]:
    """Yield what has come back of an order, which may have been told in several facts."""
    if data.lines:
        yield orders[-1], _by_line(data, orders[-1])
    elif data.share_bps is not None:
        for order in orders:
            yield order, _by_share(data.share_bps, 10_000, order)
    elif data.amount_minor is not None:
        left_minor = data.amount_minor
        if not any(order.amount_minor for order in orders):
            yield orders[-1], "it was free: name the lines that came back"
        for order in orders:
            here_minor = min(left_minor, order.amount_minor) if order is not orders[-1] else left_minor
            left_minor -= here_minor
            if here_minor and order.amount_minor:
                yield order, _by_share(here_minor, order.amount_minor, order)
    else:
        for order in orders:
            yield order, None


def _by_line(data: PurchaseReturned, order: Traced) -> tuple[int, ...] | str:
    parts = list(order.returned)
    for line in data.lines:
        number = line.line - 1
        if not 0 <= number < len(parts):
            return f"line {line.line} of {len(parts)}"
        weight = max(order.weights[number], 1)
        if line.amount_minor is None and line.quantity is not None:
            return f"line {line.line} came back by quantity: give the amount"
        amount = weight if line.amount_minor is None else line.amount_minor
        parts[number] = min(parts[number] + amount, weight)
    return tuple(parts)


def _by_share(above: int, below: int, order: Traced) -> tuple[int, ...] | None:
    """Spread a share over what has not come back yet, by largest remainder."""
    left = [max(weight - back, 0) for weight, back in zip(order.weights, order.returned, strict=True)]
    # The lines may sum to another amount than the order, by delivery or discounts of the whole.
    more = divided(above * sum(order.weights), below, "half-up")
    if above and more >= sum(left):
        return None
    return tuple(back + part for back, part in zip(order.returned, shares(more, left), strict=True))


def _spent_on(order: str, member: Member) -> Iterator[Effect]:
    """Give back the points that were spent on an order of which all has come back."""
    spent = member.traced(PointsRedeemed.topic, order)
    if spent is not None and spent.burned_points and not spent.is_restored:
        yield Restore(fact=spent.fact, reason=f"order {order} returned: points spent on it")


def _share(order: Traced, parts: tuple[int, ...]) -> str:
    more = sum(parts) - sum(order.returned)
    # What lines weigh is not always money: they may be free, or sum to another amount than the order.
    total = sum(order.weights) or 1
    return money_text(divided(order.amount_minor * more, total, "half-up"), order.currency)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Clawback]
