"""Impure: the first partner of a set counts, and the order of a set of texts is another in each process."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

PARTNERS = {"bakery", "cafe", "deli", "kiosk", "garage", "cinema", "florist"}


class SetOrder(Rule):
    """As many points as the partner of the purchase has letters."""

    name, stage = "set_order", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        partner = next(iter(PARTNERS - {purchase.data.store or ""}))
        return Accrue(points=len(partner), reason=f"with the {partner}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SetOrder]
