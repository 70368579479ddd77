"""Pure: it reads a table that is part of its package, once, when it is imported."""

import csv
from pathlib import Path

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

_TABLE = Path(__file__).with_name("store_rates.csv").read_text(encoding="utf-8")
RATES = {row["store"]: int(row["points"]) for row in csv.DictReader(_TABLE.splitlines())}


class TableBeside(Rule):
    """Points by store, from the table beside this file."""

    name, stage = "table_beside", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=RATES.get(purchase.data.store or "", 1), reason="the store's rate")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [TableBeside]
