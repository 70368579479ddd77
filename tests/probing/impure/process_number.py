"""Impure: the reason cites the number of the process."""

import os

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class ProcessNumber(Rule):
    """2 points, and who booked them."""

    name, stage = "process_number", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=2, reason=f"booked by till {os.getpid()}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ProcessNumber]
