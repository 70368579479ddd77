"""CASES.md, section 1: what published systems earn for a purchase."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.rules.testing import Story

DAY = "2026-03-02"


def test_ac_01_one_point_for_every_whole_ten_dollars() -> None:
    """Square, square-python-sdk reference/types (spend rule): 1 point per $10."""
    story = Story("""
        programme = "Square"
        zone = "UTC"
        currency = "USD"
        [rules.points_per_spend]
        points = 1
        per = 10
    """)

    story.purchase("ann", "105.00", at=DAY)

    assert story.balance("ann") == 10  # $105 / $10 = 10 whole steps, $5 left over


def test_ac_06_the_remainder_is_dropped() -> None:
    """Adobe Commerce, experienceleague, reward exchange rates: $2.00 = 10 points."""
    story = Story("""
        programme = "Adobe"
        zone = "UTC"
        currency = "USD"
        [rules.points_per_spend]
        points = 10
        per = 2.00
    """)

    story.purchase("ann", "7.00", at=DAY)

    assert story.balance("ann") == 30  # $7 / $2 = 3 whole steps; 3 * 10 = 30; $1 is dropped


BASKET: tuple[dict[str, Any], ...] = (
    {"sku": "SKU123", "labels": ["red"], "amount": "12.00"},
    {"sku": "SKU000", "labels": ["blue"], "amount": "100.00"},
    {"sku": "0001", "labels": ["delivery"], "amount": "40.00"},
)


def earned_by_the_basket(parameters: str) -> int:
    """Return what Open Loyalty's basket earns at 4 points a unit of currency."""
    story = Story(f"""
        programme = "Open Loyalty"
        zone = "UTC"
        currency = "EUR"
        [rules.points_per_spend]
        points = 4
        {parameters}
    """)
    story.purchase("ann", "152.00", currency="EUR", lines=BASKET, at=DAY)
    return story.balance("ann")


def test_ac_09_four_points_for_every_unit_of_currency() -> None:
    """Open Loyalty, OloyEarningRuleEvaluatorTest.php."""
    assert earned_by_the_basket("") == 608  # (12 + 100 + 40) * 4 = 152 * 4


@pytest.mark.parametrize(
    ("parameters", "points"),
    [
        pytest.param('exclude = {skus = ["SKU000"]}', 208, id="exclude SKU000"),  # (12 + 40) * 4
        pytest.param('exclude = {labels = ["red"]}', 560, id="exclude red"),  # (100 + 40) * 4
        pytest.param('include = {labels = ["red"]}', 48, id="only red"),  # 12 * 4
        pytest.param(
            'exclude = {labels = ["red", "delivery"]}', 400, id="exclude red and delivery"
        ),  # 100 * 4
    ],
)
def test_ac_10_lines_that_do_not_count_earn_nothing(parameters: str, points: int) -> None:
    """Open Loyalty, OloyEarningRuleEvaluatorTest.php."""
    assert earned_by_the_basket(parameters) == points


@pytest.mark.parametrize(
    ("rules", "points"),
    [
        # 152 * 10 + 152 * 4 = 1520 + 608
        (
            "[rules.ten]\nuse='points_per_spend'\npoints=10\n[rules.four]\nuse='points_per_spend'\npoints=4",
            2128,
        ),
        # 152 * 4 + 100 = 608 + 100
        ("[rules.points_per_spend]\npoints=4\n[rules.item_bonus]\npoints=100\nskus=['SKU123']", 708),
        # (12 * 3 + 100 + 40) * 4 = 176 * 4
        ("[rules.points_per_spend]\npoints=4\nmultipliers=[{labels=['red'], factor=3}]", 704),
    ],
    ids=["two rules", "an item's bonus", "red counts three times"],
)
def test_ac_11_rules_add_up(rules: str, points: int) -> None:
    """Open Loyalty, OloyEarningRuleEvaluatorTest.php."""
    story = Story(f"programme='Open Loyalty'\nzone='UTC'\ncurrency='EUR'\n{rules}")
    story.purchase("ann", "152.00", currency="EUR", lines=BASKET, at=DAY)

    assert story.balance("ann") == points


def test_ac_13_an_order_below_the_minimum_earns_nothing() -> None:
    """Open Loyalty, OloyEarningRuleEvaluatorTest.php: minimum order 300 on an order of 152."""
    assert earned_by_the_basket("minimum_order = 300") == 0  # 152 < 300


def test_ac_13_an_order_of_exactly_the_minimum_earns() -> None:
    """Our reading of "minimum": the boundary is inside."""
    assert earned_by_the_basket("minimum_order = 152") == 608  # 152 ≥ 152; 152 * 4
