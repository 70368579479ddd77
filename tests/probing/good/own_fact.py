"""Pure: it brings a type of fact of its own, and answers that."""

from loyalty_ledger.rules import Accrue, Answer, Fact, FactType, Member, Rule, hookimpl, on


class BottleReturned(FactType, frozen=True, kw_only=True):
    """A member brought empty bottles back."""

    topic = "bottles.returned"
    bottles: int


class OwnFact(Rule):
    """A point for each bottle, 100 at most."""

    name, stage = "own_fact", "earn"

    @on(BottleReturned)
    def give(self, returned: Fact[BottleReturned], member: Member) -> Answer:
        return Accrue(points=max(0, min(returned.data.bottles, 100)), reason="bottles")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [OwnFact]


@hookimpl
def loyalty_fact_types() -> list[type[FactType]]:
    return [BottleReturned]
