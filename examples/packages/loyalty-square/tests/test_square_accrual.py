"""What Square's public pages say of accrual rules; README.md has their addresses."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.rules.testing import Story

DAY = "2026-03-02"


def earned(rules: str, amount: str, **fields: Any) -> int:
    """Return what one purchase earns by these accrual rules."""
    story = shop(rules)
    story.purchase("ann", amount, at=DAY, **fields)
    return story.balance("ann")


def shop(rules: str, more: str = "") -> Story:
    return Story(f"""
        programme = "Square"
        zone = "UTC"
        currency = "USD"
        [rules.square_accrual]
        {more}
        accrual_rules = [{rules}]
    """)


SPEND_10 = '{accrual_type = "SPEND", amount = 10}'
VISIT_5 = '{accrual_type = "VISIT", minimum_amount = 5}'
SHELF = (
    '{accrual_type = "ITEM_VARIATION", item_variation_id = "drip coffee", points = 1},'
    '{accrual_type = "ITEM_VARIATION", item_variation_id = "latte", points = 2},'
    '{accrual_type = "ITEM_VARIATION", item_variation_id = "sandwich", points = 3}'
)
HOT = '{accrual_type = "CATEGORY", category_id = "hot drink"}'


@pytest.mark.parametrize(
    ("amount", "points"),
    [
        ("105.00", 10),  # the reference's example: 105 / 10 = 10 whole steps, 5 left over
        ("10.00", 1),
        ("9.99", 0),
    ],
)
def test_one_point_for_every_ten_dollars(amount: str, points: int) -> None:
    """LoyaltyProgramAccrualRuleSpendData, amount_money."""
    assert earned(SPEND_10, amount) == points


@pytest.mark.parametrize(("amount", "points"), [("5.00", 1), ("4.99", 0), ("50.00", 1)])
def test_one_point_for_a_visit_of_five_dollars(amount: str, points: int) -> None:
    """Program overview, and help article 3952: visit based with a minimum of 5 dollars."""
    assert earned(VISIT_5, amount) == points


@pytest.mark.parametrize(("item", "points"), [("drip coffee", 1), ("latte", 2), ("sandwich", 3), ("tea", 0)])
def test_each_item_has_its_points(item: str, points: int) -> None:
    """Help article 6462: a drip coffee earns 1, a latte 2, a sandwich 3."""
    assert earned(SHELF, "6.00", lines=[{"sku": item, "amount": "6.00"}]) == points


def test_every_item_of_a_category_earns() -> None:
    """LoyaltyProgramAccrualRuleType: coffee, tea or cocoa, all of the category "hot drink"."""
    for item in ("coffee", "tea", "hot cocoa"):
        assert earned(HOT, "3.00", lines=[{"sku": item, "category": "hot drink", "amount": "3.00"}]) == 1
    assert earned(HOT, "3.00", lines=[{"sku": "lemonade", "category": "cold drink", "amount": "3.00"}]) == 0


def test_two_of_an_item_earn_twice() -> None:
    """Our reading: "points for purchasing a coffee" is for each of them."""
    assert earned(SHELF, "12.00", lines=[{"sku": "latte", "quantity": 2, "amount": "12.00"}]) == 4  # 2 × 2


LATTE = {"sku": "latte", "amount": "6.00"}
SANDWICH = {"sku": "sandwich", "amount": "9.00"}
BEANS = {"sku": "beans", "amount": "40.00"}


@pytest.mark.parametrize(
    ("rules", "amount", "lines", "points"),
    [
        pytest.param(SHELF, "15.00", [LATTE, SANDWICH], 3, id="a latte and a sandwich: 3, not 2 + 3"),
        pytest.param(f"{SPEND_10}, {SHELF}", "46.00", [LATTE, BEANS], 4, id="46 / 10 = 4 beat the latte's 2"),
        pytest.param(f"{SPEND_10}, {SHELF}", "9.00", [SANDWICH], 3, id="the sandwich's 3 beat 9 / 10 = 0"),
        pytest.param(f"{VISIT_5}, {SPEND_10}", "10.00", [], 1, id="both grant 1: once"),
    ],
)
def test_only_the_rule_that_grants_most_counts(
    rules: str, amount: str, lines: list[dict[str, str]], points: int
) -> None:
    """AccumulateLoyaltyPoints: points are computed by the accrual rule that grants the most."""
    assert earned(rules, amount, lines=lines) == points


def test_why_another_rule_did_not_count_is_told() -> None:
    story = shop(f"{SPEND_10}, {SHELF}")
    story.purchase("ann", "46.00", lines=[LATTE, BEANS], at=DAY)

    assert [note.text for note in story.notes()] == [
        "1 point for every $10.00 of $46.00: counts",
        "2 points for each latte: another grants as much or more",
    ]


@pytest.mark.parametrize(
    ("tax_mode", "points"),
    [
        ("AFTER_TAX", 2),  # 10.80 / 5 = 2.16
        ("BEFORE_TAX", 1),  # (10.80 - 0.90) / 5 = 9.90 / 5 = 1.98
    ],
)
def test_tax_counts_as_the_rule_says(tax_mode: str, points: int) -> None:
    """LoyaltyProgramAccrualRuleTaxMode; the numbers are ours."""
    rule = f'{{accrual_type = "SPEND", amount = 5, tax_mode = "{tax_mode}"}}'

    assert earned(rule, "10.80", tax="0.90") == points


@pytest.mark.parametrize(("tax_mode", "points"), [("AFTER_TAX", 1), ("BEFORE_TAX", 0)])
def test_tax_may_be_what_makes_a_visit_large_enough(tax_mode: str, points: int) -> None:
    """LoyaltyProgramAccrualRuleVisitData, tax_mode: 5.20 with tax, 4.80 without; the numbers are ours."""
    rule = f'{{accrual_type = "VISIT", minimum_amount = 5, tax_mode = "{tax_mode}"}}'

    assert earned(rule, "5.20", tax="0.40") == points


def test_excluded_items_do_not_count_and_their_return_takes_nothing() -> None:
    """LoyaltyProgramAccrualRuleSpendData, excluded_category_ids; the numbers are ours."""
    rule = '{accrual_type = "SPEND", amount = 10, excluded_category_ids = ["gift cards"]}'
    story = Story(f"""
        programme = "Square"
        zone = "UTC"
        currency = "USD"
        [rules.square_accrual]
        accrual_rules = [{rule}]
        [rules.clawback]
    """)
    lines = [
        {"sku": "beans", "amount": "40.00"},
        {"sku": "card", "category": "gift cards", "amount": "50.00"},
    ]
    story.purchase("ann", "90.00", order="A", lines=lines, at=DAY)
    assert story.balance("ann") == 4  # 40 / 10; the 50 of the gift card are left out

    story.given("ann", "purchase.returned", at="2026-03-03", order="A", lines=[{"line": 2}])
    assert story.balance("ann") == 4
    story.given("ann", "purchase.returned", at="2026-03-04", order="A", lines=[{"line": 1}])
    assert story.balance("ann") == 0


def test_tax_of_the_whole_order_is_spread_over_its_lines() -> None:
    """Our reading: 9.00 of tax on 50 + 40 is 5 + 4, so 50 - 5 = 45 count without the gift card."""
    excluded = 'excluded_category_ids = ["gift cards"]'
    rule = f'{{accrual_type = "SPEND", amount = 15, {excluded}, tax_mode = "BEFORE_TAX"}}'
    lines = [
        {"sku": "beans", "amount": "50.00"},
        {"sku": "card", "category": "gift cards", "amount": "40.00"},
    ]

    assert earned(rule, "90.00", tax="9.00", lines=lines) == 3  # 45 / 15


def test_only_participating_locations_earn() -> None:
    """LoyaltyProgram, location_ids."""
    story = shop(SPEND_10, 'location_ids = ["S8GWD5R9QB376"]')
    story.purchase("ann", "20.00", store="S8GWD5R9QB376", at=DAY)
    story.purchase("bob", "20.00", store="elsewhere", at=DAY)

    assert (story.balance("ann"), story.balance("bob")) == (2, 0)


def test_another_currency_does_not_earn() -> None:
    assert earned(SPEND_10, "20.00", currency="EUR") == 0
