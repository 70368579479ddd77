"""Points that a person moves: redemptions, holds, adjustments, transfers, extensions."""

from __future__ import annotations

from .types import Count, Currency, FactType, Gain, Minor, Name, Points, Text, Time


class PointsRedeemed(FactType, frozen=True, kw_only=True):
    """A member spent points."""

    topic = "points.redeemed"
    points: Gain
    asked: Gain | None = None
    order: Name | None = None
    value_minor: Minor | None = None
    currency: Currency | None = None
    channel: Name | None = None
    staff: Name | None = None


class RedemptionCancelled(FactType, frozen=True, kw_only=True):
    """A redemption was undone: its points go back to their lots."""

    topic = "redemption.cancelled"
    order: Name
    reason: Text | None = None


class HoldPlaced(FactType, frozen=True, kw_only=True):
    """Points were set apart for an order that is not final."""

    topic = "hold.placed"
    hold: Name
    points: Gain
    until: Time | None = None
    order: Name | None = None


class HoldCaptured(FactType, frozen=True, kw_only=True):
    """Held points were spent, all or some; the rest is free again."""

    topic = "hold.captured"
    hold: Name
    points: Gain | None = None


class HoldVoided(FactType, frozen=True, kw_only=True):
    """A hold was given up."""

    topic = "hold.voided"
    hold: Name
    reason: Text | None = None


class PointsAdjusted(FactType, frozen=True, kw_only=True):
    """A person changed a balance, and said why."""

    topic = "points.adjusted"
    points: Points
    reason: Text
    approver: Name | None = None
    expires: Time | None = None


class PointsTransferred(FactType, frozen=True, kw_only=True):
    """A member gave points to another."""

    topic = "points.transferred"
    to: Name
    points: Gain
    reason: Text | None = None

    def members(self) -> tuple[str, ...]:
        return (self.to,)


class PointsExtended(FactType, frozen=True, kw_only=True):
    """Lots live longer: those of a lot number, or all that expire before the new instant."""

    topic = "points.extended"
    expires: Time
    lot: Count | None = None
    reason: Text | None = None
    approver: Name | None = None


class PointsReinstated(FactType, frozen=True, kw_only=True):
    """Expired points were given back."""

    topic = "points.reinstated"
    points: Gain
    lot: Count | None = None
    expires: Time | None = None
    reason: Text | None = None
    approver: Name | None = None


TYPES: tuple[type[FactType], ...] = (
    PointsRedeemed, RedemptionCancelled, HoldPlaced, HoldCaptured, HoldVoided, PointsAdjusted,
    PointsTransferred, PointsExtended, PointsReinstated,
)  # fmt: skip
