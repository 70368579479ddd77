"""Impure: the day the module was imported is the first day of its campaign."""

from datetime import UTC, datetime

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

STARTED_US = int(datetime.now(UTC).timestamp()) * 1_000_000


class ClockAtImport(Rule):
    """3 points since the campaign began, 1 before."""

    name, stage = "clock_at_import", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        has_begun = purchase.occurred_us >= STARTED_US
        return Accrue(points=3 if has_begun else 1, reason="campaign" if has_begun else "before the campaign")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ClockAtImport]
