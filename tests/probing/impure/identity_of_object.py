"""Impure: the points hang on where an object lies in memory."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class IdentityOfObject(Rule):
    """A number that nobody can guess."""

    name, stage = "identity_of_object", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=1 + (id(purchase) >> 4) % 97, reason="surprise")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [IdentityOfObject]
