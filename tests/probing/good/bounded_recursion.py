"""Pure: it calls itself, once for each line and never deeper than a hundred."""

from collections.abc import Sequence

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class BoundedRecursion(Rule):
    """A point for each doubling in what lines cost, and 1."""

    name, stage = "bounded_recursion", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        amounts = [line.amount_minor for line in purchase.data.lines][:100]
        return Accrue(points=1 + _doublings(amounts), reason="doublings")


def _doublings(amounts: Sequence[int]) -> int:
    if len(amounts) < 2:
        return 0
    return (amounts[1] >= 2 * amounts[0]) + _doublings(amounts[1:])


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [BoundedRecursion]
