"""Impure: the reason names a ticket made by uuid4."""

from uuid import uuid4

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class Uuid4Ticket(Rule):
    """5 points and a ticket for the prize draw."""

    name, stage = "uuid4_ticket", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=5, reason=f"ticket {uuid4()}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [Uuid4Ticket]
