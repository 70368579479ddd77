"""Caps: at most so many points for a fact, in a period, in all."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def shop(parameters: str, *, zone: str = "UTC", more: str = "") -> Story:
    return Story(f"""
        programme = "Caps"
        zone = "{zone}"
        currency = "USD"
        [rules.points_per_spend]
        [rules.cap]
        {parameters}
        [rules.clawback]
        {more}
    """)


def earned(story: Story, *purchases: tuple[str, str]) -> int:
    for at, amount in purchases:
        story.purchase("ann", amount, at=at)
    return story.balance("ann")


@pytest.mark.parametrize(("amount", "points"), [("99.00", 99), ("100.00", 100), ("101.00", 100)])
def test_one_fact_earns_at_most_so_much(amount: str, points: int) -> None:
    assert earned(shop("event = 100"), ("2026-03-02", amount), ("2026-03-02", "1.00")) == points + 1


@pytest.mark.parametrize(
    ("period", "inside", "outside"),
    [
        ("day", "2026-03-02T23:59:59Z", "2026-03-03"),
        ("week", "2026-03-08T23:59:59Z", "2026-03-09"),  # 2 March 2026 is a Monday
        ("month", "2026-03-31T23:59:59Z", "2026-04-01"),
        ("year", "2026-12-31T23:59:59Z", "2027-01-01"),
    ],
)
def test_a_period_has_room_for_so_much(period: str, inside: str, outside: str) -> None:
    story = shop(f"{period} = 100")

    assert earned(story, ("2026-03-02", "60.00"), (inside, "60.00")) == 100
    assert earned(story, (inside, "1.00")) == 100
    assert earned(story, (outside, "60.00")) == 160


def test_december_is_a_month_too() -> None:
    story = shop("month = 100")

    assert earned(story, ("2026-12-31", "150.00"), ("2027-01-01", "150.00")) == 200


def test_in_all_means_for_ever() -> None:
    story = shop("total = 100")

    assert earned(story, ("2026-03-02", "60.00"), ("2036-03-02", "60.00"), ("2046-03-02", "9.00")) == 100


def test_the_tightest_holds() -> None:
    story = shop("event = 80\nday = 100\ntotal = 120")

    assert earned(story, ("2026-03-02", "90.00")) == 80  # event
    assert earned(story, ("2026-03-02", "90.00")) == 100  # day
    assert earned(story, ("2026-03-03", "90.00")) == 120  # total


def test_a_day_is_one_of_the_programmes_zone() -> None:
    story = shop("day = 100", zone="America/New_York")

    # 23:59 and, after it, 00:01 in New York.
    assert earned(story, ("2026-03-02T04:59:00Z", "150.00"), ("2026-03-02T05:01:00Z", "150.00")) == 200


def test_what_was_cut_is_explained() -> None:
    story = shop("day = 100")
    earned(story, ("2026-03-02", "60.00"), ("2026-03-02", "60.00"))

    assert [note.text for note in story.notes() if note.rule == "cap@1"] == [
        "60 points earned, 60 of 100 on 2026-03-02 used: 40 left, 20 cut",
        "at most 100 points on 2026-03-02: 40 of 60 given",
    ]


def test_the_last_award_gives_first() -> None:
    story = shop("event = 110", more="[rules.promotion]\npoints = 30")
    earned(story, ("2026-03-02", "100.00"))

    assert [entry.points for entry in story.entries()] == [100, 10]


def test_a_return_makes_room_again() -> None:
    story = shop("day = 100")
    story.purchase("ann", "150.00", at="2026-03-02T10:00:00Z", order="A")
    story.given("ann", "purchase.returned", at="2026-03-05", order="A", amount="90.00", currency="USD")
    assert story.balance("ann") == 40  # 100 × 60 / 150

    # Late, on the day that has room for 60 again.
    assert earned(story, ("2026-03-02T12:00:00Z", "80.00")) == 100
    assert earned(story, ("2026-03-05T12:00:00Z", "80.00")) == 180  # the return's own day is untouched


def test_a_late_purchase_uses_the_room_of_its_own_day() -> None:
    story = shop("day = 100")

    assert earned(story, ("2026-03-02", "80.00"), ("2026-03-05", "80.00"), ("2026-03-02", "80.00")) == 180


@pytest.mark.parametrize(
    ("since", "points"),
    [("2025-01-28", 200), ("2025-01-27", 100)],
)
def test_sums_of_days_are_kept_for_400_days(since: str, points: int) -> None:
    # 400 days up to 3 March 2026, that day included, begin on 28 January 2025.
    assert earned(shop("day = 100"), ("2026-03-03", "100.00"), (since, "150.00")) == points


def test_activities_are_capped_with_purchases() -> None:
    more = '[rules.activity_points]\npoints = 30\nactivities = ["training"]'
    story = shop("day = 100", more=more)
    story.purchase("ann", "80.00", at="2026-03-02")
    story.given("ann", "activity.recorded", at="2026-03-02", activity="training")

    assert story.balance("ann") == 100


def test_what_persons_give_is_no_matter_of_caps() -> None:
    story = shop("total = 100", more="[rules.adjustments]")
    story.given("ann", "points.adjusted", at="2026-03-01", points=500, reason="a gesture", approver="eve")

    assert earned(story, ("2026-03-02", "150.00")) == 600


def test_a_capped_award_goes_back_as_it_was_given() -> None:
    story = shop("event = 100")
    story.purchase("ann", "150.00", at="2026-03-02", order="A")
    story.given("ann", "purchase.returned", at="2026-03-03", order="A", amount="75.00", currency="USD")
    assert story.balance("ann") == 50

    story.given("ann", "purchase.returned", at="2026-03-04", order="A")
    assert story.balance("ann") == 0


@pytest.mark.parametrize("parameters", ["", "day = -1", "decade = 5", "day = 0"])
def test_parameters_are_checked(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        shop(parameters)
