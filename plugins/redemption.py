"""Points that members spend."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import Burn, Effect, Fact, Flag, Member, Params, PointsRedeemed, Rule, hookimpl, on


class RedemptionParams(Params, frozen=True, kw_only=True):
    """Parameters of ``redemption``.

    Attributes:
        minimum: A command refuses to redeem fewer points.
        on_short: What a command does when the balance is too small: "refuse", or "clamp" to what is there.
            A redemption that was recorded has happened: it is booked whole, and what is missing becomes debt.
    """

    minimum: Annotated[int, Meta(ge=1)] = 1
    on_short: Literal["refuse", "clamp"] = "refuse"


class Redemption(Rule):
    """Spend points in burn order; a recorded redemption beyond the balance leaves a debt and a flag."""

    name, version, stage = "redemption", 1, "standing"
    Params = RedemptionParams
    params: RedemptionParams

    @on(PointsRedeemed)
    def redeem(self, redemption: Fact[PointsRedeemed], member: Member) -> Iterator[Effect]:
        """Burn the points."""
        order, points = redemption.data.order, redemption.data.points
        available = max(member.balance_points, 0)
        member.note("{} points of {} available", points, available)
        yield Burn(points=points, reason=f"redeemed for order {order}" if order else "redeemed")
        if points > available:
            yield Flag(flag="overdrawn", reason=f"redeemed {points} points, {available} were available")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Redemption]
