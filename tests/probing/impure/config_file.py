"""Impure: the rate comes from a file in the home folder, if there is one."""

from pathlib import Path

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on


class ConfigFile(Rule):
    """The rate that marketing last wrote down."""

    name, stage = "config_file", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        try:
            points = int((Path.home() / ".loyalty_rate").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            points = 1
        return Accrue(points=max(points, 1), reason="rate of the day")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [ConfigFile]
