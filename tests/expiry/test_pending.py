"""Pending points: usable at their time or when their order is final, and not before."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import FOREVER_US, rfc3339
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def waiting(params: str, zone: str = "UTC") -> Story:
    return Story(f"""
    programme = "Test"
    zone = "{zone}"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.adjustments]
    [rules.clawback]
    [rules.pending]
    {params}
    """)


def balances(story: Story, member: str = "ann") -> tuple[int, int]:
    """Return what is usable and what is pending."""
    state = story.state(member)
    return state.points, state.pending


DELIVERED = 'activity = "delivered"'


def deliver(story: Story, order: str | None, at: str, member: str = "ann") -> None:
    fields = {} if order is None else {"order": order}
    story.given(member, "activity.recorded", at=at, activity="delivered", **fields)


# -- days ---------------------------------------------------------------------------------------------------


def test_points_become_usable_at_the_instant_not_before() -> None:
    story = waiting("days = 14")
    story.purchase("ann", "10.00", at="2026-01-15T12:00:00Z")
    assert balances(story) == (0, 10)

    story.advance("2026-01-29T11:59:59.999999Z")
    assert balances(story) == (0, 10)
    story.advance("2026-01-29T12:00:00Z")
    assert balances(story) == (10, 0)


def test_a_redemption_at_that_instant_finds_them() -> None:
    story = waiting("days = 14")
    story.purchase("ann", "10.00", at="2026-01-15T12:00:00Z")
    story.redeem("ann", 10, at="2026-01-29T12:00:00Z")

    assert balances(story) == (0, 0)
    assert story.folded().flags == []


@pytest.mark.parametrize(
    ("params", "earned", "usable"),
    [
        ("months = 1", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"),
        ("months = 1", "2028-01-31T12:00:00Z", "2028-02-29T12:00:00Z"),
        ("months = 1", "2026-03-15T11:00:00Z", "2026-04-15T10:00:00Z"),  # 12:00 in Berlin, both times
        ("days = 1", "2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z"),  # 24 h over the short day
        ("days = 1", "2026-10-24T10:00:00Z", "2026-10-25T10:00:00Z"),  # and over the long one
    ],
)
def test_months_leap_days_and_the_days_the_clock_changes(params: str, earned: str, usable: str) -> None:
    story = waiting(params, zone="Europe/Berlin")
    story.purchase("ann", "10.00", at=earned)

    assert [rfc3339(lot.usable_us) for lot in story.state("ann").lots] == [usable]


def test_a_late_purchase_has_waited_since_it_happened() -> None:
    story = waiting("days = 14")
    story.purchase("ann", "10.00", at="2026-02-01")
    story.purchase("ann", "7.00", at="2026-01-15")  # 15 + 14 = 29 January has passed

    assert balances(story) == (7, 10)


def test_only_points_of_the_rules_named_wait() -> None:
    story = waiting('days = 14\n rules = ["points_per_spend"]')
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "points.adjusted", at="2026-01-15", points=5, reason="a gesture")

    assert balances(story) == (5, 10)


def test_points_can_expire_while_they_wait() -> None:
    story = waiting("days = 14\n [rules.rolling_expiry]\n days = 14")
    story.purchase("ann", "10.00", at="2026-01-15")
    story.advance("2026-01-29")

    # due at the same instant: first they become usable, then they expire
    assert [(entry.points, entry.pending) for entry in story.entries()] == [(0, 10), (10, -10), (-10, 0)]


# -- until the order is final -------------------------------------------------------------------------------


def test_points_wait_until_their_order_is_final() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    story.purchase("ann", "7.00", at="2026-01-16", order="B")
    story.advance("2026-12-31")
    assert balances(story) == (0, 17)
    assert {lot.usable_us for lot in story.state("ann").lots} == {FOREVER_US}

    deliver(story, "A", "2026-12-31")

    assert balances(story) == (10, 7)
    assert story.entries()[-1].reason == "points become usable: order A is final"


def test_an_order_that_is_final_twice_is_released_once() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    for day in ("2026-01-20", "2026-01-21"):
        deliver(story, "A", day)

    assert balances(story) == (10, 0)
    assert [(entry.points, entry.pending) for entry in story.entries()] == [(0, 10), (10, -10)]


def test_that_an_order_is_final_is_remembered_until_its_purchase_comes() -> None:
    story = waiting(DELIVERED)
    deliver(story, "A", "2026-01-14")
    story.purchase("ann", "7.00", at="2026-01-15", order="B")
    story.purchase("ann", "10.00", at="2026-01-15", order="A")

    assert balances(story) == (10, 7)


def test_another_members_order_of_the_same_number_stays_pending() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    deliver(story, "A", "2026-01-16", member="bob")

    assert balances(story) == (0, 10)


def test_another_activity_releases_nothing() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    story.given("ann", "activity.recorded", at="2026-01-16", activity="shipped", order="A")

    assert balances(story) == (0, 10)


def test_an_activity_without_an_order_releases_nothing_and_says_so() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    deliver(story, None, "2026-01-16")

    assert balances(story) == (0, 10)
    assert [note.text for note in story.notes() if note.rule == "pending@1"] == [
        "delivered: it names no order"
    ]


def test_what_no_order_will_ever_release_does_not_wait() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "points.adjusted", at="2026-01-15", points=5, reason="a gesture")

    assert balances(story) == (15, 0)


def test_with_days_beside_it_they_wait_no_longer_than_that() -> None:
    story = waiting(f"{DELIVERED}\n days = 14")
    for order in ("A", "B"):
        story.purchase("ann", "10.00", at="2026-01-15", order=order)
    story.purchase("ann", "1.00", at="2026-01-15")  # of no order: it has only the days
    deliver(story, "A", "2026-01-20")
    assert balances(story) == (10, 11)

    story.advance("2026-01-28T23:59:59.999999Z")
    assert balances(story) == (10, 11)
    story.advance("2026-01-29")
    assert balances(story) == (21, 0)


def test_pending_points_pay_a_debt_only_when_they_are_released() -> None:
    story = waiting(DELIVERED)
    story.redeem("ann", 4, at="2026-01-14")
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    assert balances(story) == (-4, 10)

    deliver(story, "A", "2026-01-16")
    assert balances(story) == (6, 0)  # 10 - 4


def test_a_return_takes_pending_points_and_the_rest_is_released() -> None:
    story = waiting(DELIVERED)
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    story.given("ann", "purchase.returned", at="2026-01-16", order="A", amount="4.00", currency="USD")
    assert balances(story) == (0, 6)

    deliver(story, "A", "2026-01-17")
    assert balances(story) == (6, 0)


@pytest.mark.parametrize("params", ["", "days = 1\n months = 1"])
def test_points_must_wait_for_something_and_not_for_both(params: str) -> None:
    with pytest.raises(LoyaltyError, match="days"):
        waiting(params)
