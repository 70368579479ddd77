"""Change a balance by hand.

Refused in this order: expires-too-early, approver-is-actor, approver-needed or exceeds-authority (beyond the
limit of who decides, without and with an approver), exceeds-balance.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.facts.points import PointsAdjusted
from .command import Command
from .refusal import Refusal, check_expiry, exceeds_balance
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Adjust(Command):
    """Give points, or take them when *points* is negative; beyond the balance only if debt is allowed."""

    points: int
    reason: str
    approver: str | None = None
    expires: str | None = None
    actor: str | None = None
    is_debt_allowed: bool = False

    topic = PointsAdjusted.topic
    rule = "adjustments"

    def wanted(self) -> PointsAdjusted:
        """Return the adjustment.

        Raises:
            Refusal: zero-points, or expiry-of-nothing.
        """
        if not self.points:
            raise Refusal(
                "an adjustment by 0 points changes nothing",
                code="zero-points",
                hint="give points, or take them",
            )
        if self.points < 0 and self.expires is not None:
            raise Refusal(
                f"points that are taken have no expiry: {self.expires!r}", code="expiry-of-nothing",
                hint="leave --expires out",
            )  # fmt: skip
        return PointsAdjusted(
            points=self.points, reason=self.reason, approver=self.approver, expires=self.expires
        )

    def judged(self, standing: Standing, wanted: PointsAdjusted) -> PointsAdjusted:
        """Return the adjustment if there are so many points to take.

        Raises:
            Refusal: expires-too-early, approver-is-actor, approver-needed, exceeds-authority,
                or exceeds-balance.
        """
        check_expiry(wanted.expires, standing.instant_us)
        self._check_authority(standing.rule(self.rule).params)
        if -self.points > standing.available_points and not self.is_debt_allowed:
            raise exceeds_balance(
                self.member, -self.points, standing.available_points, standing.instant_us,
                hint="take fewer, or --allow-debt",
            )  # fmt: skip
        return wanted

    def _check_authority(self, params: dict[str, Any]) -> None:
        if self.approver is not None and self.approver == self.actor:
            raise Refusal(
                f"{self.actor!r} asks and approves", code="approver-is-actor",
                hint="let somebody else approve",
            )  # fmt: skip
        person = self.approver or self.actor
        limit = params.get("limits", {}).get(person or "", params.get("most"))
        if limit is None or abs(self.points) <= limit:
            return
        who = f"the limit of {person}" if person else "what nobody by name may adjust"
        what = f"{abs(self.points):,} points exceed {limit:,}, {who}"
        if self.approver is None:
            raise Refusal(what, code="approver-needed", hint="give an --approver")
        raise Refusal(what, code="exceeds-authority", hint="let somebody with a higher limit approve")

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the change."""
        return {"points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return the change."""
        return f"adjusted {self.member} by {recorded.points:+,} points"
