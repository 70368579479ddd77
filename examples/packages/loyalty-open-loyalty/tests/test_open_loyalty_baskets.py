"""The basket of Open Loyalty's own tests, rule by rule; README.md has the addresses.

Item 123 is red and costs 12, item 000 is blue and costs 100, item 0001 is the delivery and costs 40.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from loyalty_ledger.rules.testing import Story

EXAMPLE = (Path(__file__).resolve().parents[1] / "open_loyalty.toml").read_text(encoding="utf-8")
BASKET: dict[str, Any] = {
    "currency": "EUR",
    "lines": [
        {"sku": "123", "labels": ["color:red"], "amount": "12.00"},
        {"sku": "000", "labels": ["color:blue"], "amount": "100.00"},
        {"sku": "0001", "amount": "40.00"},
    ],
}


def shop(*earning_rules: str, more: str = "") -> Story:
    rules = "".join(
        f'\n[[rules.open_loyalty_earning.earning_rules]]\nname = "Test {number}"\n{text}'
        for number, text in enumerate(earning_rules, start=1)
    )
    return Story(
        'programme = "Open Loyalty"\nzone = "UTC"\ncurrency = "EUR"\n'
        f'[rules.open_loyalty_earning]\ndelivery_skus = ["0001"]\n{more}\n{rules}'
    )


def earned(*earning_rules: str, more: str = "") -> int:
    story = shop(*earning_rules, more=more)
    story.purchase("ann", "152.00", at="2026-03-02", **BASKET)
    return story.balance("ann")


def spending(point_value: str = "4", more: str = "") -> str:
    return f'type = "general_spending"\npoint_value = {point_value}\n{more}\n'


def multiply(multiplier: int, which: str, more: str = "") -> str:
    return f'type = "multiply_for_product"\nmultiplier = {multiplier}\n{which}\n{more}\n'


def by_labels(*labels: tuple[str, int]) -> str:
    parts = ", ".join(f'{{label = "{label}", multiplier = {multiplier}}}' for label, multiplier in labels)
    return f'type = "multiply_by_product_labels"\nlabel_multipliers = [{parts}]\n'


def product(sku: str, points: int, more: str = "") -> str:
    return f'type = "product_purchase"\nsku_ids = ["{sku}"]\npoints_amount = {points}\n{more}\n'


NO_RED = 'labels_inclusion_type = "exclude_labels"\nexcluded_labels = ["color:red"]'
ONLY_RED = """
    labels_inclusion_type = "include_labels"
    included_labels = ["color:red"]
    excluded_labels = ["color:red"]
