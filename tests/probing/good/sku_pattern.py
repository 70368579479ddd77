"""Pure: a regular expression, compiled when the module is imported, whose own cache nobody can see."""

import re

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on

ORGANIC = re.compile(r"(?P<kind>bio|eco|org)-?\d*", re.IGNORECASE)


class SkuPattern(Rule):
    """2 points for each organic product, and 1."""

    name, stage = "sku_pattern", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        organic = sum(bool(ORGANIC.match(line.sku or "")) for line in purchase.data.lines)
        short = re.sub(r"\s+", " ", f"organic   products:  {organic}")
        return Accrue(points=1 + 2 * organic, reason=short)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [SkuPattern]
