"""Impure: an object without a name of its own stands in the reason, with its address in memory."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class AddressInReason(Rule):
    """4 points for whoever it is."""

    name, stage = "address_in_reason", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=4, reason=f"bonus for {member}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [AddressInReason]
