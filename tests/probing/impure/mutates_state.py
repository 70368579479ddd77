"""Impure: it adds to the member's balance in place, beside the journal."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class MutatesState(Rule):
    """1 point by the book, and 5 under the table."""

    name, stage = "mutates_state", "react"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        member._Member__state.points += 5  # type: ignore[attr-defined]
        return Accrue(points=1, reason="by the book")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [MutatesState]
