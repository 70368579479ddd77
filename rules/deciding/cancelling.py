"""Undo a redemption: in this order done already, refused as unknown, refused as retracted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.facts.points import PointsRedeemed, RedemptionCancelled
from .. import tracing
from .command import AlreadyDone, Command, own_id
from .refusal import Refusal
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Cancel(Command):
    """Give the points of an order's latest redemption back to the lots they came from."""

    order: str
    reason: str | None = None

    topic = RedemptionCancelled.topic
    rule = "redemption"
    is_once = True

    def wanted(self) -> RedemptionCancelled:
        """Return the cancellation."""
        return RedemptionCancelled(order=self.order, reason=self.reason)

    def own_id(self, standing: Standing) -> str | None:
        """Return the id of the one cancellation of the order's latest redemption."""
        spent = tracing.latest(standing.state, PointsRedeemed.topic, self.order)
        return own_id("cancel", self.member, self.order, spent.fact) if spent else None

    def judged(self, standing: Standing, wanted: RedemptionCancelled) -> RedemptionCancelled | AlreadyDone:
        """Return the cancellation if there is something to give back.

        Raises:
            Refusal: no-redemption, or retracted.
        """
        spent = tracing.latest(standing.state, PointsRedeemed.topic, self.order)
        if spent is not None and not spent.is_restored:
            return wanted
        facts = [
            fact for fact in standing.recorded(PointsRedeemed.topic, RedemptionCancelled.topic)
            if fact.data.order == self.order
        ]  # fmt: skip
        redeemed = max((fact.position for fact in facts if fact.topic == PointsRedeemed.topic), default=None)
        for fact in facts:
            if fact.topic == self.topic and redeemed is not None and fact.position > redeemed:
                return AlreadyDone(fact.position)
        if spent is None:
            raise Refusal(
                f"no redemption of {self.member!r} for order {self.order!r} is remembered",
                code="no-redemption",
                hint=f"loyalty member history {self.member}",
            )
        raise Refusal(
            f"the redemption for order {self.order!r} at position {spent.fact} was retracted",
            code="retracted",
            hint=f"loyalty member history {self.member}",
        )

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the order."""
        return {"order": recorded.order}

    def told(self, recorded: Any) -> str:
        """Return what was cancelled."""
        return f"cancelled the redemption of {self.member} for order {recorded.order}"
