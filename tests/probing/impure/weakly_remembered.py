"""Impure: whether the last basket is still in memory hangs on when garbage was collected."""

import weakref
from typing import Any

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class _Basket:
    def __init__(self) -> None:
        self.me = self  # only the garbage collector frees it


_baskets: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


class WeaklyRemembered(Rule):
    """5 points when the last basket is still known, else 1."""

    name, stage = "weakly_remembered", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        is_known = member.id in _baskets
        _baskets[member.id] = _Basket()
        return Accrue(points=5 if is_known else 1, reason="welcome back")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [WeaklyRemembered]
