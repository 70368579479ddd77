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


def earned(rules: str, amount: str, **fields: Any) -> int:
    """Return what one purchase in dollars earns."""
    story = Story(f'programme = "A case"\nzone = "UTC"\ncurrency = "USD"\n{rules}')
    story.purchase("ann", amount, at=DAY, **fields)
    return story.balance("ann")


@pytest.mark.parametrize(
    ("amount", "promotion", "points"),
    [
        ("5.00", "percent = 300", 15),  # 5 * 3
        ("4.00", "percent = 150", 6),  # 4 * 1.5
        ("5.00", "percent = 150", 7),  # 5 * 1.5 = 7.5, fraction dropped
        ("5.00", "points = 3", 8),  # 5 + 3
    ],
)
def test_ac_02_a_promotion_multiplies_or_adds(amount: str, promotion: str, points: int) -> None:
    """Square, loyalty_promotion_incentive_points_multiplier_data.py and …points_addition_data.py."""
    rules = f"""
        [rules.points_per_spend]
        [rules.promotion]
        {promotion}
    """
    assert earned(rules, amount) == points


def test_ac_04_only_the_rule_that_grants_most_applies() -> None:
    """Square, reference.md: several accrual rules match one purchase. The numbers are ours."""
    story = Story("""
        programme = "Square"
        zone = "UTC"
        currency = "USD"
        [stacking]
        accrual = "best"
        [rules.spend]
        use = "points_per_spend"
        group = "accrual"
        per = 10
        [rules.visit]
        use = "visit_points"
        group = "accrual"
        points = 5
        [rules.item]
        use = "item_bonus"
        group = "accrual"
        points = 8
        skus = ["SKU123"]
    """)
    story.purchase("ann", "105.00", at=DAY)
    # 10 by spend (105 / 10), 5 for the visit, 0 for items: 10
    assert story.balance("ann") == 10

    story.purchase("bob", "21.00", lines=[{"sku": "SKU123", "amount": "21.00"}], at=DAY)
    # 2 by spend, 5 for the visit, 8 for the item: 8
    assert story.balance("bob") == 8
    losers = {note.rule for note in story.notes() if note.is_refusal and note.member == "bob"}
    assert losers == {"spend@1", "visit@1"}


def test_ac_14_a_rule_that_stops_lets_no_later_rule_earn() -> None:
    """Open Loyalty, OloyEarningRuleEvaluatorTest.php: A 1 a unit, B 1 a unit and stoppable, C 10 a unit."""
    story = Story("""
        programme = "Open Loyalty"
        zone = "UTC"
        currency = "EUR"
        [rules.a]
        use = "points_per_spend"
        priority = 1
        [rules.b]
        use = "points_per_spend"
        priority = 2
        stacks = "stop"
        [rules.c]
        use = "points_per_spend"
        priority = 3
        points = 10
    """)
    story.purchase("ann", "152.00", currency="EUR", lines=BASKET, at=DAY)

    assert story.balance("ann") == 304  # 152 * 1 + 152 * 1; C is not asked
    assert {note.rule for note in story.notes() if note.is_refusal} == {"c@1"}


@pytest.mark.parametrize(
    ("more", "points"),
    [
        pytest.param("", 100, id="with lower rules"),  # the 40 points of the spend rule are not given
        pytest.param(
            '[rules.first]\nuse = "visit_points"\npoints = 200\nstacks = "alone"\npriority = 1', 200,
            id="two of them: priority decides",
        ),
    ],
)  # fmt: skip
def test_ac_20_a_rule_that_does_not_stack_stands_alone(more: str, points: int) -> None:
    """Setono: a non-stackable fixed 100 with lower rules; two non-stackable ones."""
    rules = f"""
        [rules.points_per_spend]
        priority = 3
        [rules.fixed]
        use = "visit_points"
        points = 100
        stacks = "alone"
        priority = 2
        {more}
    """
    assert earned(rules, "40.00") == points


def test_ac_17_each_rule_rounds_for_itself_and_the_breakdown_shows_it() -> None:
    """Setono, tests/Rule/EarningCalculatorTest.php: 19.99 at 1 per 1.00 (rule 7) and 1 per 2.00 (rule 5)."""
    story = Story("""
        programme = "Setono"
        zone = "UTC"
        currency = "EUR"
        [rules.rule_7]
        use = "points_per_spend"
        per = 1
        [rules.rule_5]
        use = "points_per_spend"
        per = 2
    """)
    story.purchase("ann", "19.99", currency="EUR", at=DAY)

    breakdown = {entry.rule: entry.points for entry in story.entries()}
    assert breakdown == {"rule_7@1": 19, "rule_5@1": 9}  # 19.99 / 1 = 19 steps; 19.99 / 2 = 9 steps
    assert story.balance("ann") == 28  # 19 + 9


