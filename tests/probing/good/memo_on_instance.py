"""Pure: a table on the rule itself, filled as it goes, of what follows from its parameters alone."""

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Fact,
    Member,
    Params,
    PurchaseRecorded,
    Rule,
    hookimpl,
    minor_units,
    on,
)


class MemoParams(Params, frozen=True, kw_only=True):
    """per: the step, in major units."""

    per: int = 2


class MemoOnInstance(Rule):
    """A point for each step of the amount, and 1; how large a step is in a currency is worked out once."""

    name, stage = "memo_on_instance", "earn"
    Params = MemoParams
    params: MemoParams

    def __init__(self, params: MemoParams) -> None:
        super().__init__(params)
        self._steps_minor: dict[str, int] = {}

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        currency = purchase.data.currency
        if currency not in self._steps_minor:
            self._steps_minor[currency] = minor_units(self.params.per, currency)
        return Accrue(points=1 + purchase.data.amount_minor // self._steps_minor[currency], reason="steps")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [MemoOnInstance]
