"""Pure: days and hours come from the fact's own instant, in the programme's zone and in UTC."""

from datetime import UTC, datetime, timedelta

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WeekdayByZone(Rule):
    """More points late in the week, and early in the day."""

    name, stage = "weekday_by_zone", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        hour = (EPOCH + timedelta(microseconds=purchase.occurred_us)).hour
        weekday = member.local_date(purchase.occurred_us).weekday()
        return Accrue(points=1 + weekday + (hour < 9), reason=f"on day {weekday} of the week")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [WeekdayByZone]
