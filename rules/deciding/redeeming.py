"""Spend points.

Refused in this order: order-needed, below-minimum, not-a-step, exceeds-order (where the policy is to refuse),
exceeds-balance (the same).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from ...ledger.facts.points import PointsRedeemed
from ...ledger.units import money_text
from .. import tracing
from .command import Command, own_id
from .paying import Paying, paying
from .refusal import Refusal, exceeds_balance
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Redeem(Command):
    """Spend *points*, 1 or more; what they are spent on is redeemed once.

    Attributes:
        order_minor: What the order costs, in minor units of the programme's currency, if it is known.
        lines_minor: What each line of it costs.
    """

    points: int
    order: str | None = None
    order_minor: int | None = None
    lines_minor: tuple[int, ...] = ()

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
            Refusal: order-needed, below-minimum, not-a-step, exceeds-order or exceeds-balance.
        """
        params, available, points = standing.rule(self.rule).params, standing.available_points, self.points
        currency = standing.currency
        rule = paying(params, currency)
        if rule.needs_order and self.order_minor is None and not self.lines_minor:
            raise Refusal(
                "the programme lets points pay a part of an order: its amount is needed", code="order-needed",
                hint="give --order-amount, or --line for each line",
            )  # fmt: skip
        if points < rule.least_points:
            raise Refusal(
                f"{points} points are below the minimum of {rule.least_points}", code="below-minimum"
            )
        if points % rule.step:
            below = points - points % rule.step
            raise Refusal(
                f"{points} points are no multiple of {rule.step}", code="not-a-step",
                hint=f"redeem {below} or {below + rule.step}",
            )  # fmt: skip
        points = self._for_order(points, rule, params.get("on_exceed", "refuse"), currency)
        if points > available:
            left = available - available % rule.step
            if params["on_short"] == "refuse" or left < rule.least_points:
                raise exceeds_balance(self.member, points, available, standing.instant_us)
            points = left
        value_minor = rule.value_minor(points)
        return msgspec.structs.replace(
            wanted, points=points, asked=None if points == self.points else self.points,
            value_minor=value_minor, currency=None if value_minor is None else currency,
        )  # fmt: skip

    def _for_order(self, points: int, rule: Paying, on_exceed: str, currency: str) -> int:
        most = rule.most_points(self.order_minor, self.lines_minor)
        if most is None or points <= most:
            return points
        worth = money_text(rule.value_minor(most) or 0, currency)
        if on_exceed == "refuse" or most < rule.least_points:
            raise Refusal(
                f"{points:,} points exceed the {most:,} that the order takes, worth {worth}",
                code="exceeds-order", hint=f"redeem {most}" if most >= rule.least_points else None,
            )  # fmt: skip
        return most

    def compared(self, recorded: Any) -> dict[str, Any]:
        """Return the points asked for, which may have been fewer than there were, and the order."""
        return {"points": recorded.asked or recorded.points, "order": recorded.order}

    def undone(self, standing: Standing, position: int) -> str | None:
        """Say so when the redemption was cancelled: whoever repeats it has not paid."""
        spent = tracing.at(standing.state, position)
        return "its points were given back since" if spent and spent.is_restored else None

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the points spent, and what they paid."""
        paid = {"value_minor": recorded.value_minor, "currency": recorded.currency}
        return {"points": recorded.points, **(paid if recorded.value_minor is not None else {})}

    def told(self, recorded: Any) -> str:
        """Return how much was spent."""
        worth = ""
        if recorded.value_minor is not None and recorded.currency is not None:
            worth = f", worth {money_text(recorded.value_minor, recorded.currency)}"
        return f"redeemed {recorded.points:,} points of {self.member}{worth}"

    def left(self, balance_points: int) -> str:
        """Return what is left."""
        return f", {balance_points:,} are left"
