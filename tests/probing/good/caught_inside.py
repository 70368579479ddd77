"""Pure: it raises and catches exceptions of its own making, always the same for the same fact."""

import contextlib

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

SHARES = {"north": 2, "south": 3, "gone": 0}


class CaughtInside(Rule):
    """A share of the amount by store; stores that are unknown or gone earn 1 point."""

    name, stage = "caught_inside", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        points = 1
        with contextlib.suppress(KeyError, ZeroDivisionError):
            points += purchase.data.amount_minor // 100 // SHARES[purchase.data.store or ""]
        try:
            number = int((purchase.data.order or "").removeprefix("o"))
        except ValueError as error:
            return Accrue(points=points, reason=f"no numbered order: {type(error).__name__}")
        return Accrue(points=points, reason=f"order {number}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [CaughtInside]
