"""Spend points: in this order refused below the minimum, then when there are too few."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.facts.points import PointsRedeemed
from .. import tracing
from .command import Command, own_id
from .refusal import Refusal, exceeds_balance
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Redeem(Command):
    """Spend *points*, 1 or more; what they are spent on is redeemed once."""

    points: int
    order: str | None = None

    topic = PointsRedeemed.topic
    rule = "redemption"

    def wanted(self) -> PointsRedeemed:
        """Return the redemption of all that is asked for."""
        return PointsRedeemed(points=self.points, order=self.order)

    def own_id(self, _standing: Standing) -> str | None:
        """Return the id of the member's redemption for the order."""
        return own_id("redeem", self.member, self.order) if self.order else None

    def judged(self, standing: Standing, wanted: PointsRedeemed) -> PointsRedeemed:
        """Return what may be spent, by the programme's redemption rule.

        Raises:
            Refusal: below-minimum, or exceeds-balance where the policy is to refuse.
        """
        params, available, points = standing.rule(self.rule).params, standing.available_points, self.points
        minimum = params["minimum"]
        if points < minimum:
            raise Refusal(f"{points} points are below the minimum of {minimum}", code="below-minimum")
        if points <= available:
            return wanted
        if params["on_short"] == "refuse" or available < minimum:
            raise exceeds_balance(self.member, points, available, standing.instant_us)
        return PointsRedeemed(points=available, asked=points, order=self.order)

    def compared(self, recorded: Any) -> dict[str, Any]:
        """Return the points asked for, which may have been fewer than there were, and the order."""
        return {"points": recorded.asked or recorded.points, "order": recorded.order}

    def undone(self, standing: Standing, position: int) -> str | None:
        """Say so when the redemption was cancelled: whoever repeats it has not paid."""
        spent = tracing.at(standing.state, position)
        return "its points were given back since" if spent and spent.is_restored else None

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the points spent."""
        return {"points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return how much was spent."""
        return f"redeemed {recorded.points:,} points of {self.member}"

    def left(self, balance_points: int) -> str:
        """Return what is left."""
        return f", {balance_points:,} are left"
