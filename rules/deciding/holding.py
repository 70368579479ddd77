"""Hold points, spend them or give them back.

Refused in this order. ``hold place``: hold-taken, below-minimum, expires-too-early, exceeds-balance.
``hold capture``: hold-unknown, hold-voided, hold-expired, hold-captured, exceeds-hold. ``hold void``:
hold-unknown, hold-captured, hold-expired; voided before, it is a duplicate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.facts.points import HoldCaptured, HoldPlaced, HoldVoided
from .. import holding
from ..state import Held
from .command import AlreadyDone, Command, own_id
from .refusal import Refusal, check_expiry, exceeds_balance
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class PlaceHold(Command):
    """Set points apart for an order that is not final, under a name that is used once."""

    hold: str
    points: int
    until: str | None = None
    order: str | None = None

    topic = HoldPlaced.topic
    rule = "holds"
    another = "give another --id, or another name to the hold"

    def wanted(self) -> HoldPlaced:
        """Return the hold."""
        return HoldPlaced(hold=self.hold, points=self.points, until=self.until, order=self.order)

    def own_id(self, _standing: Standing) -> str | None:
        """Return the id of the member's hold of this name."""
        return own_id("hold", self.member, self.hold)

    def judged(self, standing: Standing, wanted: HoldPlaced) -> HoldPlaced:
        """Return the hold if there are so many points.

        Raises:
            Refusal: hold-taken, below-minimum, expires-too-early or exceeds-balance.
        """
        status = _status(standing, self.hold)
        if status is not None:
            raise Refusal(
                f"hold {self.hold!r} of {self.member!r} is {status}", code="hold-taken",
                hint="give the hold another name",
            )  # fmt: skip
        minimum = standing.rule(self.rule).params["minimum"]
        if self.points < minimum:
            raise Refusal(f"{self.points} points are below the minimum of {minimum}", code="below-minimum")
        check_expiry(self.until, standing.instant_us, option="--until")
        if self.points > standing.available_points:
            raise exceeds_balance(self.member, self.points, standing.available_points, standing.instant_us)
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the hold and its points."""
        return {"hold": recorded.hold, "points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return what is held."""
        return f"held {recorded.points:,} points of {self.member} as {recorded.hold}"


@dataclass(frozen=True, kw_only=True)
class CaptureHold(Command):
    """Spend points of an open hold, all of them when *points* is None; the rest is free again."""

    hold: str
    points: int | None = None

    topic = HoldCaptured.topic
    rule = "holds"

    def wanted(self) -> HoldCaptured:
        """Return the capture."""
        return HoldCaptured(hold=self.hold, points=self.points)

    def own_id(self, _standing: Standing) -> str | None:
        """Return the id of the one capture of the hold."""
        return own_id("capture", self.member, self.hold)

    def judged(self, standing: Standing, wanted: HoldCaptured) -> HoldCaptured:
        """Return the capture if the hold is open and holds so many points.

        Raises:
            Refusal: hold-unknown, hold-voided, hold-expired, hold-captured or exceeds-hold.
        """
        held = _open(standing, self.member, self.hold)
        points = holding.held_points(held)
        if self.points is not None and self.points > points:
            raise Refusal(
                f"{self.points:,} points exceed the {points:,} of hold {self.hold!r}", code="exceeds-hold",
                hint="capture fewer, or redeem the rest",
            )  # fmt: skip
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the hold and the points, if they were said."""
        return {"hold": recorded.hold, "points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return what was captured."""
        points = "all points" if recorded.points is None else f"{recorded.points:,} points"
        return f"captured {points} of hold {recorded.hold} of {self.member}"


@dataclass(frozen=True, kw_only=True)
class VoidHold(Command):
    """Give the points of an open hold back to their lots."""

    hold: str
    reason: str | None = None

    topic = HoldVoided.topic
    rule = "holds"
    is_once = True

    def wanted(self) -> HoldVoided:
        """Return the voiding."""
        return HoldVoided(hold=self.hold, reason=self.reason)

    def own_id(self, _standing: Standing) -> str | None:
        """Return the id of the one voiding of the hold."""
        return own_id("void", self.member, self.hold)

    def judged(self, standing: Standing, wanted: HoldVoided) -> HoldVoided | AlreadyDone:
        """Return the voiding if the hold is open.

        Raises:
            Refusal: hold-unknown, hold-captured or hold-expired.
        """
        if _status(standing, self.hold) == "voided":
            voided = [fact for fact in standing.recorded(self.topic) if fact.data.hold == self.hold]
            if voided:
                return AlreadyDone(voided[0].position)
        _open(standing, self.member, self.hold)
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the hold."""
        return {"hold": recorded.hold}

    def told(self, recorded: Any) -> str:
        """Return what was voided."""
        return f"voided hold {recorded.hold} of {self.member}"


def _status(standing: Standing, hold: str) -> str | None:
    """Return what became of a hold: open, captured, voided, expired; None: there was none."""
    label = standing.rule("holds").label
    found = standing.state.memory.get(label, {}).get(f"hold {hold}")
    return None if found is None else str(found)


def _open(standing: Standing, member: str, hold: str) -> Held:
    held = standing.state.holds.get(hold)
    if held is not None:
        return held
    status = _status(standing, hold)
    if status in (None, "open"):
        raise Refusal(
            f"{member!r} has no hold {hold!r}", code="hold-unknown", hint=f"loyalty member history {member}"
        )
    raise Refusal(
        f"hold {hold!r} of {member!r} is {status}", code=f"hold-{status}",
        hint=f"loyalty member history {member}",
    )  # fmt: skip
