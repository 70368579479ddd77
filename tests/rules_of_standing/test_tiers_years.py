"""Years of membership, leap days, months' ends, days of 23 and 25 hours, and what comes first at midnight."""

from __future__ import annotations

import pytest

from rules_of_standing.ladder_story import moves, rung, story_of

MEMBERSHIP = "window = 'anniversary'"
LATER = "2035-01-01"


def test_years_of_membership_begin_with_the_enrolment() -> None:
    """Enrolled on 1 May 2024: 60 + 40 = 100 from 1 May 2025 to 30 April 2026 make Silver."""
    story = story_of(MEMBERSHIP)
    story.given("ann", "member.enrolled", at="2024-05-01")
    story.purchase("ann", "60.00", at="2025-05-01")
    story.purchase("ann", "40.00", at="2026-04-30")
    story.advance(LATER)

    # Kept on 1 May 2026 by the year that ended; the one after it has nothing.
    assert moves(story) == [("2026-04-30T00:00:00Z", "Silver"), ("2027-05-01T00:00:00Z", "Basic")]


def test_two_years_of_membership_are_not_added_up() -> None:
    story = story_of(MEMBERSHIP)
    story.given("ann", "member.enrolled", at="2024-05-01")
    story.purchase("ann", "60.00", at="2026-04-30")
    story.purchase("ann", "40.00", at="2026-05-01")

    assert rung(story) == ""


def test_the_first_purchase_begins_the_years_of_who_is_not_enrolled() -> None:
    story = story_of(MEMBERSHIP)
    story.purchase("ann", "60.00", at="2026-03-10")
    story.purchase("ann", "40.00", at="2027-03-09T23:59:59Z")
    story.advance(LATER)

    assert moves(story) == [("2027-03-09T23:59:59Z", "Silver"), ("2028-03-10T00:00:00Z", "Basic")]


def test_an_earlier_first_purchase_that_comes_late_begins_them_anew() -> None:
    """Known first: 10 March 2026. Told later: 1 February 2026. The year to 31 January 2027 has both."""
    story = story_of(MEMBERSHIP)
    story.purchase("ann", "100.00", at="2026-03-10")
    story.purchase("ann", "5.00", at="2026-02-01")
    story.advance(LATER)

    assert moves(story) == [("2026-03-10T00:00:00Z", "Silver"), ("2028-02-01T00:00:00Z", "Basic")]


def test_an_enrolment_after_the_first_purchase_begins_them_anew() -> None:
    """100 points of March 2026 are in the year before 1 June 2026, and in no later one."""
    story = story_of(MEMBERSHIP)
    story.purchase("ann", "100.00", at="2026-03-10")
    story.given("ann", "member.enrolled", at="2026-06-01")
    story.advance(LATER)

    assert moves(story) == [("2026-03-10T00:00:00Z", "Silver"), ("2027-06-01T00:00:00Z", "Basic")]


def test_years_that_begin_on_another_day_can_raise_at_once() -> None:
    """60 of 9 March and 40 of 10 March are of two years from 10 March on, of one year from 1 March on."""
    story = story_of(MEMBERSHIP)
    story.purchase("ann", "1.00", at="2025-03-10")
    story.purchase("ann", "60.00", at="2026-03-09")
    story.purchase("ann", "40.00", at="2026-03-10")
    assert rung(story) == ""

    story.given("ann", "member.enrolled", at="2025-03-01")

    assert moves(story) == [("2026-03-10T00:00:00Z", "Silver")]


def test_a_retracted_enrolment_leaves_the_first_purchase() -> None:
    story = story_of(MEMBERSHIP)
    enrolled = story.given("ann", "member.enrolled", at="2026-01-01")
    story.purchase("ann", "100.00", at="2026-03-10")
    story.given("ann", "fact.retracted", at="2026-04-01", retracted=enrolled, reason="somebody else")
    story.advance(LATER)

    assert moves(story)[-1] == ("2028-03-10T00:00:00Z", "Basic")


@pytest.mark.parametrize(
    ("bought", "gone"),
    [
        ("2025-02-27", "2026-02-28"),  # the last day of 29 February 2024 to 27 February 2025
        ("2025-02-28", "2027-02-28"),  # the first of 28 February 2025 to 27 February 2026
        ("2028-02-28", "2029-02-28"),  # the last of 28 February 2027 to 28 February 2028
        ("2028-02-29", "2030-02-28"),  # the first of 29 February 2028 to 27 February 2029
    ],
)
def test_who_enrolled_on_29_february_has_28_february_in_other_years(bought: str, gone: str) -> None:
    story = story_of(MEMBERSHIP)
    story.given("ann", "member.enrolled", at="2024-02-29")
    story.purchase("ann", "100.00", at=bought)
    story.advance(LATER)

    assert moves(story)[-1] == (f"{gone}T00:00:00Z", "Basic")


