"""Impure: whether a purchase wins hangs on time.time_ns."""

import time

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class TimeNsLottery(Rule):
    """Every purchase earns 1 point, one in about three 10 more."""

    name, stage = "time_ns_lottery", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        won = time.time_ns() // 1000 % 3 == 0
        return Accrue(points=11 if won else 1, reason="instant lottery")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [TimeNsLottery]
