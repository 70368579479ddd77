"""Promotions: more of what a purchase has earned, when and where they hold."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def shop(parameters: str, *, zone: str = "UTC", more: str = "") -> Story:
    return Story(f"""
        programme = "Promotions"
        zone = "{zone}"
        currency = "USD"
        [rules.points_per_spend]
        [rules.promotion]
        {parameters}
        {more}
        [rules.clawback]
    """)


def extra(parameters: str, at: str, *, zone: str = "UTC") -> int:
    """Return what a promotion adds to the 10 points of a purchase."""
    story = shop(parameters, zone=zone)
    story.purchase("ann", "10.00", at=at)
    return story.balance("ann") - 10


@pytest.mark.parametrize(
    ("rounding", "points"), [("", 7), ('rounding = "half-up"', 8), ('rounding = "up"', 8)]
)
def test_the_fraction_is_rounded_as_named(rounding: str, points: int) -> None:
    story = shop(f"percent = 150\n{rounding}")
    story.purchase("ann", "5.00", at="2026-03-02")

    assert story.balance("ann") == points  # 5 × 1.5 = 7.5


def test_the_explanation_adds_up() -> None:
    story = shop('percent = 150\ntitle = "spring sale"')
    story.purchase("ann", "5.00", at="2026-03-02")

    assert story.notes()[-1].text == "5 points × 50 %, rounded down = 2 points"
    assert story.entries()[-1].reason == "spring sale: 50 % more"


def test_a_purchase_that_earned_nothing_gets_nothing_on_top() -> None:
    story = shop("points = 3")
    story.purchase("ann", "0.99", at="2026-03-02")

    assert story.balance("ann") == 0


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2026-02-28T23:59:59.999999Z", 0),
        ("2026-03-01", 3),
        ("2026-03-31T23:59:59.999999Z", 3),
        ("2026-04-01", 0),
    ],
)
def test_a_window_of_days_has_both_its_ends(at: str, points: int) -> None:
    assert extra('points = 3\nsince = "2026-03-01"\nuntil = "2026-03-31"', at) == points


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2026-03-01T11:59:59.999999Z", 0),
        ("2026-03-01T12:00:00Z", 3),
        ("2026-03-01T13:59:59.999999Z", 3),
        ("2026-03-01T14:00:00Z", 0),
    ],
)
def test_a_window_of_instants_is_over_at_its_end(at: str, points: int) -> None:
    window = 'since = "2026-03-01T13:00:00+01:00"\nuntil = "2026-03-01T14:00:00Z"'
    assert extra(f"points = 3\n{window}", at) == points


@pytest.mark.parametrize(
    ("at", "points"), [("2026-03-01T04:59:59Z", 0), ("2026-03-01T05:00:00Z", 3), ("2026-04-01T03:59:59Z", 3),
                       ("2026-04-01T04:00:00Z", 0)]
)  # fmt: skip
def test_days_are_those_of_the_zone_whatever_its_clocks_do(at: str, points: int) -> None:
    # New York is 5 hours behind on 1 March and 4 hours behind on 31 March.
    window = 'since = "2026-03-01"\nuntil = "2026-03-31"'
    assert extra(f"points = 3\n{window}", at, zone="America/New_York") == points


@pytest.mark.parametrize(
    ("repeats", "days"),
    [
        # From Thursday 1 January 2026; the days of the month on which it holds.
        ("FREQ=WEEKLY;BYDAY=SA,SU", [3, 4, 10, 11, 17, 18, 24, 25, 31]),
        ("FREQ=WEEKLY", [1, 8, 15, 22, 29]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=TU", [13, 27]),  # the first week has no Tuesday from the 1st on
        ("FREQ=DAILY;INTERVAL=10", [1, 11, 21, 31]),
        ("FREQ=DAILY;COUNT=3", [1, 2, 3]),
        ("FREQ=DAILY;UNTIL=20260104", [1, 2, 3, 4]),
        ("FREQ=MONTHLY;BYDAY=2WE", [14]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", [31]),
        ("FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=13", [13]),
    ],
)
def test_a_recurrence_names_days(repeats: str, days: list[int]) -> None:
    parameters = f'points = 3\nsince = "2026-01-01"\nrepeats = "{repeats}"'
    story = shop(parameters)
    for day in range(1, 32):
        story.purchase(f"{day}", "10.00", at=f"2026-01-{day:02}")
    group = story.folded()

    assert [day for day in range(1, 32) if group.state_of(f"{day}").points == 13] == days


@pytest.mark.parametrize(
    ("at", "points"),
    [
        # Sundays in Berlin: the clocks go forward on 29 March 2026, back on 25 October.
        ("2026-03-28T22:59:59Z", 0),  # 23:59 on Saturday
        ("2026-03-28T23:00:00Z", 3),  # midnight
        ("2026-03-29T21:59:59Z", 3),  # 23:59 on Sunday, 23 hours later
        ("2026-03-29T22:00:00Z", 0),
        ("2026-10-24T22:00:00Z", 3),
        ("2026-10-25T22:59:59Z", 3),  # 25 hours later
        ("2026-10-25T23:00:00Z", 0),
        ("2031-06-01T12:00:00Z", 3),  # years later
    ],
)
def test_a_recurring_day_is_a_day_of_the_zone(at: str, points: int) -> None:
    parameters = 'points = 3\nsince = "2026-01-01"\nrepeats = "FREQ=WEEKLY;BYDAY=SU"'
    assert extra(parameters, at, zone="Europe/Berlin") == points


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2026-03-06T15:59:59Z", 0),
        ("2026-03-06T16:00:00Z", 3),  # 17:00 in Berlin, on a Friday
        ("2026-03-06T17:59:59Z", 3),
        ("2026-03-06T18:00:00Z", 0),
        ("2026-04-03T15:00:00Z", 3),  # 17:00 in summer
        ("2026-03-07T16:30:00Z", 0),  # a Saturday
    ],
)
def test_a_happy_hour_is_in_local_time(at: str, points: int) -> None:
    parameters = 'points = 3\nsince = "2026-01-01"\nrepeats = "FREQ=WEEKLY;BYDAY=FR"\nhours = "17:00-19:00"'
    assert extra(parameters, at, zone="Europe/Berlin") == points


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2026-03-06T21:59:59Z", 0),
        ("2026-03-06T22:00:00Z", 3),
        ("2026-03-07T01:59:59Z", 3),  # still Friday's night
        ("2026-03-07T02:00:00Z", 0),
        ("2026-03-06T01:00:00Z", 0),  # Thursday's night
        ("2026-03-07T22:30:00Z", 0),
    ],
)
def test_hours_past_midnight_belong_to_the_day_before(at: str, points: int) -> None:
    parameters = 'points = 3\nsince = "2026-01-01"\nrepeats = "FREQ=WEEKLY;BYDAY=FR"\nhours = "22:00-02:00"'
    assert extra(parameters, at) == points


def test_a_late_purchase_is_judged_by_when_it_happened() -> None:
    story = shop('points = 3\nsince = "2026-03-01"\nuntil = "2026-03-01"')
    story.purchase("ann", "10.00", at="2026-03-20")
    story.purchase("ann", "10.00", at="2026-03-01")

    assert story.balance("ann") == 23


LINES: tuple[dict[str, Any], ...] = (
    {"sku": "tea", "amount": "60.00"},
    {"sku": "cup", "amount": "40.00"},
)


def test_lines_can_be_selected() -> None:
    story = shop('percent = 200\ninclude = {skus = ["tea"]}')
    story.purchase("ann", "100.00", at="2026-03-02", lines=LINES, order="A")
    assert story.balance("ann") == 160  # 100 + 60

    story.given("ann", "purchase.returned", at="2026-03-03", order="A", lines=[{"line": 2}])
    assert story.balance("ann") == 120  # the cup had 40 and no extra

    story.given("ann", "purchase.returned", at="2026-03-04", order="A", lines=[{"line": 1}])
    assert story.balance("ann") == 0


def test_an_order_without_such_lines_gets_nothing() -> None:
    story = shop('points = 3\ninclude = {skus = ["coffee"]}')
    story.purchase("ann", "100.00", at="2026-03-02", lines=LINES)
    story.purchase("ann", "100.00", at="2026-03-02")  # nobody knows what was bought

    assert story.balance("ann") == 200


def test_a_line_that_was_given_away_has_its_own_points() -> None:
    more = '[rules.item_bonus]\npoints = 10\nskus = ["cup"]'
    story = shop('percent = 200\ninclude = {skus = ["cup"]}', more=more)
    free = [{"sku": "tea", "amount": "60.00"}, {"sku": "cup", "amount": "0.00"}]
    story.purchase("ann", "60.00", at="2026-03-02", lines=free)

    assert story.balance("ann") == 60 + 10 + 10


@pytest.mark.parametrize(
    ("rules", "points"), [("", 100 + 50 + 150), ('rules = ["points_per_spend"]', 100 + 50 + 100)]
)
def test_promotions_build_on_each_other_or_on_named_rules(rules: str, points: int) -> None:
    more = '[rules.earlier]\nuse = "promotion"\npriority = 1\npercent = 150'
    story = shop(f"percent = 200\n{rules}", more=more)
    story.purchase("ann", "100.00", at="2026-03-02")

    assert story.balance("ann") == points


@pytest.mark.parametrize(
    ("fields", "points"),
    [
        ({"channel": "shop", "store": "one"}, 3),
        ({"channel": "web", "store": "one"}, 0),
        ({"channel": "shop", "store": "two"}, 0),
        ({}, 0),
    ],
)
def test_only_some_channels_and_stores(fields: dict[str, str], points: int) -> None:
    story = shop('points = 3\nchannels = ["shop"]\nstores = ["one"]')
    story.purchase("ann", "10.00", at="2026-03-02", **fields)

    assert story.balance("ann") == 10 + points


@pytest.mark.parametrize(("amount", "points"), [("9.99", 9), ("10.00", 13)])
def test_a_minimum_order(amount: str, points: int) -> None:
    story = shop("points = 3\nminimum_order = 10")
    story.purchase("ann", amount, at="2026-03-02")

    assert story.balance("ann") == points


def test_why_not_is_told() -> None:
    story = shop('points = 3\nuntil = "2026-03-01"')
    story.purchase("ann", "10.00", at="2026-03-02")

    assert [note.text for note in story.notes() if note.is_refusal] == ["over since 2026-03-01"]


@pytest.mark.parametrize(
    "parameters",
    [
        "",  # neither percent nor points
        "percent = 200\npoints = 3",
        "percent = 100",  # nothing more
        'points = 3\nsince = "1 March"',
        'points = 3\nsince = "2026-02-29"',
        'points = 3\nuntil = "2026-03-01T12:00:00"',  # which zone?
        'points = 3\nhours = "24:00-25:00"',
        'points = 3\nrepeats = "FREQ=DAILY"',  # counted from when?
        'points = 3\nsince = "2026-03-01T00:00:00Z"\nrepeats = "FREQ=DAILY"',
        *(
            f'points = 3\nsince = "2026-03-01"\nrepeats = "{repeats}"'
            for repeats in (
                "every day", "FREQ=HOURLY", "FREQ=DAILY;BYHOUR=3", "FREQ=DAILY;FREQ=WEEKLY",
                "FREQ=DAILY;BYMONTH=x",
                "FREQ=WEEKLY;BYDAY=XX", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;COUNT=2;UNTIL=20270101",
                "FREQ=DAILY;UNTIL=20270101T000000Z", "FREQ=DAILY;UNTIL=20260101",
                "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            )
        ),
    ],
)  # fmt: skip
def test_parameters_are_checked(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        shop(parameters)
