"""Impure: members are split into test and control by hash() of a text, which each process salts anew."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class HashOfOrder(Rule):
    """An A/B test: one half earns 10 points, the other 1."""

    name, stage = "hash_of_order", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        key = f"{member.id}/{purchase.data.order or purchase.position}"
        return Accrue(points=10 if hash(key) % 2 else 1, reason="test of a higher rate")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [HashOfOrder]
