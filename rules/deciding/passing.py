"""Let points or whole members pass to another.

Refused in this order. ``transfer``: transfer-to-self, below-minimum, exceeds-balance. ``member merge``:
merge-with-self, already-merged (into whom it was asked for: a duplicate), holds-open. ``member unmerge``:
not-merged.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ...ledger.facts.membership import MembersMerged, MembersUnmerged
from ...ledger.facts.points import PointsTransferred
from .command import AlreadyDone, Command
from .refusal import Refusal, exceeds_balance
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class TransferPoints(Command):
    """Give points to another member."""

    to: str
    points: int
    reason: str | None = None

    topic = PointsTransferred.topic
    rule = "transfers"

    def others(self) -> tuple[str, ...]:
        """Return the receiver."""
        return (self.to,)

    def wanted(self) -> PointsTransferred:
        """Return the transfer.

        Raises:
            Refusal: transfer-to-self.
        """
        if self.to == self.member:
            raise Refusal(f"{self.member!r} cannot give points to itself", code="transfer-to-self")
        return PointsTransferred(to=self.to, points=self.points, reason=self.reason)

    def judged(self, standing: Standing, wanted: PointsTransferred) -> PointsTransferred:
        """Return the transfer if there are so many points.

        Raises:
            Refusal: transfer-to-self, below-minimum or exceeds-balance.
        """
        if standing.holder(self.to) == standing.holder(self.member):
            raise Refusal(f"{self.to!r} and {self.member!r} are one member", code="transfer-to-self")
        minimum = standing.rule(self.rule).params["minimum"]
        if self.points < minimum:
            raise Refusal(f"{self.points} points are below the minimum of {minimum}", code="below-minimum")
        if self.points > standing.available_points:
            raise exceeds_balance(self.member, self.points, standing.available_points, standing.instant_us)
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the receiver and the points."""
        return {"to": recorded.to, "points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return what was given."""
        return f"gave {recorded.points:,} points of {self.member} to {recorded.to}"

    def left(self, balance_points: int) -> str:
        """Return what the giver has left."""
        return f"; {self.member} has {balance_points:,} points now"


@dataclass(frozen=True, kw_only=True)
class MergeMembers(Command):
    """Let a member take over another, who is the same person."""

    absorbed: str
    reason: str | None = None
    approver: str | None = None

    topic = MembersMerged.topic
    rule = "merging"

    def others(self) -> tuple[str, ...]:
        """Return the member that is taken over."""
        return (self.absorbed,)

    def wanted(self) -> MembersMerged:
        """Return the merge.

        Raises:
            Refusal: merge-with-self.
        """
        if self.absorbed == self.member:
            raise Refusal(f"{self.member!r} cannot take itself over", code="merge-with-self")
        return MembersMerged(absorbed=self.absorbed, reason=self.reason, approver=self.approver)

    def judged(self, standing: Standing, wanted: MembersMerged) -> MembersMerged | AlreadyDone:
        """Return the merge if both are members of their own.

        Raises:
            Refusal: already-merged or holds-open.
        """
        holder = standing.holder(self.absorbed)
        if holder == standing.holder(self.member):
            merged = [x for x in standing.recorded(self.topic) if x.data.absorbed == self.absorbed]
            if merged and holder != self.absorbed:
                return AlreadyDone(merged[-1].position)
        if holder in (standing.holder(self.member), None) or holder != self.absorbed:
            raise Refusal(
                f"{self.absorbed!r} is merged into {holder!r} already"
                if holder != self.absorbed
                else f"{self.member!r} is merged into {self.absorbed!r} already",
                code="already-merged",
                hint="loyalty member unmerge",
            )
        if standing.group.state_of(self.absorbed).holds:
            names = ", ".join(sorted(standing.group.state_of(self.absorbed).holds))
            raise Refusal(
                f"{self.absorbed!r} has open holds: {names}", code="holds-open",
                hint="capture or void them first",
            )  # fmt: skip
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return who is taken over."""
        return {"absorbed": recorded.absorbed}

    def told(self, recorded: Any) -> str:
        """Return who was taken over by whom."""
        return f"merged {recorded.absorbed} into {self.member}"


@dataclass(frozen=True, kw_only=True)
class UnmergeMembers(Command):
    """Undo a merge: what is left of the other's lots goes back."""

    absorbed: str
    reason: str | None = None
    approver: str | None = None

    topic = MembersUnmerged.topic
    rule = "merging"

    def others(self) -> tuple[str, ...]:
        """Return the member that becomes its own again."""
        return (self.absorbed,)

    def wanted(self) -> dict[str, Any]:
        """Return the unmerging; which merge it undoes is found when it is decided."""
        found = {"absorbed": self.absorbed, "merge": 1, "reason": self.reason, "approver": self.approver}
        return {name: value for name, value in found.items() if value is not None}

    def judged(self, standing: Standing, _wanted: MembersUnmerged) -> MembersUnmerged:
        """Return the unmerging if the two are merged.

        Raises:
            Refusal: not-merged.
        """
        holder = standing.holder(self.member) or self.member
        if not standing.group.is_card(self.absorbed, holder, self.member):
            raise Refusal(
                f"{self.absorbed!r} is not merged into {self.member!r}", code="not-merged",
                hint=f"loyalty member history {self.absorbed}",
            )  # fmt: skip
        merge = standing.group.state_kept(self.absorbed).absorbed_at
        return MembersUnmerged(
            absorbed=self.absorbed, merge=merge, reason=self.reason, approver=self.approver
        )

    def compared(self, recorded: Any) -> dict[str, Any]:
        """Return who is set free, and why."""
        return {name: getattr(recorded, name) for name in ("absorbed", "reason", "approver")}

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return who is set free, and by which merge it was taken over."""
        return {"absorbed": recorded.absorbed, "merge": recorded.merge}

    def told(self, recorded: Any) -> str:
        """Return who is set free."""
        return f"unmerged {recorded.absorbed} from {self.member}"