def test_ac_19_three_points_for_every_unit_of_currency() -> None:
    """Setono, tests/Rule/EarningCalculatorTest.php: 40.00 at 3 points per 1.00."""
    assert earned("[rules.points_per_spend]\npoints = 3", "40.00") == 120  # 40 * 3


@pytest.mark.parametrize(
    ("amount", "points"),
    [
        ("196000.00", 196),  # reaches 100,000, not 300,000: 196,000 / 1,000; the bug took 196,000 / 900 = 217
        ("20000.00", 0),  # below the first tier; the issue expects 0 too
    ],
)
def test_ac_21_the_tier_that_was_reached_decides_the_rate(amount: str, points: int) -> None:
    """ERPNext, frappe/erpnext/issues/33550: from 100,000 spent 1 point per 1,000, from 300,000 1 per 900."""
    rules = """
        [rules.points_per_spend]
        steps = [{spent = 100000, per = 1000}, {spent = 300000, per = 900}]
    """
    assert earned(rules, amount) == points


ODOO: dict[str, Any] = {
    "lines": [{"sku": "chair", "category": "furniture", "amount": "100.00"}],
    "discounts": [{"amount": "10.00", "kind": "promotion", "code": "10 % off"}],
}


@pytest.mark.parametrize(
    ("parameters", "points"),
    [
        pytest.param("", 90, id="what was paid counts"),  # 100 - 10 %
        pytest.param(
            'include = {categories = ["furniture"]}', 100, id="the discount lies outside the rule's products"
        ),
        pytest.param(
            'include = {categories = ["furniture"]}\nbasis = {spread_discounts = true}', 90,
            id="policy: lines bear the order's discount",
        ),
    ],
)  # fmt: skip
def test_ac_23_a_promotion_lowers_what_counts_unless_it_lies_outside(parameters: str, points: int) -> None:
    """Odoo, addons/sale_loyalty: $100 order, 1 point per $, 10 % off the order."""
    assert earned(f"[rules.points_per_spend]\n{parameters}", "90.00", **ODOO) == points


@pytest.mark.parametrize(
    ("payments", "parameters", "points"),
    [
        ([("eWallet", "10.00"), ("card", "90.00")], "", 100),
        ([("gift card", "50.00"), ("card", "50.00")], "", 100),
        # The other policy: 100 - 50.
        ([("gift card", "50.00"), ("card", "50.00")], 'basis = {without_means = ["gift card"]}', 50),
    ],
    ids=["eWallet", "gift card", "policy: not what the gift card paid"],
)
def test_ac_24_a_means_of_payment_is_no_discount(
    payments: list[tuple[str, str]], parameters: str, points: int
) -> None:
    """Odoo, addons/sale_loyalty: $100 order, of which an eWallet pays 10, or a gift card 50."""
    paid = [{"means": means, "amount": amount} for means, amount in payments]
    assert earned(f"[rules.points_per_spend]\n{parameters}", "100.00", payments=paid) == points


@pytest.mark.parametrize(("currency", "points"), [("EUR", 11), ("USD", 22)])
def test_ac_25_another_currency_can_earn_at_another_rate(currency: str, points: int) -> None:
    """Antavo: 10 % on 100 + 10 in EUR; 20 % where the same 110 is in USD."""
    story = Story("""
        programme = "Antavo"
        zone = "UTC"
        currency = "EUR"
        [rules.ten_percent]
        use = "points_per_spend"
        per = 10
        [rules.twenty_percent_in_dollars]
        use = "points_per_spend"
        per = 5
        currency = "USD"
    """)
    story.purchase("ann", "100.00", currency=currency, at=DAY)
    story.purchase("ann", "10.00", currency=currency, at=DAY)

    assert story.balance("ann") == points  # 100 / 10 + 10 / 10; 100 / 5 + 10 / 5


@pytest.mark.parametrize(("rounding", "points"), [("half-up", 3), ("up", 3), ("down", 2)])
def test_ac_27_half_a_point_is_rounded_as_named(rounding: str, points: int) -> None:
    """WooCommerce Points and Rewards: 2.50 points to the nearest, up, down."""
    assert earned(f'[rules.points_per_spend]\nrounding = "{rounding}"', "2.50") == points


def test_ac_29_a_coupon_lowers_what_counts_and_a_full_return_takes_it_all() -> None:
    """Smile.io: $50 less a coupon of $10, 1 point per $; full return -40."""
    story = Story("""
        programme = "Smile"
        zone = "UTC"
        currency = "USD"
        [rules.points_per_spend]
        [rules.clawback]
    """)
    coupon = [{"amount": "10.00", "kind": "coupon"}]
    story.purchase("ann", "40.00", order="A", discounts=coupon, at=DAY)
    assert story.balance("ann") == 40  # 50 - 10

    story.given("ann", "purchase.returned", order="A", at="2026-03-03")
    assert [entry.points for entry in story.entries()] == [40, -40]
