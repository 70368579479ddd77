"""Impure: the shop is read off the folder the process was started in."""

import os

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class WorkingDirectory(Rule):
    """Points by shop: every branch runs the ledger from its own folder."""

    name, stage = "working_directory", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=1 + len(os.getcwd()), reason="points of the branch")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [WorkingDirectory]
