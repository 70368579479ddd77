"""Complaints: deadlines, goodwill within a cap, and what a person should do when a deadline was missed."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Complaints"
    zone = "Europe/Berlin"
    currency = "EUR"
    [rules.clawback]
    [rules.complaint_recovery]
    acknowledge_h = 24
    resolve_h = 72
    goodwill_points = 100
    late_points = 30
"""
OPENED = "2026-03-02T08:00:00Z"
ACKNOWLEDGE_BY = "2026-03-03T08:00:00Z"  # + 24 h
RESOLVE_BY = "2026-03-05T08:00:00Z"  # + 72 h


def complained(parameters: str = "", *, number: str = "C1", at: str = OPENED) -> Story:
    story = Story(PROGRAMME + parameters)
    story.given("ann", "complaint.opened", at=at, complaint=number, category="late delivery")
    return story


def resolve(story: Story, at: str, number: str = "C1", **fields: Any) -> int:
    return story.given("ann", "complaint.resolved", at=at, complaint=number, remedy="compensation", **fields)


def actions(story: Story) -> list[tuple[str, str | None]]:
    return [
        (action.action, None if action.due_us is None else rfc3339(action.due_us))
        for action in story.folded().actions
    ]


def flags(story: Story) -> list[tuple[str, str]]:
    return [(flag.flag, flag.reason) for flag in story.folded().flags]


def reasons(story: Story) -> list[str]:
    return [entry.reason for entry in story.entries()]


def refusals(story: Story) -> list[str]:
    return [note.text for note in story.notes() if note.is_refusal]


def test_nothing_is_missed_a_microsecond_before_the_deadline() -> None:
    story = complained()
    story.advance("2026-03-03T07:59:59.999999Z")

    assert actions(story) == []


def test_a_missed_first_answer_recommends_to_acknowledge() -> None:
    story = complained()
    story.advance(ACKNOWLEDGE_BY)

    assert actions(story) == [("acknowledge complaint C1", ACKNOWLEDGE_BY)]
    assert flags(story) == [("not-acknowledged", "complaint C1 was not acknowledged within 24 hours")]


def test_a_missed_remedy_recommends_to_resolve() -> None:
    story = complained()
    story.given("ann", "complaint.acknowledged", at="2026-03-02T09:00:00Z", complaint="C1")
    story.advance("2026-03-05T07:59:59.999999Z")
    assert actions(story) == []

    story.advance(RESOLVE_BY)
    assert actions(story) == [("resolve complaint C1", RESOLVE_BY)]
    assert flags(story) == [("not-resolved", "complaint C1 was not resolved within 72 hours")]


def test_an_explanation_is_a_first_answer_too() -> None:
    story = complained()
    story.given("ann", "complaint.explained", at="2026-03-02T09:00:00Z", complaint="C1")
    story.advance(ACKNOWLEDGE_BY)

    assert actions(story) == []


def test_a_remedy_stops_both_deadlines() -> None:
    story = complained()
    resolve(story, "2026-03-02T09:00:00Z")
    story.advance("2027-01-01")

    assert actions(story) == []
    assert story.state("ann").alarms == []


def test_without_deadlines_nothing_is_missed_and_everything_is_in_time() -> None:
    story = Story(PROGRAMME.replace("= 24", "= 0").replace("= 72", "= 0"))
    story.given("ann", "complaint.opened", at=OPENED, complaint="C1", category="late delivery")
    resolve(story, "2026-12-01")

    assert actions(story) == []
    assert story.balance("ann") == 100


@pytest.mark.parametrize(
    ("at", "points", "reason"),
    [
        ("2026-03-05T07:59:59.999999Z", 100, "goodwill for complaint C1, resolved in time"),
        (RESOLVE_BY, 30, "goodwill for complaint C1, resolved late"),
    ],
)
def test_goodwill_is_less_from_the_deadline_on(at: str, points: int, reason: str) -> None:
    story = complained()
    resolve(story, at)

    assert story.balance("ann") == points
    assert reasons(story) == [reason]


def test_a_remedy_told_late_is_judged_by_when_it_was_given() -> None:
    story = complained()
    story.advance("2026-04-01")
    resolve(story, "2026-03-04")

    assert story.balance("ann") == 100


def test_the_facts_own_points_stand_in() -> None:
    story = complained()
    resolve(story, "2026-03-04", points=250)

    assert story.balance("ann") == 250


def test_no_goodwill_by_default() -> None:
    story = Story(PROGRAMME.replace("goodwill_points = 100", ""))
    story.given("ann", "complaint.opened", at=OPENED, complaint="C1", category="late delivery")
    resolve(story, "2026-03-04")

    assert story.balance("ann") == 0
    assert refusals(story) == ["no goodwill for a complaint resolved in time"]


