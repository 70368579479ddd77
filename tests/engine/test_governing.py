"""Which programme governs a fact: the latest effective when it occurred, among activations below it."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import DAY_US, instant_us
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.testing import Story

from .extra_rules import EXTRA, catalogue_of

CATALOGUE = catalogue_of(*EXTRA)
NEVER = -(2**62)


def text_of(points: int) -> str:
    """Return a programme that gives this many points a dollar."""
    head = f'programme = "{points}"\nzone = "UTC"\ncurrency = "USD"\n'
    return f"{head}[rules.points_per_spend]\npoints = {points}\n"


def story_of(*activations: tuple[int, str | None], first: int = 1) -> Story:
    """Return a story whose programme gives *first* points a dollar, then (points, effective) are applied."""
    story = Story(text_of(first), catalogue=CATALOGUE)
    for points, effective in activations:
        apply(story, points, effective)
    return story


def apply(story: Story, points: int, effective: str | None) -> int:
    """Put a programme in force."""
    since = f"{effective}T00:00:00Z" if effective else None
    return story.record(
        None, activation(text_of(points), CATALOGUE, at="t", effective=since), at="2026-01-01"
    )


def points_on(story: Story, day: str) -> int:
    """Return what a dollar spent on a day earns, told after everything else."""
    position = story.purchase("ann", "1.00", at=day)
    (entry,) = [entry for entry in story.entries("ann") if entry.fact == position]
    return entry.points


def test_the_first_programme_governs_from_the_beginning_of_time() -> None:
    assert points_on(story_of(), "1901-01-01") == 1


@pytest.mark.parametrize(("day", "points"), [("2026-02-28", 1), ("2026-03-01", 2), ("2026-03-02", 2)])
def test_a_programme_governs_from_its_effective_instant_inclusive(day: str, points: int) -> None:
    assert points_on(story_of((2, "2026-03-01")), day) == points


def test_the_day_a_thing_occurred_decides_not_the_day_it_became_known() -> None:
    story = story_of((2, "2026-03-01"))
    story.purchase("ann", "1.00", at="2026-03-05")

    assert points_on(story, "2026-02-01") == 1  # late, but judged by its own time


def test_of_two_with_one_instant_the_later_recorded_governs() -> None:
    assert points_on(story_of((2, "2026-03-01"), (3, "2026-03-01")), "2026-03-01") == 3


def test_two_from_the_beginning_of_time_the_later_recorded_governs() -> None:
    assert points_on(story_of((2, None)), "1901-01-01") == 2


def test_the_later_effective_governs_though_recorded_earlier() -> None:
    story = story_of((3, "2026-06-01"), (2, "2026-03-01"))

    assert points_on(story, "2026-05-31") == 2
    assert points_on(story, "2026-06-01") == 3


def test_an_activation_does_not_reach_back_before_its_position() -> None:
    """A fact recorded before it was applied keeps what it earned, though it is effective long before."""
    story = story_of()
    story.purchase("ann", "1.00", at="2026-03-05")
    apply(story, 2, "2026-01-01")

    assert [entry.points for entry in story.entries("ann")] == [1]
    assert points_on(story, "2026-03-05") == 2


def test_before_the_first_effective_instant_nothing_governs() -> None:
    """Such a fact moves the member's clock and earns nothing."""
    story = story_of()
    story.facts.clear()
    apply(story, 2, "2026-03-01")
    story.purchase("ann", "1.00", at="2026-02-01")
    story.purchase("ann", "1.00", at="2026-03-01")

    assert [(entry.points, entry.fact) for entry in story.entries("ann")] == [(2, 3)]
    history = Engine(story.facts[:1], CATALOGUE).history
    assert history.governing(2, instant_us("2026-02-28T23:59:59.999999Z")) is None
    assert history.governing(2, NEVER) is None


def test_without_any_programme_facts_are_kept_and_nothing_is_earned() -> None:
    story = story_of()
    story.facts.clear()
    story.purchase("ann", "1.00", at="2026-02-01")

    assert story.entries() == []
    assert story.state("ann").position == 1


def test_a_timer_runs_under_the_programme_in_force_when_due() -> None:
    """Reminder gives 2 points + 1 for the first time; without it in the programme, its timer is dropped."""
    text = text_of(1) + "[rules.reminder]\n"
    for effective, points in (("2026-01-22", 0), ("2026-01-21", 0), ("2026-01-23", 3)):
        story = Story(text, catalogue=CATALOGUE)
        story.purchase("ann", "0.00", at="2026-01-02")  # lapses 20 days later, on 22 January
        apply(story, 1, effective)
        story.advance("2026-02-01")

        assert story.balance("ann") == points, effective


def test_the_answer_is_that_of_a_plain_search() -> None:
    """Against the sentence of DESIGN.md section 4, word by word."""
    days = ["2026-03-01", "2026-01-01", "2026-03-01", None, "2026-02-01"]
    story = story_of(*((points, day) for points, day in enumerate(days, start=2)))
    history = Engine(story.facts, CATALOGUE).history
    begin = instant_us("2025-12-30T00:00:00Z")

    for position in range(1, 9):
        for day in range(80):
            occurred_us = begin + day * DAY_US
            below = [p for p in history.programmes if p.position < position and p.effective_us <= occurred_us]
            expected = max(below, key=lambda p: (p.effective_us, p.position), default=None)
            assert history.governing(position, occurred_us) is expected
