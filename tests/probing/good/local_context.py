"""Pure: it rounds under a decimal context of its own, and leaves the thread's as it was."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class LocalContext(Rule):
    """A seventh of the amount, by banker's rounding."""

    name, stage = "local_context", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        with localcontext(Context(prec=20, rounding=ROUND_HALF_EVEN)):
            points = (Decimal(purchase.data.amount_minor) / 700).to_integral_value()
        return Accrue(points=1 + int(points), reason="a seventh")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [LocalContext]
