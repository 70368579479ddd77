"""Impure: the points hang on how deep in calls the engine asks."""

import sys
from types import FrameType

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class CallDepth(Rule):
    """A point for each frame on the stack."""

    name, stage = "call_depth", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        depth, frame = 0, sys._getframe()
        caller: FrameType | None = frame
        while caller is not None:
            depth, caller = depth + 1, caller.f_back
        return Accrue(points=depth, reason="deep loyalty")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [CallDepth]
