"""Pure: it collects labels in a set, and sorts them before anybody sees an order."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class SortedLabels(Rule):
    """A point for each different label and category of the order, and 1."""

    name, stage = "sorted_labels", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        found = {label for line in purchase.data.lines for label in (*line.labels, line.category or "plain")}
        return Accrue(points=1 + len(found), reason=f"for {', '.join(sorted(found)) or 'nothing special'}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SortedLabels]
