"""Holds: points that are neither spent nor there, until they are captured, voided or forgotten."""

from __future__ import annotations

import pytest

from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Holds"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 30
    [rules.redemption]
    [rules.clawback]
    [rules.holds]
    days = 7
"""


@pytest.fixture
def story() -> Story:
    """Ann has 60 points that expire on 31 March and 40 that expire on 9 April."""
    told = Story(PROGRAMME)
    told.purchase("ann", "60.00", at="2026-03-01", order="A")
    told.purchase("ann", "40.00", at="2026-03-10", order="B")
    return told


def place(story: Story, points: int, *, at: str = "2026-03-11", hold: str = "H", **more: str) -> int:
    return story.given("ann", "hold.placed", at=at, hold=hold, points=points, **more)


def capture(story: Story, *, at: str = "2026-03-12", hold: str = "H", **more: int) -> int:
    return story.given("ann", "hold.captured", at=at, hold=hold, **more)


def void(story: Story, *, at: str = "2026-03-12", hold: str = "H") -> int:
    return story.given("ann", "hold.voided", at=at, hold=hold)


def left(story: Story) -> tuple[int, int]:
    """Return what can be spent and what is held."""
    state = story.state("ann")
    return state.points, state.held


def flags(story: Story) -> list[str]:
    return [flag.flag for flag in story.folded().flags]


def test_held_points_come_from_the_lots_that_expire_first(story: Story) -> None:
    """80 held: all 60 that expire in March and 20 of the 40."""
    place(story, 80)

    assert left(story) == (20, 80)
    assert [(lot.points, lot.fact) for lot in story.state("ann").lots] == [(20, 3)]


def test_a_part_is_captured_and_the_rest_is_free(story: Story) -> None:
    """Of 80 held 50 are captured, from the 60; 10 of those and the 20 go back."""
    place(story, 80)
    capture(story, points=50)

    assert left(story) == (50, 0)
    assert sorted((lot.points, lot.fact) for lot in story.state("ann").lots) == [(10, 2), (40, 3)]


def test_held_points_do_not_expire(story: Story) -> None:
    """The 60 would have expired on 31 March; held until 5 April, they are captured on 4 April."""
    place(story, 60, until="2026-04-05T00:00:00Z")
    story.advance("2026-04-02")
    assert left(story) == (40, 60)

    capture(story, at="2026-04-04")

    assert left(story) == (40, 0)


def test_points_given_back_after_their_expiry_are_gone_at_once(story: Story) -> None:
    place(story, 70, until="2026-04-05T00:00:00Z")
    void(story, at="2026-04-04")

    assert left(story) == (40, 0)  # the 60 expire, the 10 go back to the 30
    assert [entry.points for entry in story.entries("ann") if entry.account == "expired"] == [-60]


@pytest.mark.parametrize(("day", "held"), [("2026-03-17T23:59:59Z", 50), ("2026-03-18T00:00:00Z", 0)])
def test_a_forgotten_hold_ends_after_seven_days_at_the_instant(story: Story, day: str, held: int) -> None:
    place(story, 50)
    story.advance(day)

    assert left(story) == (100 - held, held)


def test_a_hold_told_after_its_end_is_given_back_at_once(story: Story) -> None:
    place(story, 50, at="2026-03-11", until="2026-03-10T12:00:00Z")

    assert left(story) == (100, 0)


@pytest.mark.parametrize(("asked", "held", "flag"), [(100, 100, []), (101, 100, ["hold-short"])])
def test_no_more_is_held_than_there_is(story: Story, asked: int, held: int, flag: list[str]) -> None:
    place(story, asked)

    assert (left(story)[1], flags(story)) == (held, flag)


def test_no_more_is_captured_than_held(story: Story) -> None:
    place(story, 50)
    capture(story, points=51)

    assert (left(story), flags(story)) == ((50, 0), ["capture-exceeds"])


def test_a_name_is_used_once(story: Story) -> None:
    place(story, 10)
    place(story, 10)
    void(story)
    place(story, 10, at="2026-03-13")

    assert (left(story), flags(story)) == ((100, 0), ["hold-taken", "hold-taken"])


def test_what_is_not_open_is_neither_captured_nor_voided(story: Story) -> None:
    capture(story)
    place(story, 10)
    void(story)
    void(story)
    capture(story)

    assert (left(story), flags(story)) == ((100, 0), ["hold-not-open"] * 3)


def test_a_captured_hold_is_cancelled_as_the_redemption_of_its_order(story: Story) -> None:
    place(story, 50, order="P")
    capture(story, points=30)
    story.given("ann", "redemption.cancelled", at="2026-03-13", order="P")
    story.given("ann", "redemption.cancelled", at="2026-03-14", order="P")

    assert left(story) == (100, 0)


def test_the_return_of_an_order_gives_what_was_captured_for_it_back(story: Story) -> None:
    """Order P of 20.00 earns 20; 30 were captured for it: its return takes the 20 and gives the 30 back."""
    place(story, 30, order="P")
    capture(story)
    story.purchase("ann", "20.00", at="2026-03-13", order="P")
    assert left(story) == (90, 0)

    story.given("ann", "purchase.returned", at="2026-03-14", order="P")

    assert left(story) == (100, 0)


def test_a_return_takes_other_points_while_its_own_are_held(story: Story) -> None:
    """All 60 of A are held; its return takes 40 of B and 20 as debt; the hold's 60 pay it."""
    place(story, 60)
    story.given("ann", "purchase.returned", at="2026-03-12", order="A")
    assert left(story) == (-20, 60)

    void(story, at="2026-03-13")

    assert left(story) == (40, 0)
