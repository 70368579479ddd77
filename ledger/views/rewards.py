"""Rewards: issued, redeemed, cancelled. Facts about one never issued make a row without *issued_us*."""

from __future__ import annotations

from msgspec import Struct

from ..calendar import instant_us
from ..facts.reward import RewardCancelled, RewardIssued, RewardRedeemed
from .from_facts import FromFacts, earliest, follow
from .noting import Note


class RewardRow(Struct):
    """A row, in the columns of the table ``rewards``."""

    member: str
    reward: str
    position: int
    kind: str | None = None
    points: int = 0
    value_minor: int | None = None
    cost_minor: int | None = None
    currency: str | None = None
    status: str = "issued"
    issued_us: int | None = None
    expires_us: int | None = None
    redeemed_us: int | None = None
    cancelled_us: int | None = None
    order: str | None = None
    reason: str | None = None


class Rewards(FromFacts[RewardRow]):
    """Rows of the view ``rewards``."""

    name = "rewards"
    row_type = RewardRow
    topics = frozenset({RewardIssued.topic, RewardRedeemed.topic, RewardCancelled.topic})
    openings = frozenset({RewardIssued.topic})
    key = "reward"

    def tell(self, row: RewardRow, note: Note) -> None:
        """Write into its row what a fact says."""
        told = note.content
        times = row.issued_us, row.redeemed_us, row.cancelled_us
        match told:
            case RewardIssued() if row.issued_us is None:
                row.position, row.issued_us = note.position, note.occurred_us
                row.kind, row.points, row.value_minor = told.kind, told.points, told.value_minor
                row.cost_minor, row.currency = told.cost_minor, told.currency
                row.expires_us = instant_us(told.expires) if told.expires else None
            case RewardRedeemed():
                follow(row, "redeemed", note, times)
                row.redeemed_us = earliest(row.redeemed_us, note)
                row.order = row.order or told.order
            case RewardCancelled():
                follow(row, "cancelled", note, times)
                row.cancelled_us = earliest(row.cancelled_us, note)
                row.reason = row.reason or told.reason
