"""What was due for a member who had been merged, and is one of its own again."""

from __future__ import annotations

from loyalty_ledger.ledger.calendar import DAY_US, rfc3339
from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, SetTimer, on
from loyalty_ledger.rules.testing import Story

from .extra_rules import catalogue_of


class Patient(Rule):
    """Five points, three days after an order."""

    name = "patient"

    @on(PurchaseRecorded)
    def wait(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return SetTimer(due_us=purchase.occurred_us + 3 * DAY_US, key="waited")

    def on_timer(self, timer: object, member: Member) -> Answer:
        return Accrue(points=5, reason="waited")


SHOP = """
    programme = "Shop"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.merging]
    [rules.patient]
"""


def test_what_was_due_while_a_member_was_merged_is_booked_behind_the_lots_that_come_back() -> None:
    story = Story(SHOP, catalogue=catalogue_of(Patient))
    story.purchase("bob", "9.00", at="2026-01-01")
    merge = story.given("ann", "members.merged", at="2026-01-02", absorbed="bob")
    story.given("ann", "members.unmerged", at="2026-01-20", absorbed="bob", merge=merge)

    booked = [(rfc3339(entry.booked_us)[:10], entry.points) for entry in story.entries("bob")]

    assert booked == [("2026-01-01", 9), ("2026-01-02", -9), ("2026-01-20", 9), ("2026-01-20", 5)]
