"""Impure: it counts calls on itself, and shows it only at every hundredth."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, Params, PurchaseRecorded, Rule, hookimpl, on


class EveryHundredth(Rule):
    """1 point; 1000 for the hundredth customer."""

    name, stage = "every_hundredth", "earn"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._calls = 0

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        self._calls += 1
        is_hundredth = self._calls % 100 == 0
        return Accrue(points=1000 if is_hundredth else 1, reason="hundredth" if is_hundredth else "thanks")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [EveryHundredth]
