"""Impure: a class attribute counts down a quota that all members share."""

from typing import ClassVar

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class ClassAttributeQuota(Rule):
    """50 points for the first three purchases there are, 1 for all others."""

    name, stage = "class_attribute_quota", "earn"
    left: ClassVar[int] = 3

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if ClassAttributeQuota.left:
            ClassAttributeQuota.left -= 1
            return Accrue(points=50, reason="among the first three")
        return Accrue(points=1, reason="thank you")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ClassAttributeQuota]
