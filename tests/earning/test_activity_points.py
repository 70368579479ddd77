"""Points for activities and surveys, and how often in a period."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story

ANSWERS = [{"question": "Will you come again?", "scale": 2, "value": 2}]


def club(parameters: str = "", zone: str = "UTC", window_days: int = 365) -> Story:
    return Story(f"""
        programme = "Club"
        zone = "{zone}"
        currency = "USD"
        [rules.activity_points]
        points = 10
        activities = ["training", "post"]
        surveys = ["spring"]
        {parameters}
        [rules.clawback]
        window_days = {window_days}
    """)


def did(story: Story, *instants: str, activity: str = "training", quantity: object = 1) -> list[int]:
    return [
        story.given("ann", "activity.recorded", at=at, activity=activity, quantity=quantity)
        for at in instants
    ]


@pytest.mark.parametrize(("quantity", "points"), [(1, 10), (3, 30), ("2.9", 20), ("0.9", 0), (0, 0), (-2, 0)])
def test_every_whole_unit_earns(quantity: object, points: int) -> None:
    story = club()
    did(story, "2026-03-02", quantity=quantity)

    assert story.balance("ann") == points


def test_a_fact_can_earn_once_whatever_its_quantity() -> None:
    story = club('each = "fact"')
    did(story, "2026-03-02", quantity=3)

    assert story.balance("ann") == 10


def test_another_activity_earns_nothing() -> None:
    story = club()
    did(story, "2026-03-02", activity="login")

    assert story.balance("ann") == 0
    assert [note.text for note in story.notes()] == ["no points for login"]


@pytest.mark.parametrize(("survey", "points"), [("spring", 10), ("autumn", 0)])
def test_a_named_survey_earns(survey: str, points: int) -> None:
    story = club()
    story.given("ann", "survey.answered", at="2026-03-02", survey=survey, answers=ANSWERS)

    assert story.balance("ann") == points


@pytest.mark.parametrize(
    ("per", "inside", "outside"),
    [
        ("day", "2026-03-02T23:59:59Z", "2026-03-03"),
        ("week", "2026-03-08T23:59:59Z", "2026-03-09"),  # 2 March 2026 is a Monday
        ("month", "2026-03-31T23:59:59Z", "2026-04-01"),
        ("year", "2026-12-31T23:59:59Z", "2027-01-01"),
    ],
)
def test_a_period_has_room_for_so_many(per: str, inside: str, outside: str) -> None:
    story = club(f'most = 2\nper = "{per}"')
    did(story, "2026-03-02", "2026-03-02", inside)
    assert story.balance("ann") == 20

    did(story, outside)
    assert story.balance("ann") == 30


def test_in_all_means_for_ever() -> None:
    story = club('most = 2\nper = "total"')
    did(story, "2026-03-02", "2030-03-02", "2040-03-02")

    assert story.balance("ann") == 20


def test_a_day_is_one_of_the_programmes_zone() -> None:
    story = club("most = 1", zone="America/New_York")
    did(story, "2026-03-02T04:59:00Z")  # 23:59 of 1 March in New York
    did(story, "2026-03-02T05:01:00Z")  # 00:01 of 2 March

    assert story.balance("ann") == 20


def test_what_is_left_of_the_room_is_given() -> None:
    story = club("most = 5")
    did(story, "2026-03-02", quantity=3)
    did(story, "2026-03-02", quantity=3)

    assert story.balance("ann") == 50
    assert [note.text for note in story.notes()] == [
        "5 of 5 times left this day", "3 × 10 points", "2 of 5 times left this day", "2 × 10 points",
    ]  # fmt: skip


def test_without_room_it_is_said_why() -> None:
    story = club("most = 1")
    did(story, "2026-03-02", "2026-03-02")

    assert [note.text for note in story.notes() if note.is_refusal] == ["once a day is the most"]


def test_all_names_share_the_room() -> None:
    story = club("most = 1")
    did(story, "2026-03-02")
    did(story, "2026-03-02", activity="post")

    assert story.balance("ann") == 10


def test_a_late_fact_uses_the_room_of_its_own_day() -> None:
    story = club("most = 1")
    did(story, "2026-03-02", "2026-03-05")
    did(story, "2026-03-04", "2026-03-02")  # both late: the fourth is free, the second is not

    assert story.balance("ann") == 30


@pytest.mark.parametrize(("day", "points"), [("2026-05-09", 20), ("2026-05-08", 10)])
def test_a_day_is_remembered_for_64_days(day: str, points: int) -> None:
    # 11 July is 63 days after 9 May and has a place of its own; 64 days after 8 May it has taken its place.
    story = club("most = 1")
    did(story, "2026-07-11", day)

    assert story.balance("ann") == points


def test_a_retracted_activity_makes_room_again() -> None:
    story = club("most = 1")
    (first,) = did(story, "2026-03-02")
    story.given("ann", "fact.retracted", at="2026-03-02T12:00:00Z", retracted=first, reason="somebody else")
    did(story, "2026-03-02T13:00:00Z", "2026-03-02T14:00:00Z")

    assert story.balance("ann") == 10


def test_room_that_was_made_stays_when_the_fact_is_forgotten() -> None:
    story = club('most = 1\nper = "total"', window_days=5)
    (first,) = did(story, "2026-03-02")
    story.given("ann", "fact.retracted", at="2026-03-03", retracted=first, reason="somebody else")
    did(story, "2026-06-01", "2026-06-02")

    assert story.balance("ann") == 10


def test_a_retraction_that_was_wrong_uses_the_room_again() -> None:
    story = club("most = 1")
    (first,) = did(story, "2026-03-02")
    at = "2026-03-02T12:00:00Z"
    wrong = story.given("ann", "fact.retracted", at=at, retracted=first, reason="somebody else")
    story.given("ann", "fact.retracted", at=at, retracted=wrong, reason="it was her")
    did(story, at)

    assert story.balance("ann") == 10


def test_many_facts_of_one_period_are_counted() -> None:
    story = club('most = 70\nper = "total"')
    did(story, *["2026-03-02"] * 80)

    assert story.balance("ann") == 700


@pytest.mark.parametrize("parameters", ["most = -1", 'per = "hour"', "points = 0"])
def test_parameters_are_checked(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        club(parameters)


def test_something_must_be_named() -> None:
    with pytest.raises(LoyaltyError, match="name activities or surveys"):
        Story('programme="x"\nzone="UTC"\ncurrency="USD"\n[rules.activity_points]\npoints = 1')
