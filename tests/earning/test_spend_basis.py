"""What counts of an order: discounts, tax, delivery, means of payment; all of it or line by line."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story

DAY = "2026-03-02"

# Tea 80 before 10 off, a cup 30: 100 paid for the lines, 10 off the order by coupon, 5 delivery: 95 paid,
# of which 19 is tax (16 and 3 by line: what the till worked out), 38 paid with points, 57 by card.
LINES: tuple[dict[str, Any], ...] = (
    {"sku": "tea", "amount": "70.00", "discount": "10.00", "tax": "16.00"},
    {"sku": "cup", "amount": "30.00", "tax": "3.00"},
)
ORDER: dict[str, Any] = {
    "order": "A",
    "lines": LINES,
    "discounts": [{"amount": "10.00", "code": "TEN"}],
    "delivery": "5.00",
    "tax": "19.00",
    "payments": [{"means": "points", "amount": "38.00"}, {"means": "card", "amount": "57.00"}],
}


def shop(parameters: str = "", **order: Any) -> Story:
    story = Story(f"""
        programme = "Basis"
        zone = "UTC"
        currency = "USD"
        [rules.points_per_spend]
        {parameters}
        [rules.clawback]
    """)
    story.purchase("ann", "95.00", at=DAY, **{**ORDER, **order})
    return story


@pytest.mark.parametrize(
    ("basis", "points"),
    [
        ("", 95),  # what was paid
        ("before_discounts = true", 115),  # 95 + 10 of the order + 10 of the tea
        ("without_tax = true", 76),  # 95 - 19
        ("without_delivery = true", 90),  # 95 - 5
        ("without_tax = true, without_delivery = true", 71),  # 95 - 19 - 5
        ('without_means = ["points"]', 57),  # 95 × 57 / 95
        ('without_means = ["points", "card"]', 0),
        ('without_means = ["cheque"]', 95),
        ('without_tax = true, without_means = ["points"]', 45),  # 76 × 57 / 95 = 45.6
        ("spread_discounts = true", 95),  # only where lines are counted
    ],
)
def test_what_counts_of_a_whole_order(basis: str, points: int) -> None:
    assert shop(f"basis = {{{basis}}}").balance("ann") == points


@pytest.mark.parametrize(
    ("basis", "points"),
    [
        ("", 70),  # the tea's own amount, after its own discount
        ("before_discounts = true", 80),  # 70 + 10
        ("spread_discounts = true", 63),  # 70 - 70 / 100 of the coupon's 10
        ("without_tax = true", 54),  # 70 - 16
        ("without_delivery = true", 70),  # no line is the delivery
        ('without_means = ["points"]', 42),  # 70 × 57 / 95
        ("spread_discounts = true, without_tax = true", 47),  # 70 - 7 - 16
    ],
)
def test_what_counts_of_one_line(basis: str, points: int) -> None:
    assert shop(f'include = {{skus = ["tea"]}}\nbasis = {{{basis}}}').balance("ann") == points


def test_tax_that_no_line_has_is_spread_over_the_lines() -> None:
    lines = [{"sku": "tea", "amount": "70.00"}, {"sku": "cup", "amount": "30.00"}]
    story = shop('include = {skus = ["tea"]}\nbasis = {without_tax = true}', lines=lines)

    assert story.balance("ann") == 56  # 70 - 19 × 70 / 100 = 56.7


def test_tax_that_only_lines_have_comes_off_the_whole_order() -> None:
    assert shop("basis = {without_tax = true}", tax="0").balance("ann") == 95 - 16 - 3


def test_more_discount_than_line_leaves_nothing_of_it() -> None:
    story = shop(
        'include = {skus = ["tea"]}\nbasis = {spread_discounts = true}', discounts=[{"amount": "200.00"}]
    )

    assert story.balance("ann") == 0


def test_payments_beyond_the_order_leave_nothing_and_never_less() -> None:
    payments = [{"means": "points", "amount": "500.00"}]

    assert shop('basis = {without_means = ["points"]}', payments=payments).balance("ann") == 0


def test_a_returned_line_takes_what_it_counted_for() -> None:
    # Without tax the tea counts for 54, the cup for 27: 76 points = 51 (50.67) + 25 (25.33).
    story = shop("basis = {without_tax = true}")
    story.given("ann", "purchase.returned", at="2026-03-03", order="A", lines=[{"line": 1}])

    assert story.balance("ann") == 76 - 51


def test_a_whole_return_takes_it_all() -> None:
    story = shop('basis = {before_discounts = true, without_means = ["points"]}')
    assert story.balance("ann") == 69  # 115 × 57 / 95
    story.given("ann", "purchase.returned", at="2026-03-03", order="A")

    assert story.balance("ann") == 0


def test_a_line_without_the_basis_keeps_its_factor() -> None:
    story = shop('multipliers = [{skus = ["tea"], factor = 2}]\nbasis = {without_tax = true}')

    assert story.balance("ann") == 135  # 54 × 2 + 27


def test_the_explanation_adds_up() -> None:
    story = shop('basis = {before_discounts = true, without_tax = true, without_means = ["points"]}')

    assert [note.text for note in story.notes()] == [
        "$95.00 with discounts of $20.00",
        "$115.00 without tax of $19.00",
        "$96.00 × 3/5, the share paid by other means",
        "$57.60 counted / $1.00 × 1, steps rounded down = 57 points",
    ]


def test_the_explanation_of_lines_adds_up() -> None:
    story = shop('exclude = {skus = ["cup"]}\nbasis = {spread_discounts = true}')

    assert [note.text for note in story.notes()] == [
        "line 1, tea: $70.00 counts as $63.00",
        "line 2, cup: $27.00 × 0",
        "$63.00 counted / $1.00 × 1, steps rounded down = 63 points",
    ]


def test_discounts_cannot_be_undone_and_spread_at_once() -> None:
    with pytest.raises(LoyaltyError, match="exclude each other"):
        shop("basis = {before_discounts = true, spread_discounts = true}")
