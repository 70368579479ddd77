"""Impure: a number of the module counts all purchases of the process."""

import itertools

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

_numbers = itertools.count(1)


class ModuleCounter(Rule):
    """A running number of all members' purchases; each third earns more."""

    name, stage = "module_counter", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        number = next(_numbers)
        return Accrue(points=30 if number % 3 == 0 else 1, reason=f"purchase {number}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ModuleCounter]
