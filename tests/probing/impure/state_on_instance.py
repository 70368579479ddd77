"""Impure: how often a member came is kept on the rule itself, not with the member."""

from collections import Counter

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, Params, PurchaseRecorded, Rule, hookimpl, on


class StateOnInstance(Rule):
    """A point more with each purchase."""

    name, stage = "state_on_instance", "earn"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._visits: Counter[str] = Counter()

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        self._visits[member.id] += 1
        return Accrue(points=self._visits[member.id], reason="came again")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [StateOnInstance]
