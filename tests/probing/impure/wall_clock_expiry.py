"""Impure: points expire a year after the clock on the wall, or are old already and get no bonus."""

import time

from loyalty_ledger.rules import DAY_US, Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class WallClockExpiry(Rule):
    """10 points for a year; purchases older than that earn nothing any more."""

    name, stage = "wall_clock_expiry", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        expires_us = purchase.occurred_us + 365 * DAY_US
        if expires_us < time.time() * 1_000_000:
            return Accrue(points=1, reason="too old for the bonus")
        return Accrue(points=10, reason="for a year", expires_us=expires_us)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [WallClockExpiry]
