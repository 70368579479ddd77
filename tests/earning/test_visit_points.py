"""Points for coming: each order, or each day."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def shop(parameters: str = "", zone: str = "UTC") -> Story:
    return Story(f"""
        programme = "Visits"
        zone = "{zone}"
        currency = "USD"
        [rules.visit_points]
        points = 5
        {parameters}
        [rules.clawback]
    """)


def bought(story: Story, *orders: str, at: str = "2026-03-02", amount: str = "10.00", **fields: Any) -> None:
    for order in orders:
        story.purchase("ann", amount, at=at, order=order, **fields)


def test_every_order_is_a_visit() -> None:
    story = shop()
    bought(story, "A", "B")
    story.purchase("ann", "1.00", at="2026-03-02")  # of no order

    assert story.balance("ann") == 15


def test_more_of_the_same_order_is_none() -> None:
    story = shop()
    bought(story, "A", "A")

    assert story.balance("ann") == 5
    assert [note.text for note in story.notes() if note.is_refusal] == ["more of an order told before"]


@pytest.mark.parametrize(("days", "points"), [(31, 5), (32, 10)])
def test_an_order_is_remembered_for_31_days(days: int, points: int) -> None:
    story = Story(
        'programme="x"\nzone="UTC"\ncurrency="USD"\n[rules.visit_points]\npoints = 5'
    )  # nothing else remembers
    bought(story, "A", at="2026-03-01")
    bought(story, "A", at="2026-04-01" if days == 31 else "2026-04-02")

    assert story.balance("ann") == points


def test_an_order_that_came_back_and_is_bought_again_is_one_visit() -> None:
    story = shop()
    bought(story, "A")
    story.given("ann", "purchase.returned", at="2026-03-03", order="A")
    bought(story, "A", at="2026-03-04")

    assert story.balance("ann") == 5  # 5 - 5 + 5


@pytest.mark.parametrize(("at", "points"), [("2026-03-02T23:59:59Z", 5), ("2026-03-03", 10)])
def test_a_day_can_be_one_visit(at: str, points: int) -> None:
    story = shop('each = "day"')
    bought(story, "A")
    bought(story, "B", at=at)

    assert story.balance("ann") == points


def test_a_day_is_one_of_the_programmes_zone() -> None:
    story = shop('each = "day"', zone="Europe/Berlin")
    bought(story, "A", at="2026-03-28T22:59:00Z")  # 23:59 of the 28th
    bought(story, "B", at="2026-03-28T23:01:00Z")  # 00:01 of the 29th, whose clocks go forward at 2
    bought(story, "C", at="2026-03-29T21:59:00Z")  # 23:59 of the 29th: 23 hours long

    assert story.balance("ann") == 10


def test_the_first_purchase_that_qualifies_is_the_visit() -> None:
    story = shop('each = "day"\nminimum_order = 10')
    bought(story, "A", amount="9.99")
    bought(story, "B", amount="10.00")

    assert story.balance("ann") == 5


def test_a_day_whose_visit_came_back_has_room_for_another() -> None:
    story = shop('each = "day"')
    bought(story, "A")
    story.given("ann", "purchase.returned", at="2026-03-02T10:00:00Z", order="A")
    bought(story, "B", at="2026-03-02T11:00:00Z")
    bought(story, "C", at="2026-03-02T12:00:00Z")

    assert story.balance("ann") == 5


def test_a_late_purchase_is_a_visit_of_its_own_day() -> None:
    story = shop('each = "day"')
    bought(story, "A", at="2026-03-05")
    bought(story, "B", at="2026-03-03")
    bought(story, "C", at="2026-03-03")

    assert story.balance("ann") == 10


@pytest.mark.parametrize(("at", "points"), [("2026-05-09", 10), ("2026-05-08", 5)])
def test_a_day_is_remembered_for_64_days(at: str, points: int) -> None:
    # 11 July is 63 days after 9 May, and 64 after 8 May, whose place it has taken.
    story = shop('each = "day"')
    bought(story, "A", at="2026-07-11")
    bought(story, "B", at=at)

    assert story.balance("ann") == points


@pytest.mark.parametrize(
    ("fields", "points"),
    [
        ({"channel": "shop", "store": "one"}, 5),
        ({"channel": "web", "store": "one"}, 0),
        ({"channel": "shop", "store": "two"}, 0),
        ({}, 0),
    ],
)
def test_only_some_channels_and_stores(fields: dict[str, str], points: int) -> None:
    story = shop('channels = ["shop"]\nstores = ["one"]')
    bought(story, "A", **fields)

    assert story.balance("ann") == points


@pytest.mark.parametrize(
    ("parameters", "currency", "points"),
    [("", "EUR", 5), ("minimum_order = 10", "EUR", 0), ("minimum_order = 10", "USD", 5)],
)
def test_a_minimum_is_one_of_the_programmes_currency(parameters: str, currency: str, points: int) -> None:
    story = shop(parameters)
    bought(story, "A", currency=currency)

    assert story.balance("ann") == points


@pytest.mark.parametrize("parameters", ["minimum_order = -1", "minimum_order = 0.001", 'each = "week"'])
def test_parameters_are_checked(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        shop(parameters)
