"""A complaint from opening to improvement. *complaint* is its number, the same in every fact about it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from .types import Currency, FactType, Minor, Name, Points

Remedy = Literal[
    "refund", "replacement", "compensation", "preferential treatment", "process improvement", "none"
]


class ComplaintOpened(FactType, frozen=True, kw_only=True):
    """A member complained."""

    topic = "complaint.opened"
    complaint: Name
    category: Name
    channel: Name | None = None
    order: Name | None = None
    store: Name | None = None
    staff: Name | None = None
    is_public: bool = False


class ComplaintAcknowledged(FactType, frozen=True, kw_only=True):
    """Somebody answered the member for the first time."""

    topic = "complaint.acknowledged"
    complaint: Name
    staff: Name | None = None
    channel: Name | None = None


class ComplaintExplained(FactType, frozen=True, kw_only=True):
    """Cause and course were explained to the member."""

    topic = "complaint.explained"
    complaint: Name
    cause: Name | None = None
    staff: Name | None = None


class ComplaintResolved(FactType, frozen=True, kw_only=True):
    """A remedy was given."""

    topic = "complaint.resolved"
    complaint: Name
    remedy: Remedy
    cost_minor: Minor | None = None
    currency: Currency | None = None
    points: Points = 0
    staff: Name | None = None


class ComplaintFollowedUp(FactType, frozen=True, kw_only=True):
    """The member was asked how satisfying the solution was: 1 (not at all) to 5 (very)."""

    topic = "complaint.followed_up"
    complaint: Name
    satisfaction: Annotated[int, Meta(ge=1, le=5)]
    staff: Name | None = None


class ComplaintReopened(FactType, frozen=True, kw_only=True):
    """The solution did not hold."""

    topic = "complaint.reopened"
    complaint: Name
    reason: Name | None = None


class ImprovementMade(FactType, frozen=True, kw_only=True):
    """A complaint led to a better product or process."""

    topic = "improvement.made"
    complaint: Name
    improvement: Name
    staff: Name | None = None


TYPES: tuple[type[FactType], ...] = (
    ComplaintOpened, ComplaintAcknowledged, ComplaintExplained, ComplaintResolved, ComplaintFollowedUp,
    ComplaintReopened, ImprovementMade,
)  # fmt: skip
