"""Pure: uuid5 and SHA-256 of the fact give the same reference for ever."""

from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class NamedReference(Rule):
    """2 points and a reference; one order in sixteen wins 50 more."""

    name, stage = "named_reference", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        key = f"{purchase.source}/{purchase.id}"
        has_won = sha256(key.encode()).digest()[0] < 16
        return Accrue(points=52 if has_won else 2, reason=f"reference {uuid5(NAMESPACE_URL, key)}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [NamedReference]
