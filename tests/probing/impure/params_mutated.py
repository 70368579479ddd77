"""Impure: it counts in a table of its own parameters."""

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, Params, PurchaseRecorded, Rule, hookimpl, on


class TableParams(Params, frozen=True, kw_only=True):
    """rates: points by store."""

    rates: dict[str, int] = {}


class ParamsMutated(Rule):
    """The store's rate, which falls with each purchase."""

    name, stage = "params_mutated", "earn"
    Params = TableParams
    params: TableParams

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        rates, store = self.params.rates, purchase.data.store or "any"
        rates[store] = max(rates.get(store, 20) - 1, 1)
        return Accrue(points=rates[store], reason=f"rate of {store}")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ParamsMutated]