"""
NO_DELIVERY = "exclude_delivery_cost = true"
RED, BLUE = 'labels = ["color:red"]', 'labels = ["color:blue"]'
LAST = "is_last_executed = true"


@pytest.mark.parametrize(
    ("rules", "points"),
    [
        pytest.param([spending()], 608, id="4 a unit"),  # (12 + 100 + 40) × 4 = 152 × 4
        pytest.param([spending(more='excluded_skus = ["000"]')], 208, id="without 000"),  # (12 + 40) × 4
        pytest.param([spending(more=NO_RED)], 560, id="without red"),  # (100 + 40) × 4
        pytest.param([spending(more=ONLY_RED)], 48, id="only red, excluded or not"),  # 12 × 4
        pytest.param([spending(more=f"{NO_RED}\n{NO_DELIVERY}")], 400, id="without red, delivery"),  # 100 × 4
        pytest.param([product("000", 200)], 200, id="a product"),
        pytest.param([spending("10"), spending("4")], 2128, id="two rules"),  # 1520 + 608
        pytest.param([product("123", 100), spending()], 708, id="a product and spending"),  # 608 + 100
        pytest.param([spending(), multiply(3, 'sku_ids = ["123"]')], 704, id="×3 by SKU"),  # 12×4×3 + 140×4
        pytest.param([spending(), multiply(3, RED)], 704, id="×3 by label"),  # 144 + 560
        pytest.param([spending(), by_labels(("color:red", 3))], 704, id="labels: red ×3"),  # 144 + 560
        pytest.param(
            # 48 × 3 + 400 × 6 + 160 = 144 + 2400 + 160
            [spending(), by_labels(("color:red", 3), ("color:blue", 6))], 2704, id="labels: red ×3, blue ×6",
        ),
        pytest.param(
            # 48 × 0 + 400 × 2 + 160
            [spending(), by_labels(("color:red", 0), ("color:blue", 2), ("size:xxl", 2))], 960,
            id="labels: red ×0, blue ×2, one that nothing has",
        ),
        pytest.param(
            [spending(), by_labels(("color:red", 0), ("color:blue", 0))], 160, id="labels: delivery alone",
        ),
        pytest.param(
            # 48 + 400 × 2 + 160
            [spending(), by_labels(("color:blue", 2), ("color:orange", 3))], 1008, id="labels: blue ×2",
        ),
        pytest.param([spending(more="min_order_value = 100")], 608, id="above the minimum"),  # 152 ≥ 100
        pytest.param([spending(more="min_order_value = 300")], 0, id="below the minimum"),  # 152 < 300
        pytest.param([spending(more="min_order_value = 152")], 608, id="exactly the minimum"),  # our reading
        pytest.param(
            # 12 × 14 × 3 + 100 × 14 × 5 + 40 × 14 + 200 = 504 + 7000 + 560 + 200
            [spending("4"), spending("10"), multiply(3, RED), multiply(5, BLUE), product("000", 200)], 8264,
            id="five rules in their sequence",
        ),
        pytest.param(
            [spending("1"), spending("1", LAST), spending("10")], 304, id="the last one",  # 152 + 152
        ),
        pytest.param(
            # 152 + 152 × 2: the second is below its minimum, so it stops nothing
            [spending("1"), spending("1", f"{LAST}\nmin_order_value = 1000000"), spending("2")], 456,
            id="what is not executed stops nothing",
        ),
    ],
)  # fmt: skip
def test_the_basket_earns_what_the_evaluators_tests_say(rules: list[str], points: int) -> None:
    """OloyEarningRuleEvaluatorTest: each of its baskets, with its number."""
    assert earned(*rules) == points


def test_a_statement_names_the_rules_that_were_executed() -> None:
    """OloyEarningRuleEvaluatorTest, the comment: 1216 points by "Test 1, Test 2"."""
    story = shop(spending(), multiply(2, 'sku_ids = ["123", "000", "0001"]'))
    story.purchase("ann", "152.00", at="2026-03-02", **BASKET)

    # 152 × 4 × 2
    assert [(entry.points, entry.reason) for entry in story.entries()] == [(1216, "Test 1, Test 2")]


def test_why_nothing_was_earned_is_told_of_each_rule() -> None:
    story = shop(spending(more="min_order_value = 300"), product("999", 5))
    story.purchase("ann", "152.00", at="2026-03-02", **BASKET)

    assert [note.text for note in story.notes() if note.is_refusal] == [
        "Test 1: the order is below 300; Test 2: no such product"
    ]


def test_products_come_last_wherever_they_are_written() -> None:
    """User guide, earning rule types: spending, multiplication, products. Their points are not multiplied."""
    assert earned(product("123", 100), multiply(3, 'sku_ids = ["123"]'), spending()) == 804  # 704 + 100


def test_a_label_after_the_other_multiplies() -> None:
    """User guide, multiply by labels: first by the multiplier of the one, then by that of the other."""
    story = shop(spending("1"), by_labels(("kind:trousers", 2), ("kind:jeans", 3)))
    jeans = {"sku": "j", "labels": ["kind:trousers", "kind:jeans"], "amount": "10.00"}
    story.purchase("ann", "10.00", currency="EUR", lines=[jeans], at="2026-03-02")

    assert story.balance("ann") == 60  # 10 × 2 × 3


@pytest.mark.parametrize(
    ("multiplications", "points"),
    [
        ("all", 8064),  # the evaluator's tests: 504 + 7000 + 560
        ("latest", 2464),  # the user guide, only the one edited last: 504 + 1400 + 560
    ],
)
def test_one_multiplication_or_all_is_a_policy(multiplications: str, points: int) -> None:
    """The user guide (earning rule types, note) and the evaluator's own test differ."""
    rules = [spending("4"), spending("10"), multiply(3, RED), multiply(5, BLUE)]

    assert earned(*rules, more=f'multiplications = "{multiplications}"') == points


def test_a_multiplication_that_does_not_apply_leaves_the_place_to_the_next() -> None:
    rules = [spending(), multiply(9, 'labels = ["color:orange"]'), multiply(3, RED)]

    assert earned(*rules, more='multiplications = "latest"') == 704  # 144 + 560


def test_the_flag_of_a_multiplication_stops_products() -> None:
    """User guide, set rule as the last one: rules that come later in the sequence are skipped."""
    assert earned(spending(), multiply(3, RED, LAST), product("123", 100)) == 704


