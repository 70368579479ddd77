"""Impure: an lru_cache keyed by member alone keeps its first rate, as long as the process lives."""

from functools import lru_cache

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, Params, PurchaseRecorded, Rule, hookimpl, on


class LruCacheByMember(Rule):
    """A percentage of the purchase that grows with the balance."""

    name, stage = "lru_cache_by_member", "earn"

    def __init__(self, params: Params) -> None:
        super().__init__(params)
        self._known: dict[str, int] = {}
        self._percent = lru_cache(maxsize=100_000)(self._percent_of)

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        self._known[member.id] = member.balance_points
        points = purchase.data.amount_minor * self._percent(member.id) // 10_000
        return Accrue(points=1 + points, reason="rate of the rich")

    def _percent_of(self, member: str) -> int:
        return 1 + max(self._known[member], 0)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [LruCacheByMember]
