"""Rewards and gifts: things a member gets that are no points."""

from __future__ import annotations

from .types import Currency, FactType, Minor, Name, Points, Text, Time


class RewardIssued(FactType, frozen=True, kw_only=True):
    """A member got a reward, such as a voucher, perhaps for points."""

    topic = "reward.issued"
    reward: Name
    kind: Name
    points: Points = 0
    value_minor: Minor | None = None
    cost_minor: Minor | None = None
    currency: Currency | None = None
    expires: Time | None = None
    staff: Name | None = None


class RewardRedeemed(FactType, frozen=True, kw_only=True):
    """A member used a reward."""

    topic = "reward.redeemed"
    reward: Name
    order: Name | None = None


class RewardCancelled(FactType, frozen=True, kw_only=True):
    """A reward was taken back or given up."""

    topic = "reward.cancelled"
    reward: Name
    reason: Text | None = None


class GiftGiven(FactType, frozen=True, kw_only=True):
    """A member was given something without asking."""

    topic = "gift.given"
    gift: Name
    occasion: Name | None = None
    cost_minor: Minor | None = None
    currency: Currency | None = None
    staff: Name | None = None


TYPES: tuple[type[FactType], ...] = (RewardIssued, RewardRedeemed, RewardCancelled, GiftGiven)
