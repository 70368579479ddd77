"""Who is a member: enrolment, attributes, leaving, merging, erasure, and what an older system owed."""

from __future__ import annotations

from .types import FactType, Gain, Minor, Name, Part, Position, Text, Time


class MemberEnrolled(FactType, frozen=True, kw_only=True):
    """A customer joined the programme."""

    topic = "member.enrolled"
    channel: Name | None = None
    store: Name | None = None
    staff: Name | None = None
    referrer: Name | None = None

    def members(self) -> tuple[str, ...]:
        return (self.referrer,) if self.referrer else ()


class MemberAttributesChanged(FactType, frozen=True, kw_only=True):
    """Attributes that rules may read changed; never personal data."""

    topic = "member.attributes.changed"
    attributes: dict[Name, Name | int | bool | None]


class MemberLeft(FactType, frozen=True, kw_only=True):
    """A member ended the membership."""

    topic = "member.left"
    reason: Name
    staff: Name | None = None


class MembersMerged(FactType, frozen=True, kw_only=True):
    """The subject takes over the lots of another member, who is the same person."""

    topic = "members.merged"
    absorbed: Name
    reason: Text | None = None
    approver: Name | None = None

    def members(self) -> tuple[str, ...]:
        return (self.absorbed,)


class MembersUnmerged(FactType, frozen=True, kw_only=True):
    """A merge was a mistake: unspent lots go back to their origin."""

    topic = "members.unmerged"
    absorbed: Name
    merge: Position
    reason: Text | None = None
    approver: Name | None = None

    def members(self) -> tuple[str, ...]:
        return (self.absorbed,)


class MemberErased(FactType, frozen=True, kw_only=True):
    """The member's key was destroyed: personal data is gone, points are not."""

    topic = "member.erased"
    reason: Name | None = None


class MemberSetAside(FactType, frozen=True, kw_only=True):
    """An operator set a member aside, because a rule did not come to an end.

    From the position *since* on, or from its own when that is left out, the member's group is not folded; a
    retraction of this fact lifts it.
    """

    topic = "member.set_aside"
    rule: Name
    reason: Text
    since: Position | None = None


class OpeningLot(Part, frozen=True, kw_only=True):
    """A lot brought from an older system."""

    points: Gain
    earned: Time | None = None
    expires: Time | None = None
    origin: Name | None = None


class BalanceOpened(FactType, frozen=True, kw_only=True):
    """Lots brought from an older system."""

    topic = "balance.opened"
    lots: tuple[OpeningLot, ...]
    debt: Minor = 0
    system: Name | None = None


TYPES: tuple[type[FactType], ...] = (
    MemberEnrolled, MemberAttributesChanged, MemberLeft, MembersMerged, MembersUnmerged, MemberErased,
    MemberSetAside, BalanceOpened,
)  # fmt: skip
