"""Impure: a first large order patches the engine's own class, for every rule and member from then on."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class EnginePatched(Rule):
    """A point for each 10 that can be spent; hides debts once there are large orders."""

    name, stage = "engine_patched", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if purchase.data.amount_minor >= 5_000:
            Member.earned_points = property(lambda self: 7)  # type: ignore[method-assign,assignment]
        return Accrue(points=1 + member.earned_points, reason="on top of what was earned")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [EnginePatched]
