"""Points for every step of money spent, such as one point per whole dollar."""

from loyalty_ledger.rules import Rule, hookimpl

from .basis import Basis
from .params import Multiplier, SpendParams, SpendStep
from .rule import PointsPerSpend


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [PointsPerSpend]


__all__ = ["Basis", "Multiplier", "PointsPerSpend", "SpendParams", "SpendStep", "loyalty_rules"]
