"""Tiers: rungs won by what a member earns, spends or visits within a window, and lost at a review."""

from loyalty_ledger.rules import Rule, hookimpl

from .params import Rung, TierParams
from .rule import Tiers


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Tiers]


__all__ = ["Rung", "TierParams", "Tiers", "loyalty_rules"]
