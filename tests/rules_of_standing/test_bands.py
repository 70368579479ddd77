"""Value bands and layers are ladders of the rule ``tiers`` under other names: examples/bands.toml."""

from __future__ import annotations

from pathlib import Path

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.testing import Story

PROGRAMME = (Path(__file__).resolve().parents[2] / "examples" / "bands.toml").read_text(encoding="utf-8")


def moves(story: Story, ladder: str) -> list[tuple[str, str]]:
    return [(rfc3339(move.booked_us), move.rung) for move in story.folded().moves if move.ladder == ladder]


def spent(*orders: tuple[str, str]) -> Story:
    story = Story(PROGRAMME)
    for number, (at, amount) in enumerate(orders):
        story.purchase("ann", amount, at=f"{at}T12:00:00Z", currency="EUR", order=f"{number}")
    return story


def test_a_band_rises_with_the_cent_that_reaches_it() -> None:
    """299.99 + 0.01 = 300; 300 + 900 = 1,200."""
    story = spent(("2026-01-10", "299.99"), ("2026-02-10", "0.01"), ("2026-03-10", "900.00"))

    assert moves(story, "band") == [("2026-02-10T12:00:00Z", "medium"), ("2026-03-10T12:00:00Z", "high")]


def test_a_band_falls_on_the_first_of_the_month_after_the_money_is_a_year_old() -> None:
    """1,200 of 10 January 2026 are out of 365 days on 10 January 2027: on 1 February, local time."""
    story = spent(("2026-01-10", "1200.00"), ("2026-06-10", "300.00"))
    story.advance("2028-01-01")

    assert moves(story, "band")[1:] == [("2027-01-31T23:00:00Z", "medium"), ("2027-06-30T22:00:00Z", "low")]


def test_a_band_falls_at_once_when_the_goods_come_back() -> None:
    story = spent(("2026-01-10", "1200.00"))
    story.given("ann", "purchase.returned", at="2026-01-20", order="0")

    assert moves(story, "band")[1:] == [("2026-01-20T00:00:00Z", "low")]


def test_a_layer_is_climbed_by_visits_and_left_one_at_a_time_after_two_weeks_of_grace() -> None:
    """Six visits on 1 to 6 January: in the 91 days up to 1 April all of them, up to 1 May none.

    Grace is 1 to 14 May; the review of 1 June finds none again, and gives 1 to 14 June.
    """
    story = spent(*((f"2026-01-0{day}", "5.00") for day in range(1, 7)))
    story.advance("2027-01-01")

    assert moves(story, "layer") == [
        ("2026-01-03T12:00:00Z", "layer 2"),
        ("2026-01-06T12:00:00Z", "layer 3"),
        ("2026-05-14T22:00:00Z", "layer 2"),
        ("2026-06-14T22:00:00Z", "layer 1"),
    ]


def test_a_band_and_a_layer_move_on_their_own() -> None:
    story = spent(("2026-01-10", "2000.00"))

    assert moves(story, "band") == [("2026-01-10T12:00:00Z", "high")]
    assert moves(story, "layer") == [("2026-01-10T12:00:00Z", "layer 4")]
