"""Impure: it moves the fact a day back, so that later rules read another instant."""

from loyalty_ledger.rules import DAY_US, Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class MutatesFact(Rule):
    """Purchases after midnight count for the day before."""

    name, stage = "mutates_fact", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        purchase.occurred_us -= DAY_US
        day = member.local_date(purchase.occurred_us)
        return Accrue(points=day.day, reason=f"counts for {day}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [MutatesFact]