def test_two_points_for_every_dollar() -> None:
    """User guide, general spending rule: with the ratio 2, 2 points for every 1 spent."""
    story = shop(spending("2"))
    story.purchase("ann", "7.00", currency="EUR", at="2026-03-02")

    assert story.balance("ann") == 14


@pytest.mark.parametrize(("rounding", "points"), [("down", 17), ("half-up", 18), ("up", 18)])
def test_half_a_point_is_rounded_as_named(rounding: str, points: int) -> None:
    """Our policy: points are whole. 7.00 × 2.5 = 17.5."""
    story = shop(spending("2.5"), more=f'rounding = "{rounding}"')
    story.purchase("ann", "7.00", currency="EUR", at="2026-03-02")

    assert story.balance("ann") == points


def test_a_rule_holds_in_its_time_at_its_pos_and_for_its_levels() -> None:
    """User guide, activity, POS and target of a rule; the numbers are ours."""
    story = Story("""
        programme = "Open Loyalty"
        zone = "UTC"
        currency = "EUR"
        [rules.open_loyalty_earning]
        earning_rules = [
          {type="general_spending", name="all", point_value=1},
          {type="general_spending", name="from", point_value=10, start_at="2026-03-01T00:00:00Z"},
          {type="general_spending", name="until", point_value=20, end_at="2026-04-01T00:00:00Z"},
          {type="general_spending", name="Wroclaw", point_value=100, pos=["Wroclaw"]},
          {type="general_spending", name="gold", point_value=1000, levels=["Gold"]},
        ]
        [rules.tier]
        use = "tiers"
        window = "lifetime"
        rungs = [{name = "Gold", spend = 100}]
    """)
    euros = {"currency": "EUR"}
    story.purchase("ann", "1.00", at="2026-02-28T23:59:59Z", **euros)  # 1 + 20
    story.purchase("ann", "1.00", at="2026-03-01T00:00:00Z", **euros)  # 1 + 10 + 20
    story.purchase("ann", "1.00", at="2026-04-01T00:00:00Z", store="Wroclaw", **euros)  # 1 + 10 + 100
    story.purchase("ann", "97.00", at="2026-04-02", **euros)  # 97 + 970; with it 100 are spent
    story.purchase("ann", "1.00", at="2026-04-03", **euros)  # 1 + 10 + 1000

    assert [entry.points for entry in story.entries()] == [21, 31, 111, 1067, 1011]


def test_a_returned_item_takes_its_own_points_along() -> None:
    story = shop(spending(), multiply(3, RED), product("000", 200), more="[rules.clawback]")
    story.purchase("ann", "152.00", order="A", at="2026-03-02", **BASKET)
    assert story.balance("ann") == 904  # 144 + 400 + 200 + 160

    story.given("ann", "purchase.returned", at="2026-03-03", order="A", lines=[{"line": 2}])
    assert story.balance("ann") == 304  # 144 + 160: item 000 takes 400 + 200


def test_the_example_programme_earns_and_takes_back_by_share() -> None:
    story = Story(EXAMPLE)
    story.given("ann", "member.enrolled", at="2026-03-01")
    story.purchase("ann", "152.00", order="A", at="2026-03-02", **BASKET)
    assert story.balance("ann") == 200 + 644  # an account; 12 × 4 × 3 + 100 × 4 + 100 = 144 + 400 + 100

    story.given("ann", "purchase.returned", at="2026-03-03", order="A", currency="EUR", amount="76.00")
    assert story.balance("ann") == 200 + 322  # 76 of 152, half of 644


def test_returning_100_of_200_takes_half_of_1000_points() -> None:
    """RevokePointsOnReturnTransactionListenerTest: 1,000 points for 200; 100 come back."""
    story = shop(spending("5"), more='[rules.clawback]\nby = "order"')
    story.purchase("ann", "200.00", order="A", currency="EUR", at="2026-03-02")
    story.given("ann", "purchase.returned", at="2026-03-03", order="A", currency="EUR", amount="100.00")

    assert story.balance("ann") == 500


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (spending("-1"), "point_value"),
        (spending(more='start_at = "yesterday"'), "start_at"),
        (multiply(3, ""), "sku_ids or labels"),
        ('type = "instant_reward"\n', "type"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(wrong: str, told: str) -> None:
    with pytest.raises(Exception, match=told):
        shop(wrong)
