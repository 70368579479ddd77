"""Points on the anniversary of enrolment or on a birthday."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def club(parameters: str = "", zone: str = "UTC") -> Story:
    return Story(f"""
        programme = "Anniversaries"
        zone = "{zone}"
        currency = "USD"
        [rules.anniversary]
        points = 100
        {parameters}
        [rules.clawback]
    """)


def enrolled(at: str, parameters: str = "", zone: str = "UTC") -> Story:
    story = club(parameters, zone)
    story.given("ann", "member.enrolled", at=at)
    return story


def born(story: Story, day: object, at: str = "2026-03-02") -> int:
    return story.given("ann", "member.attributes.changed", at=at, attributes={"birthday": day})


def by(story: Story, instant: str) -> int:
    """Return the balance when the clock has come to an instant."""
    told = Story.__new__(Story)
    told.catalogue, told.facts = story.catalogue, list(story.facts)
    told.advance(instant)
    return told.balance("ann")


BIRTHDAY = 'of = "birthday"'


@pytest.mark.parametrize(
    ("instant", "points"),
    [
        ("2026-03-02T23:59:59Z", 0),
        ("2027-03-01T23:59:59.999999Z", 0),
        ("2027-03-02", 100),
        ("2028-03-01", 100),
        ("2028-03-02", 200),
        ("2076-03-02", 5000),  # fifty years
    ],
)
def test_every_year_at_midnight(instant: str, points: int) -> None:
    assert by(enrolled("2026-03-02T15:00:00Z"), instant) == points


def test_midnight_is_one_of_the_programmes_zone() -> None:
    # 2 March 03:00 UTC is still 1 March in New York, whose midnight is 05:00 UTC.
    story = enrolled("2026-03-02T03:00:00Z", zone="America/New_York")

    assert by(story, "2027-03-01T04:59:59Z") == 0
    assert by(story, "2027-03-01T05:00:00Z") == 100


def test_a_statement_says_how_long() -> None:
    story = enrolled("2026-03-02")
    story.advance("2028-04-01")

    assert [entry.reason for entry in story.entries()] == ["1 year a member", "2 years a member"]


@pytest.mark.parametrize(
    ("leap_day", "days"),
    [
        ("", ["2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]),
        ('leap_day = "03-01"', ["2025-03-01", "2026-03-01", "2027-03-01", "2028-02-29"]),
    ],
)
def test_a_29_february_is_celebrated_as_named(leap_day: str, days: list[str]) -> None:
    story = enrolled("2024-02-29", leap_day)

    for number, day in enumerate(days):
        assert by(story, f"{day}T00:00:00Z") == (number + 1) * 100
        assert (
            by(story, f"{day[:8]}{int(day[8:]) - 1:02}T23:59:59Z" if day[8:] != "01" else f"{day[:5]}02-28")
            == number * 100
        )


def test_2100_is_no_leap_year() -> None:
    story = club(BIRTHDAY)
    born(story, "02-29", at="2099-06-01")

    assert by(story, "2100-02-28") == 100


def test_it_ends_when_the_member_leaves_and_begins_anew_with_the_next_enrolment() -> None:
    story = enrolled("2026-03-02")
    story.given("ann", "member.left", at="2027-06-01", reason="moved")
    assert by(story, "2029-12-31") == 100

    story.given("ann", "member.enrolled", at="2029-06-01")
    assert by(story, "2030-05-31") == 100
    assert by(story, "2030-06-01") == 200


def test_a_second_enrolment_changes_nothing() -> None:
    story = enrolled("2026-03-02")
    story.given("ann", "member.enrolled", at="2026-05-05")

    assert by(story, "2027-03-02") == 100
    assert by(story, "2027-05-05") == 100


def test_an_enrolment_that_comes_late_has_the_years_that_have_passed() -> None:
    story = club()
    story.purchase("ann", "1.00", at="2026-03-02")
    story.given("ann", "member.enrolled", at="2023-06-01")

    assert story.balance("ann") == 200  # 2024 and 2025
    assert by(story, "2026-06-01") == 300


def test_a_birthday_is_a_month_and_a_day() -> None:
    story = club(BIRTHDAY)
    born(story, "06-15")

    assert by(story, "2026-06-14T23:59:59Z") == 0
    assert by(story, "2026-06-15") == 100
    assert by(story, "2027-06-15") == 200


@pytest.mark.parametrize(
    ("at", "points"), [("2026-06-14T23:59:59Z", 100), ("2026-06-15", 0), ("2026-06-16", 0)]
)
def test_a_birthday_told_on_the_day_or_later_is_for_the_next_year(at: str, points: int) -> None:
    story = club(BIRTHDAY)
    born(story, "06-15", at=at)

    assert by(story, "2026-12-31") == points
    assert by(story, "2027-06-15") == points + 100


def test_a_birthday_that_is_moved_gives_points_once_a_year() -> None:
    story = club(BIRTHDAY)
    born(story, "06-15")
    born(story, "07-15", at="2026-07-01")

    assert by(story, "2026-12-31") == 100
    assert by(story, "2027-06-30") == 100
    assert by(story, "2027-07-15") == 200


def test_a_birthday_can_be_forgotten() -> None:
    story = club(BIRTHDAY)
    born(story, "06-15")
    born(story, None, at="2026-03-03")

    assert by(story, "2027-12-31") == 0


def test_another_attribute_changes_nothing() -> None:
    story = club(BIRTHDAY)
    born(story, "06-15")
    story.given("ann", "member.attributes.changed", at="2026-03-03", attributes={"kind": "gold"})

    assert by(story, "2026-06-15") == 100


@pytest.mark.parametrize("day", ["02-30", "13-01", "1990-06-15", "6-15", 615, True])
def test_what_is_no_month_and_day_is_flagged_and_not_shown(day: object) -> None:
    story = club(BIRTHDAY)
    born(story, day)
    (flag,) = story.folded().flags

    assert flag.flag == "birthday-unclear"
    assert "1990" not in flag.reason
    assert by(story, "2027-12-31") == 0


def test_who_left_has_no_birthday_until_enrolled_again() -> None:
    story = club(BIRTHDAY)
    born(story, "06-15")
    story.given("ann", "member.left", at="2026-04-01", reason="moved")
    assert by(story, "2026-12-31") == 0

    story.given("ann", "member.enrolled", at="2027-01-01")
    assert by(story, "2027-06-15") == 100


def test_a_birthday_told_after_leaving_waits_for_the_next_enrolment() -> None:
    story = club(BIRTHDAY)
    story.given("ann", "member.left", at="2026-04-01", reason="moved")
    born(story, "06-15", at="2026-05-01")
    assert by(story, "2026-12-31") == 0

    story.given("ann", "member.enrolled", at="2027-01-01")
    assert by(story, "2027-06-15") == 100


def test_a_retracted_fact_said_nothing() -> None:
    story = club(BIRTHDAY)
    wrong = born(story, "06-15")
    story.given("ann", "fact.retracted", at="2026-03-03", retracted=wrong, reason="another's")

    assert by(story, "2027-12-31") == 0


def test_it_comes_to_an_end_with_the_calendar() -> None:
    assert by(enrolled("9997-03-02"), "9999-12-01") == 100


@pytest.mark.parametrize("parameters", ['of = "wedding"', 'leap_day = "02-29"'])
def test_parameters_are_checked(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        club(parameters)
