"""Impure: the age of a purchase is counted from date.today()."""

from datetime import date

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class DateTodayAnniversary(Rule):
    """A point for each whole year since the purchase, and 1."""

    name, stage = "date_today_anniversary", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        years = date.today().year - member.local_date(purchase.occurred_us).year
        return Accrue(points=1 + abs(years), reason="faithful for years")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [DateTodayAnniversary]
