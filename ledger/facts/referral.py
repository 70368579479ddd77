"""Word of mouth: asked, made, and how likely a member would recommend."""

from __future__ import annotations

from typing import Literal

from .types import FactType, Name


class ReferralAsked(FactType, frozen=True, kw_only=True):
    """The subject was asked to recommend us."""

    topic = "referral.asked"
    channel: Name | None = None
    staff: Name | None = None


class ReferralMade(FactType, frozen=True, kw_only=True):
    """The subject recommended us to another person, who may have become a member."""

    topic = "referral.made"
    referred: Name
    channel: Name | None = None
    relation: Name | None = None
    code: Name | None = None

    def members(self) -> tuple[str, ...]:
        return (self.referred,)


class RecommendationStated(FactType, frozen=True, kw_only=True):
    """The subject said how likely a recommendation is."""

    topic = "recommendation.stated"
    likelihood: Literal["very likely", "possible", "impossible"]
    survey: Name | None = None


TYPES: tuple[type[FactType], ...] = (ReferralAsked, ReferralMade, RecommendationStated)
