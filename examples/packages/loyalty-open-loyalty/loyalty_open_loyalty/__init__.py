"""Open Loyalty's earning rules: those of a transaction, in their fixed sequence, and those of an event."""

from __future__ import annotations

from loyalty_ledger.rules import Rule, hookimpl

from .earning_rules import GeneralSpending, LabelMultiplier, Multiply, MultiplyByLabels, ProductPurchase
from .evaluator import EarningParams, OpenLoyaltyEarning
from .events import EventParams, OpenLoyaltyEvent


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer both rules."""
    return [OpenLoyaltyEarning, OpenLoyaltyEvent]


__all__ = [
    "EarningParams", "EventParams", "GeneralSpending", "LabelMultiplier", "Multiply", "MultiplyByLabels",
    "OpenLoyaltyEarning", "OpenLoyaltyEvent", "ProductPurchase", "loyalty_rules",
]  # fmt: skip
