"""Complaints: what became of each, from opening to improvement.

*acknowledged_us* and *explained_us* are the first times, what concerns the solution is of the latest. Facts
about a complaint that was never opened make a row without *opened_us*.
"""

from __future__ import annotations

from msgspec import Struct

from ..facts.complaint import (
    TYPES,
    ComplaintAcknowledged,
    ComplaintExplained,
    ComplaintFollowedUp,
    ComplaintOpened,
    ComplaintReopened,
    ComplaintResolved,
    ImprovementMade,
)
from .from_facts import FromFacts, earliest, follow, is_latest
from .noting import Note


class ComplaintRow(Struct):
    """A row, in the columns of the table ``complaints``."""

    member: str
    complaint: str
    position: int
    category: str | None = None
    channel: str | None = None
    order: str | None = None
    store: str | None = None
    staff: str | None = None
    is_public: bool = False
    status: str = "opened"
    opened_us: int | None = None
    acknowledged_us: int | None = None
    explained_us: int | None = None
    resolved_us: int | None = None
    followed_up_us: int | None = None
    reopened_us: int | None = None
    remedy: str | None = None
    cost_minor: int | None = None
    currency: str | None = None
    points: int = 0
    satisfaction: int | None = None
    reopenings: int = 0
    improvement: str | None = None


class Complaints(FromFacts[ComplaintRow]):
    """Rows of the view ``complaints``."""

    name = "complaints"
    row_type = ComplaintRow
    topics = frozenset(kind.topic for kind in TYPES)
    openings = frozenset({ComplaintOpened.topic})
    key = "complaint"

    def tell(self, row: ComplaintRow, note: Note) -> None:
        """Write into its row what a fact says."""
        told = note.content
        if status := _STATUS.get(note.topic):
            follow(row, status, note, (
                row.opened_us, row.acknowledged_us, row.explained_us, row.resolved_us, row.followed_up_us,
                row.reopened_us,
            ))  # fmt: skip
        match told:
            case ComplaintOpened():
                _open(row, note, told)
            case ComplaintAcknowledged():
                row.acknowledged_us = earliest(row.acknowledged_us, note)
            case ComplaintExplained():
                row.explained_us = earliest(row.explained_us, note)
            case ComplaintResolved() if is_latest(row.resolved_us, note):
                row.resolved_us, row.remedy, row.points = note.occurred_us, told.remedy, told.points
                row.cost_minor, row.currency = told.cost_minor, told.currency
            case ComplaintFollowedUp() if is_latest(row.followed_up_us, note):
                row.followed_up_us, row.satisfaction = note.occurred_us, told.satisfaction
            case ComplaintReopened():
                row.reopenings += 1
                if is_latest(row.reopened_us, note):
                    row.reopened_us = note.occurred_us
            case ImprovementMade():
                row.improvement = told.improvement


def _open(row: ComplaintRow, note: Note, told: ComplaintOpened) -> None:
    if row.opened_us is not None:
        return
    row.position, row.opened_us = note.position, note.occurred_us
    row.category, row.channel, row.order = told.category, told.channel, told.order
    row.store, row.staff, row.is_public = told.store, told.staff, told.is_public


# A row begins as opened.
_STATUS = {
    ComplaintAcknowledged.topic: "acknowledged",
    ComplaintExplained.topic: "explained",
    ComplaintResolved.topic: "resolved",
    ComplaintFollowedUp.topic: "followed up",
    ComplaintReopened.topic: "reopened",
}
