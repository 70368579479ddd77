"""CASES.md, points as payment: what they are worth, the least and the most of them."""

from __future__ import annotations

from typing import Any

import pytest

from deciding.counter import CATALOGUE, NOW_US, decide, record, refusal
from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Decision, Redeem
from loyalty_ledger.rules.governing import create_ledger

HEAD = """
programme = "Paying"
zone = "UTC"
currency = "{currency}"
[rules.points_per_spend]
[rules.redemption]
"""


@pytest.fixture
def empty(database: Database) -> Database:
    return database


def shop(database: Database, parameters: str, earned: str, currency: str = "USD") -> Database:
    """Open a ledger in which ann has earned a point a unit of currency, and points pay as told."""
    programme = HEAD.format(currency=currency) + parameters
    create_ledger(
        database.url, CATALOGUE, programme, at="shop.toml", ledger_id="shop", now_us=NOW_US - 11 * DAY_US
    )
    data = {"currency": currency, "amount": earned}
    record(database, "purchase.recorded", "ann", data, at_us=NOW_US - DAY_US)
    return database


def redeem(database: Database, points: int, **order: Any) -> Decision:
    return decide(database, Redeem(member="ann", points=points, **order))


def told(decision: Decision) -> tuple[int, int]:
    """Return the points spent and the minor units they paid."""
    data: Any = decision.data
    return data.points, data.value_minor


def test_ac_07_25_points_are_worth_5_dollars(empty: Database) -> None:
    shop(empty, 'value = "5.00"\nvalue_points = 25\n', "100.00")

    assert told(redeem(empty, 25)) == (25, 500)


def test_ac_31_a_minimum_discount_of_5_dollars_needs_50_points(empty: Database) -> None:
    """10 points are a dollar: 5 dollars are 50 points."""
    shop(empty, 'value = "1.00"\nvalue_points = 10\nminimum_value = "5.00"\n', "100.00")

    assert refusal(empty, Redeem(member="ann", points=49)).code == "below-minimum"
    assert told(redeem(empty, 50)) == (50, 500)


def test_ac_32_five_products_take_15_dollars_each(empty: Database) -> None:
    """1,000 points are 100 dollars; five products, each at most 15: 75 dollars, 750 points."""
    shop(
        empty, 'value = "1.00"\nvalue_points = 10\nmost_per_line = "15.00"\non_exceed = "clamp"\n', "1000.00"
    )

    assert told(redeem(empty, 1000, lines_minor=(3000,) * 5)) == (750, 7500)


def test_ac_32_a_cheap_product_takes_its_price(empty: Database) -> None:
    """15 + 15 + 4 = 34 dollars, 340 points."""
    shop(
        empty, 'value = "1.00"\nvalue_points = 10\nmost_per_line = "15.00"\non_exceed = "clamp"\n', "1000.00"
    )

    assert told(redeem(empty, 1000, lines_minor=(3000, 1500, 400))) == (340, 3400)


@pytest.mark.parametrize(("points", "to_pay"), [(20, 6000), (50, 0)])
def test_ac_33_cashback_of_2_euro_a_point(empty: Database, points: int, to_pay: int) -> None:
    """Of an order of 100 euro, 20 points pay 40 and 50 points pay 100."""
    shop(empty, 'value = "2.00"\n', "100.00", "EUR")

    _, paid_minor = told(redeem(empty, points, order_minor=10_000))

    assert 10_000 - paid_minor == to_pay


def test_ac_33_an_order_takes_no_more_than_it_costs(empty: Database) -> None:
    shop(empty, 'value = "2.00"\n', "100.00", "EUR")

    assert refusal(empty, Redeem(member="ann", points=51, order_minor=10_000)).code == "exceeds-order"


def test_ac_64_3030_points_at_3_cents_are_90_90_exactly(empty: Database) -> None:
    shop(empty, 'value = "0.03"\n', "3030.00")

    assert told(redeem(empty, 3030)) == (3030, 9090)


def test_points_pay_at_most_their_share_of_an_order(empty: Database) -> None:
    """Half of 30.01 is 15.005, rounded down 15.00: 150 points of ten cents; a step of 100 leaves 100."""
    shop(empty, 'value = "0.10"\nmost_percent = 50\n', "500.00")

    assert refusal(empty, Redeem(member="ann", points=50)).code == "order-needed"
    assert refusal(empty, Redeem(member="ann", points=151, order_minor=3001)).code == "exceeds-order"
    assert told(redeem(empty, 150, order_minor=3001)) == (150, 1500)


@pytest.mark.parametrize(("points", "code"), [(99, "below-minimum"), (150, "not-a-step")])
def test_points_are_spent_in_steps(empty: Database, points: int, code: str) -> None:
    shop(empty, "step = 100\nminimum = 50\n", "500.00")

    assert refusal(empty, Redeem(member="ann", points=points)).code == code
    assert redeem(empty, 200).balance_points == 300


def test_clamped_to_the_balance_it_stays_a_step(empty: Database) -> None:
    shop(empty, 'step = 100\non_short = "clamp"\n', "250.00")

    assert redeem(empty, 300).balance_points == 50
