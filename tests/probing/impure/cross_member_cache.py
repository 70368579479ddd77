"""Impure: what one member's purchase was rated at is kept by product, and serves all others."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

_rates: dict[str, int] = {}


class CrossMemberCache(Rule):
    """The points of a product, worked out once."""

    name, stage = "cross_member_cache", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        product = next((line.sku or "" for line in purchase.data.lines), "")
        rate = _rates.setdefault(product, 1 + purchase.data.amount_minor // 100 + member.balance_points % 7)
        return Accrue(points=max(rate, 1), reason="the product's rate")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [CrossMemberCache]
