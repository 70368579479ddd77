"""Impure: chance, but only on the 29th of February."""

import secrets

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class LeapDayOnly(Rule):
    """1 point; on a leap day anything up to 29."""

    name, stage = "leap_day_only", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        day = member.local_date(purchase.occurred_us)
        if (day.month, day.day) == (2, 29):
            return Accrue(points=1 + secrets.randbelow(29), reason="leap day")
        return Accrue(points=1, reason="an ordinary day")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [LeapDayOnly]
