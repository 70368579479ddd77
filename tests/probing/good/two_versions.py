"""Pure: two released versions of a rule stand side by side; the second reads what the first has kept."""

from loyalty_ledger.rules import Accrue, Answer, Count, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class TwoVersionsFirst(Rule):
    """1 point."""

    name, version, stage = "two_versions", 1, "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return [Count(counter="orders"), Accrue(points=1, reason="version 1")]


class TwoVersionsSecond(Rule):
    """A point for each order so far, 10 at most."""

    name, version, stage = "two_versions", 2, "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        points = min(member.counter("orders") + 1, 10)
        return [Count(counter="orders"), Accrue(points=points, reason=f"version 2: order {points}")]


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [TwoVersionsFirst, TwoVersionsSecond]
