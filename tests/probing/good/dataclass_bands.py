"""Pure: dataclasses and enums of its own, a heap, and copies of what it was given."""

import copy
import heapq
from dataclasses import dataclass, field
from enum import IntEnum

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class Band(IntEnum):
    """How dear a line is, in points."""

    CHEAP = 1
    FAIR = 2
    DEAR = 5


@dataclass(order=True)
class _Priced:
    amount_minor: int
    band: Band = field(compare=False)


class DataclassBands(Rule):
    """The bands of the two dearest lines, and 1."""

    name, stage = "dataclass_bands", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        order = copy.deepcopy(purchase.data)
        priced = [_Priced(line.amount_minor, _band(line.amount_minor)) for line in order.lines]
        dearest = heapq.nlargest(2, priced)
        points = 1 + sum(int(line.band) for line in dearest)
        return Accrue(points=points, reason=f"bands {[line.band.name for line in dearest]}")


def _band(amount_minor: int) -> Band:
    return Band.DEAR if amount_minor >= 5_000 else Band.FAIR if amount_minor >= 500 else Band.CHEAP


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [DataclassBands]
