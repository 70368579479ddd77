"""Pure: an lru_cache over a function of numbers alone; what it forgets it works out again."""

from functools import lru_cache

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


@lru_cache(maxsize=16)
def _rate(euros: int) -> int:
    return sum(1 for step in (0, 10, 50, 100, 500) if euros >= step)


class CachedRate(Rule):
    """A rate that rises in steps, worked out once for each amount."""

    name, stage = "cached_rate", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        euros = purchase.data.amount_minor // 100
        return Accrue(points=_rate(euros), reason=f"{_rate(euros)} steps")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [CachedRate]
