"""Impure: the hour of a purchase is that of the machine's zone, by time.localtime."""

import time

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class LocalTime(Rule):
    """More points in the evening."""

    name, stage = "local_time", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        hour = time.localtime(purchase.occurred_us // 1_000_000).tm_hour
        return Accrue(points=1 + hour, reason="late shopping")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [LocalTime]
