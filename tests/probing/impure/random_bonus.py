"""Impure: the points are drawn from random."""

import random

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class RandomBonus(Rule):
    """1 to 6 points, by a die."""

    name, stage = "random_bonus", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=random.randint(1, 6), reason="the die has fallen")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [RandomBonus]
