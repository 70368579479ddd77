"""Impure: the factor of a campaign comes from an environment variable."""

import os

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class EnvironmentVariable(Rule):
    """Points times what the operator has exported."""

    name, stage = "environment_variable", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        factor = os.getenv("CAMPAIGN_FACTOR", "1")
        return Accrue(points=2 * int(factor) if factor.isdigit() else 1, reason=f"campaign × {factor}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [EnvironmentVariable]
