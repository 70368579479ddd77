"""Let lots live longer, or give expired points anew.

Refused in this order. ``extend``: expires-too-early, no-lot, nothing-to-extend. ``reinstate``:
expires-too-early, exceeds-expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.calendar import instant_us
from ...ledger.facts.points import PointsExtended, PointsReinstated
from .command import Command
from .refusal import Refusal, check_expiry
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Extend(Command):
    """Let a lot, or all that expire before, live until *expires*."""

    expires: str
    lot: int | None = None
    reason: str | None = None
    approver: str | None = None

    topic = PointsExtended.topic
    rule = "extension"

    def wanted(self) -> PointsExtended:
        """Return the extension."""
        return PointsExtended(expires=self.expires, lot=self.lot, reason=self.reason, approver=self.approver)

    def judged(self, standing: Standing, wanted: PointsExtended) -> PointsExtended:
        """Return the extension if some lot would expire before.

        Raises:
            Refusal: expires-too-early, no-lot or nothing-to-extend.
        """
        check_expiry(self.expires, standing.instant_us)
        lots = [lot for lot in standing.state.lots if self.lot in (None, lot.lot)]
        if self.lot is not None and not lots:
            known = ", ".join(str(lot.lot) for lot in standing.state.lots) or "none"
            raise Refusal(
                f"{self.member!r} has no open lot {self.lot}", code="no-lot", hint=f"open lots are {known}"
            )
        if all(lot.expires_us >= instant_us(self.expires) for lot in lots):
            raise Refusal(
                f"no lot of {self.member!r} expires before {self.expires}", code="nothing-to-extend",
                hint=f"loyalty member show {self.member}",
            )  # fmt: skip
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the new expiry."""
        return {"expires": recorded.expires, "lot": recorded.lot}

    def told(self, recorded: Any) -> str:
        """Return what was extended."""
        which = "all lots" if recorded.lot is None else f"lot {recorded.lot}"
        return f"extended {which} of {self.member} until {recorded.expires}"


@dataclass(frozen=True, kw_only=True)
class Reinstate(Command):
    """Give expired points anew."""

    points: int
    expires: str | None = None
    reason: str | None = None
    approver: str | None = None

    topic = PointsReinstated.topic
    rule = "extension"

    def wanted(self) -> PointsReinstated:
        """Return the reinstatement."""
        return PointsReinstated(
            points=self.points, expires=self.expires, reason=self.reason, approver=self.approver
        )

    def judged(self, standing: Standing, wanted: PointsReinstated) -> PointsReinstated:
        """Return the reinstatement if so many points have expired.

        Raises:
            Refusal: expires-too-early or exceeds-expired.
        """
        check_expiry(self.expires, standing.instant_us)
        gone = max(standing.state.gone_points, 0)
        if self.points > gone:
            raise Refusal(
                f"{self.points:,} points exceed the {gone:,} that have expired", code="exceeds-expired",
                hint=f"loyalty member history {self.member}",
            )  # fmt: skip
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the points."""
        return {"points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return what was given anew."""
        return f"reinstated {recorded.points:,} points of {self.member}"
