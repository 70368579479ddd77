"""Impure: the dice are seeded, but all purchases of the process throw the same ones, in turn."""

import random

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

_dice = random.Random(20260301)


class SeededStream(Rule):
    """1 to 6 points, the same in every run: the seed is fixed."""

    name, stage = "seeded_stream", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=_dice.randint(1, 6), reason="a fair die")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SeededStream]
