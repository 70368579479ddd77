"""Impure: a list that is a default argument remembers every store anybody has been to."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class DefaultArgument(Rule):
    """5 points for a store that is new, else 1."""

    name, stage = "default_argument", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        is_new = self._is_new(purchase.data.store or "")
        return Accrue(points=5 if is_new else 1, reason="a new store" if is_new else "a known store")

    def _is_new(self, store: str, known: list[str] = []) -> bool:
        is_new = store not in known
        known.append(store)
        return is_new


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [DefaultArgument]