def test_goodwill_goes_up_to_the_cap_and_no_further() -> None:
    story = complained("cap_points = 150")
    resolve(story, "2026-03-03")
    for number in ("C2", "C3"):
        story.given("ann", "complaint.opened", at="2026-03-04", complaint=number, category="late delivery")
        resolve(story, "2026-03-05", number)

    assert story.balance("ann") == 150  # 100 + 50 + 0
    assert reasons(story)[-1].endswith("resolved in time: 50 of 100, the rest is beyond 150 a year")
    assert refusals(story)[-1] == "150 goodwill points given in 2026, the most there are"


@pytest.mark.parametrize(
    ("second", "points"),
    [
        ("2026-12-31T22:59:59.999999Z", 150),  # still 2026 in Berlin, UTC+1: 100 + 50
        ("2026-12-31T23:00:00Z", 200),  # 1 January 2027 there: 100 + 100
    ],
)
def test_the_cap_begins_anew_with_the_zones_year(second: str, points: int) -> None:
    story = complained("cap_points = 150", at="2026-12-30")
    resolve(story, "2026-12-31")
    story.given("ann", "complaint.opened", at="2026-12-31", complaint="C2", category="late delivery")
    resolve(story, second, "C2")

    assert story.balance("ann") == points


def test_a_reopened_complaint_has_a_new_deadline_and_no_second_goodwill() -> None:
    story = complained()
    resolve(story, "2026-03-03")
    story.given("ann", "complaint.reopened", at="2026-03-10T08:00:00Z", complaint="C1")
    story.advance("2026-03-13T07:59:59.999999Z")
    assert actions(story) == []

    story.advance("2026-03-13T08:00:00Z")
    assert actions(story) == [("resolve complaint C1", "2026-03-13T08:00:00Z")]
    resolve(story, "2026-03-14")
    assert story.balance("ann") == 100
    assert refusals(story)[-1] == "complaint C1 has had its goodwill"


@pytest.mark.parametrize(("satisfaction", "asked"), [(1, 1), (2, 1), (3, 0), (5, 0)])
def test_whom_the_solution_did_not_satisfy_is_called_back(satisfaction: int, asked: int) -> None:
    story = complained()
    resolve(story, "2026-03-03")
    story.given("ann", "complaint.followed_up", at="2026-03-09", complaint="C1", satisfaction=satisfaction)

    assert actions(story) == [("call back about complaint C1", None)] * asked


def test_a_remedy_for_a_complaint_nobody_knows_is_flagged_and_gives_nothing() -> None:
    story = complained()
    resolve(story, "2026-03-03", "C2")

    assert story.balance("ann") == 0
    assert flags(story) == [("unknown-complaint", "complaint C2 was resolved, but is not open")]


def test_opening_twice_does_not_put_the_deadline_off() -> None:
    story = complained()
    story.given(
        "ann", "complaint.opened", at="2026-03-02T20:00:00Z", complaint="C1", category="late delivery"
    )
    story.advance(ACKNOWLEDGE_BY)

    assert actions(story) == [("acknowledge complaint C1", ACKNOWLEDGE_BY)]
    assert refusals(story) == ["complaint C1 is open already"]


def test_a_retracted_complaint_has_no_deadlines() -> None:
    story = complained()  # fact 2
    story.given("ann", "fact.retracted", at="2026-03-02T09:00:00Z", retracted=2, reason="another customer's")
    story.advance("2026-04-01")

    assert actions(story) == []


def test_a_retracted_remedy_gives_its_room_under_the_cap_back() -> None:
    story = complained("cap_points = 100")
    position = resolve(story, "2026-03-03")
    story.given("ann", "fact.retracted", at="2026-03-04", retracted=position, reason="wrong complaint")
    assert story.balance("ann") == 0

    story.given("ann", "complaint.reopened", at="2026-03-04", complaint="C1")
    resolve(story, "2026-03-05")
    assert story.balance("ann") == 100


def test_complaints_of_one_member_have_deadlines_of_their_own() -> None:
    story = complained(number="no. 1 of May")
    story.given(
        "ann", "complaint.opened", at="2026-03-02T10:00:00Z", complaint="C2", category="late delivery"
    )
    story.given("ann", "complaint.acknowledged", at="2026-03-02T11:00:00Z", complaint="C2")
    story.advance("2026-03-04")

    assert actions(story) == [("acknowledge complaint no. 1 of May", ACKNOWLEDGE_BY)]


def test_goodwill_that_stays_counts_towards_the_cap() -> None:
    """Without a rule that takes it back, the goodwill of a retracted remedy stays."""
    story = Story(PROGRAMME.replace("[rules.clawback]", "") + "cap_points = 100")
    story.given("ann", "complaint.opened", at=OPENED, complaint="C1", category="late delivery")
    position = resolve(story, "2026-03-03")
    story.given("ann", "fact.retracted", at="2026-03-04", retracted=position, reason="wrong complaint")
    story.given("ann", "complaint.opened", at="2026-03-04", complaint="C2", category="late delivery")
    resolve(story, "2026-03-05", "C2")

    assert story.balance("ann") == 100
