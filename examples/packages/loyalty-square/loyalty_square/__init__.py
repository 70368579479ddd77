"""How Square Loyalty earns points: the accrual rule that grants most, and at most one promotion."""

from __future__ import annotations

from loyalty_ledger.rules import Rule, hookimpl

from .accrual import AccrualParams, SquareAccrual
from .promotions import Promotion, PromotionParams, SquarePromotions, TriggerLimit
from .schedule import TimePeriod


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer both rules."""
    return [SquareAccrual, SquarePromotions]


__all__ = [
    "AccrualParams", "Promotion", "PromotionParams", "SquareAccrual", "SquarePromotions", "TimePeriod",
    "TriggerLimit", "loyalty_rules",
]  # fmt: skip
