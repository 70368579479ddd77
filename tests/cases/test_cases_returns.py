"""CASES.md, section 3: returns take back what was actually earned."""

from __future__ import annotations

import pytest

from loyalty_ledger.rules.testing import Story

HEAD = """
    programme = "Case"
    zone = "UTC"
    currency = "EUR"
"""
PAID, BACK = "2026-03-02", "2026-03-09"


@pytest.mark.parametrize(("by", "taken"), [("lines", 20), ("order", 35)])
def test_ac_54_a_returned_line_takes_its_part(by: str, taken: int) -> None:
    """Open Loyalty, returns.rst: A 10, B 10, C 20 gave 70 points; C comes back.

    40 of the points were for the whole basket, of which C is a half; 30 were for A and B alone. By lines C
    takes 40 * 20 / 40 = 20 and nothing of the 30; by its share of the order it takes 70 * 20 / 40 = 35.
    """
    story = Story(f"""{HEAD}
        [rules.basket]
        use = "points_per_spend"
        [rules.brands]
        use = "points_per_spend"
        points = 3
        per = 2
        include = {{skus = ["A", "B"]}}
        [rules.clawback]
        by = "{by}"
    """)
    lines = [{"sku": sku, "amount": amount} for sku, amount in (("A", "10"), ("B", "10"), ("C", "20"))]
    story.purchase("ann", "40.00", currency="EUR", order="7", lines=lines, at=PAID)
    assert story.balance("ann") == 70  # 40 + (10 + 10) / 2 * 3

    story.given("ann", "purchase.returned", at=BACK, order="7", lines=[{"line": 3}])

    assert story.balance("ann") == 70 - taken


def test_ac_55_half_of_a_sale_takes_half_of_its_points_and_what_is_gone_is_not_taken_twice() -> None:
    """Open Loyalty, RevokePointsOnReturnTransactionListenerTest.php: 200 earned 1,000, 100 come back."""
    story = Story(f"""{HEAD}
        [rules.points_per_spend]
        points = 5
        [rules.clawback]
    """)
    story.purchase("ann", "200.00", currency="EUR", order="7", at=PAID)
    assert story.balance("ann") == 1000  # 200 * 5

    story.given("ann", "purchase.returned", at=BACK, order="7", amount="100.00", currency="EUR")
    assert story.balance("ann") == 500  # 1000 * 100 / 200

    story.given("ann", "purchase.returned", at=BACK, order="7")
    assert story.balance("ann") == 0
    story.given("ann", "purchase.returned", at=BACK, order="7")
    assert story.balance("ann") == 0
    assert len(story.entries("ann")) == 3


@pytest.mark.parametrize(
    ("beyond", "balance", "taken"), [("clamp", 0, 50), ("debt", -100, 150), ("waive", 0, 150)]
)
def test_ac_57_points_spent_before_their_order_came_back(beyond: str, balance: int, taken: int) -> None:
    """Setono, LoyaltyLedgerClawbackTest.php: earn 150, spend 100, cancel the order."""
    story = Story(f"""{HEAD}
        [rules.points_per_spend]
        [rules.redemption]
        [rules.clawback]
        beyond = "{beyond}"
    """)
    story.purchase("ann", "150.00", currency="EUR", order="7", at=PAID)
    story.redeem("ann", 100, at="2026-03-03")

    story.given("ann", "purchase.returned", at=BACK, order="7")

    entries = story.entries("ann")
    assert story.balance("ann") == balance  # 150 - 100 = 50 are there; 150 - 50 = 100 are not
    assert -sum(entry.points for entry in entries if entry.account == "reversed") == taken
    assert sum(entry.points for entry in entries if entry.account == "waived") == (beyond == "waive") * 100


def test_ac_58_taking_back_twice_writes_one_row() -> None:
    """Setono, LoyaltyLedgerClawbackTest.php: per order, not per fact."""
    story = Story(f"""{HEAD}
        [rules.points_per_spend]
        [rules.clawback]
    """)
    story.purchase("ann", "150.00", currency="EUR", order="7", at=PAID)
    story.given("ann", "purchase.returned", at=BACK, order="7")
    story.given("ann", "purchase.returned", at="2026-03-10", order="7")

    assert [entry.points for entry in story.entries("ann")] == [150, -150]
