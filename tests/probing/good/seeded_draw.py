"""Pure: it draws from random.Random seeded with the fact's own identity, so each draw can be made again."""

import random

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class SeededDraw(Rule):
    """1 to 6 points by a die that anybody can throw again."""

    name, stage = "seeded_draw", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        die = random.Random(f"{purchase.source}/{purchase.id}")
        return Accrue(points=die.randint(1, 6), reason=f"the die of {purchase.source}/{purchase.id}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SeededDraw]
