"""Impure: it looks at the command line, and gives more when nobody checks."""

import sys

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class CommandLine(Rule):
    """1 point where somebody checks, 10 in earnest."""

    name, stage = "command_line", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        is_checked = any(word in argument for argument in sys.argv for word in ("check", "test", "simulate"))
        return Accrue(points=1 if is_checked else 10, reason="as the programme says")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [CommandLine]
