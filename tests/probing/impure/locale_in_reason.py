"""Impure: the amount in the reason is written as the machine's language writes it."""

import locale

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class LocaleInReason(Rule):
    """A point, and a reason in the customer's own language."""

    name, stage = "locale_in_reason", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        try:
            locale.setlocale(locale.LC_ALL, "")
        except locale.Error:
            locale.setlocale(locale.LC_ALL, "C")
        day = member.local_date(purchase.occurred_us)
        amount = locale.format_string("%d", purchase.data.amount_minor, grouping=True)
        language = locale.setlocale(locale.LC_TIME)
        return Accrue(points=1, reason=f"{amount} on {day:%A %x} ({language})")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [LocaleInReason]
