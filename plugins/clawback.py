"""What a purchase earned goes when its goods come back, or when the fact is retracted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    Effect,
    Fact,
    FactRetracted,
    Flag,
    Member,
    Params,
    PurchaseReturned,
    Restore,
    Reverse,
    Rounding,
    Rule,
    Traced,
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
        rounding: Of a part of a line's points: down, half-up or up. Returns together take exactly the award.
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
    Params = ClawbackParams
    params: ClawbackParams

    def orders_days(self) -> int:
        """Purchases are remembered as long as they can come back."""
        return self.params.window_days

    @on(PurchaseReturned)
    def take_back(self, returned: Fact[PurchaseReturned], member: Member) -> Iterator[Effect]:
        """Take back the returned share of an order's points."""
        data, order = returned.data, member.order(returned.data.order, within_days=self.params.window_days)
        if order is None:
            yield Flag(flag="unknown-order", reason=f"order {data.order} came back, but is not remembered")
            return
        if data.currency is not None and data.currency != order.currency:
            yield Flag(
                flag="other-currency",
                reason=f"order {data.order} was paid in {order.currency}, its return is in {data.currency}",
            )
            return
        parts = _returned(data, order)
        if isinstance(parts, str):
            yield Flag(flag="unclear-return", reason=f"order {data.order}: {parts}")
            return
        what = "returned" if parts is None else f"{_share(order, parts)} returned"
        member.note(
            "order {}: {} points earned, {} taken back before",
            data.order, order.earned_points, order.taken_points,
        )  # fmt: skip
        yield self._reversal(order.fact, f"order {data.order} {what}", parts)

    @on(FactRetracted)
    def retract(self, retracted: Fact[FactRetracted], member: Member) -> Iterator[Effect]:
        """Reverse what a wrong fact did: what it earned goes, what it spent comes back."""
        position = retracted.data.retracted
        trace = member.traced_at(position, within_days=self.params.window_days)
        if trace is None:
            yield Flag(flag="not-reversible", reason=f"fact {position} has nothing that could be reversed")
            return
        reason = f"fact {position} retracted: {retracted.data.reason}"[:2000]
        if not trace.is_returned:
            yield self._reversal(position, reason, None)
        if trace.burned_points and not trace.is_restored:
            yield Restore(fact=position, reason=reason)

    def _reversal(self, fact: int, reason: str, parts: tuple[int, ...] | None) -> Reverse:
        params = self.params
        return Reverse(
            fact=fact, reason=reason, returned=parts, by=params.by, rounding=params.rounding,
            beyond=params.beyond,
        )  # fmt: skip


def _returned(data: PurchaseReturned, order: Traced) -> tuple[int, ...] | str | None:
    """Return how much of each part has come back by now, None for all of it, or what is not clear."""
    if data.lines:
        return _by_line(data, order)
    if data.amount_minor is not None:
        return _by_amount(data.amount_minor, order)
    if data.share_bps is not None:
        return _by_amount(order.amount_minor * min(data.share_bps, 10_000) // 10_000, order)
    return None


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


def _by_amount(amount_minor: int, order: Traced) -> tuple[int, ...] | None:
    """Spread an amount over what has not come back yet, by largest remainder."""
    left = [max(weight - back, 0) for weight, back in zip(order.weights, order.returned, strict=True)]
    total = sum(order.weights)
    if order.amount_minor <= 0 or total <= 0:
        return None
    # The lines may sum to another amount than the order, by delivery or discounts of the whole.
    more = min(-(-amount_minor * total // order.amount_minor), sum(left))
    if more == sum(left):
        return None
    return tuple(
        back + part for back, part in zip(order.returned, shares(more, left), strict=True)
    )  # fmt: skip


def _share(order: Traced, parts: tuple[int, ...]) -> str:
    more = sum(parts) - sum(order.returned)
    return money_text(more, order.currency)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Clawback]
