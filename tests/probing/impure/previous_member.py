"""Impure: it remembers who came before, whoever that was."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class PreviousMember(Rule):
    """8 points for coming twice in a row, before anybody else does."""

    name, stage = "previous_member", "earn"
    _previous = ""

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        is_same, self._previous = self._previous == member.id, member.id
        return Accrue(points=8 if is_same else 1, reason="in a row" if is_same else "welcome")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [PreviousMember]
