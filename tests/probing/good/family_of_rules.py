"""Pure: an abstract class asks its heirs, by attributes of the class and super()."""

from abc import abstractmethod
from typing import ClassVar

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class _Family(Rule):
    stage = "earn"
    surplus: ClassVar[int] = 0

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        points = self._points(purchase.data.amount_minor) + self.surplus
        return Accrue(points=points, reason=f"{type(self).__name__}: {points}")

    @abstractmethod
    def _points(self, amount_minor: int) -> int:
        raise NotImplementedError


class PlainHeir(_Family):
    """A point for every 2.00, and 1."""

    name, surplus = "family_of_rules", 1

    def _points(self, amount_minor: int) -> int:
        return max(amount_minor, 0) // 200


class RichHeir(PlainHeir):
    """The same, and 10 more."""

    name = "family_of_rules_rich"

    def _points(self, amount_minor: int) -> int:
        return super()._points(amount_minor) + 10


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [PlainHeir]
