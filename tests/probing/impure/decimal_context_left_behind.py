"""Impure: a large order sets the precision of the decimal context, by which all later ones are rounded."""

from decimal import Decimal, getcontext

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class DecimalContextLeftBehind(Rule):
    """A seventh of the amount; large orders to three digits, so that the slips look neat."""

    name, stage = "decimal_context_left_behind", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if purchase.data.amount_minor >= 5_000:
            getcontext().prec = 2
        points = Decimal(purchase.data.amount_minor) / Decimal(7)
        return Accrue(points=1 + int(points), reason=f"a seventh: {points}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [DecimalContextLeftBehind]