@pytest.mark.parametrize(
    ("won", "month", "gone"),
    [
        ("2026-01-31", "same day", "2026-03-01"),  # to 28 February, its end included
        ("2026-01-31", "day before", "2026-03-01"),  # to the last of February: it has no 31st to be before
        ("2026-01-28", "day before", "2026-02-28"),  # to 27 February
        ("2026-01-28", "same day", "2026-03-01"),  # to 28 February
        ("2028-01-31", "same day", "2028-03-01"),  # to 29 February
        ("2028-01-30", "same day", "2028-03-01"),
        ("2026-02-28", "same day", "2026-03-29"),  # to 28 March: not to its end
        ("2025-12-31", "same day", "2026-02-01"),
    ],
)
def test_a_month_from_the_31st_ends_with_the_month(won: str, month: str, gone: str) -> None:
    story = story_of(f"days = 1\nheld_months = 1\nmonth = '{month}'")
    story.purchase("ann", "100.00", at=f"{won}T12:00:00Z")
    story.advance(LATER)

    assert moves(story) == [(f"{won}T12:00:00Z", "Silver"), (f"{gone}T00:00:00Z", "Basic")]


@pytest.mark.parametrize(
    ("bought", "gone"),
    [
        # Clocks go forward on 29 March 2026: the day begins at +01:00 and ends at +02:00.
        ("2026-03-28T12:00:00Z", "2026-03-28T23:00:00Z"),
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),
        ("2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        ("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"),
        # And back on 25 October: it begins at +02:00 and ends at +01:00, 25 hours later.
        ("2026-10-24T12:00:00Z", "2026-10-24T22:00:00Z"),
        ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),
        ("2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"),
        ("2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"),
    ],
)
def test_a_window_of_one_day_ends_with_the_day_however_long_it_is(bought: str, gone: str) -> None:
    story = story_of("days = 1", zone="Europe/Berlin")
    story.purchase("ann", "100.00", at=bought)
    story.advance(LATER)

    assert moves(story) == [(bought, "Silver"), (gone, "Basic")]


@pytest.mark.parametrize(
    ("won", "gone"),
    [
        ("2026-03-28T12:00:00Z", "2026-03-29T22:00:00Z"),  # held through 29 March, of 23 hours
        ("2026-10-24T12:00:00Z", "2026-10-25T23:00:00Z"),  # held through 25 October, of 25 hours
    ],
)
def test_what_is_held_for_days_is_held_to_midnight_on_the_days_clocks_change(won: str, gone: str) -> None:
    story = story_of("days = 1\nheld_days = 1", zone="Europe/Berlin")
    story.purchase("ann", "100.00", at=won)
    story.advance(LATER)

    assert moves(story)[-1] == (gone, "Basic")


def test_at_midnight_points_expire_then_rungs_are_reviewed_then_facts_count() -> None:
    """Gold is held for 30 days from 1 January, and reviewed at the very instant its 300 points expire.

    31 days of 24 hours from 1 January, 00:00, are 1 February, 00:00, and so is the end of 31 January, the
    last day held. Were the review first, it would find 300. The purchase of that instant comes after both.
    """
    story = story_of(
        "window = 'lifetime'\nheld_days = 30\non_return = 'at review'",
        rungs="rungs = [{name = 'Silver', balance = 100}, {name = 'Gold', balance = 300}]",
        more="[rules.rolling_expiry]\ndays = 31",
    )
    story.purchase("ann", "300.00", at="2026-01-01")
    story.purchase("ann", "100.00", at="2026-02-01")

    assert moves(story) == [
        ("2026-01-01T00:00:00Z", "Gold"),
        ("2026-02-01T00:00:00Z", "Basic"),
        ("2026-02-01T00:00:00Z", "Silver"),
    ]


def test_a_purchase_told_late_counts_in_the_year_it_was_made() -> None:
    """Gone on 1 May 2027 for want of anything since 1 May 2026; then a purchase of 30 April 2027 is told."""
    story = story_of(MEMBERSHIP)
    story.given("ann", "member.enrolled", at="2024-05-01")
    story.purchase("ann", "100.00", at="2025-06-01")
    story.advance("2027-05-02")
    assert rung(story) == "Basic"

    story.purchase("ann", "100.00", at="2027-04-30")
    story.advance(LATER)

    assert moves(story)[2:] == [("2027-05-02T00:00:00Z", "Silver"), ("2028-05-01T00:00:00Z", "Basic")]
