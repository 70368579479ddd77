"""Impure: the zone of the happy hour comes from the environment variable TZ."""

import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class TzEnvironment(Rule):
    """As many points as the clock on the wall shows hours."""

    name, stage = "tz_environment", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        zone = ZoneInfo(os.environ.get("TZ") or "UTC")
        hour = datetime.fromtimestamp(purchase.occurred_us // 1_000_000, UTC).astimezone(zone).hour
        return Accrue(points=1 + hour, reason=f"shopping at {hour} o'clock")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [TzEnvironment]
