"""Points that members spend."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    DAY_US,
    Answer,
    Burn,
    Effect,
    Fact,
    Flag,
    Member,
    NotQualified,
    Params,
    PointsRedeemed,
    RedemptionCancelled,
    Restore,
    Rule,
    hookimpl,
    on,
)


class RedemptionParams(Params, frozen=True, kw_only=True):
    """Parameters of ``redemption``.

    Attributes:
        minimum: A command refuses to redeem fewer points.
        step: A command redeems multiples of it.
        value: What *value_points* are worth as payment, in major units of the programme's currency; left out:
            points are no money.
        value_points: So many points are worth *value*.
        minimum_value: A command refuses to redeem points worth less.
        most_percent: How much of an order points may pay.
        most_per_line: How much of each line of it.
        on_exceed: What a command does when the order does not take so many points: "refuse", or "clamp".
        on_short: What a command does when the balance is too small: "refuse", or "clamp" to what is there.
            A redemption that was recorded has happened: it is booked whole, and what is missing becomes debt.
        window_days: For how many days a redemption can be cancelled.
    """

    minimum: Annotated[int, Meta(ge=1)] = 1
    step: Annotated[int, Meta(ge=1)] = 1
    value: Decimal | None = None
    value_points: Annotated[int, Meta(ge=1)] = 1
    minimum_value: Decimal | None = None
    most_percent: Annotated[int, Meta(ge=1, le=100)] = 100
    most_per_line: Decimal | None = None
    on_exceed: Literal["refuse", "clamp"] = "refuse"
    on_short: Literal["refuse", "clamp"] = "refuse"
    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365

    def __post_init__(self) -> None:
        for name in ("value", "minimum_value", "most_per_line"):
            amount = getattr(self, name)
            if amount is not None and not (amount.is_finite() and 0 < amount <= 10**12):
                raise ValueError(f"{name} must be more than 0, got {amount}")
        if self.value is None and (
            self.minimum_value is not None or self.most_per_line is not None or self.most_percent < 100
        ):
            raise ValueError("set value: without it points are no money that could pay a part of an order")


class Redemption(Rule):
    """Spend points in burn order; a recorded redemption beyond the balance leaves a debt and a flag."""

    name, version, stage = "redemption", 1, "standing"
    is_alone = True
    Params = RedemptionParams
    params: RedemptionParams

    def spending_days(self) -> int:
        """Return for how long redemptions can be cancelled."""
        return self.params.window_days

    @on(PointsRedeemed)
    def redeem(self, redemption: Fact[PointsRedeemed], member: Member) -> Iterator[Effect]:
        """Burn the points."""
        order, points = redemption.data.order, redemption.data.points
        available = max(member.balance_points, 0)
        member.note("{} points of {} available", points, available)
        yield Burn(points=points, reason=f"redeemed for order {order}" if order else "redeemed")
        if points > available:
            yield Flag(flag="overdrawn", reason=f"redeemed {points} points, {available} were available")

    @on(RedemptionCancelled)
    def cancel(self, cancelled: Fact[RedemptionCancelled], member: Member) -> Answer:
        """Give the points of the order's latest redemption back to the lots they came from, once."""
        order = cancelled.data.order
        spent = member.traced(PointsRedeemed.topic, order)
        if spent is None or cancelled.occurred_us > spent.booked_us + self.params.window_days * DAY_US:
            return Flag(
                flag="unknown-redemption",
                reason=f"a redemption for order {order} was cancelled, but none is remembered",
            )
        if spent.is_restored:
            return NotQualified(reason=f"the redemption for order {order} was cancelled before")
        member.note("{} points of fact {} go back to their lots", spent.burned_points, spent.fact)
        return Restore(fact=spent.fact, reason=f"redemption for order {order} cancelled")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Redemption]
