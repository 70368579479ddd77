"""Impure: the reason names the machine."""

import platform

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class HostName(Rule):
    """3 points, and which till gave them."""

    name, stage = "host_name", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=3, reason=f"from {platform.node() or 'nowhere'}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [HostName]
