"""Impure: it asks the command `date` which day it is."""

import subprocess

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class SubprocessWeekday(Rule):
    """More points the later in the week."""

    name, stage = "subprocess_weekday", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        answer = subprocess.run(["date", "+%j"], capture_output=True, text=True, check=True)
        return Accrue(points=int(answer.stdout), reason="day of the year")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SubprocessWeekday]
