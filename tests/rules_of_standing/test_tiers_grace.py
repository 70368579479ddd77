"""A rung that a review finds lost is kept to the end of its grace, unless its conditions are met again.

In most histories 100 points of 2025 make Silver for 2025 and 2026; the review of 1 January 2027 finds none.
30 days of grace are 1 to 30 January.
"""

from __future__ import annotations

import json

from loyalty_ledger.rules.testing import Story
from rules_of_standing.ladder_story import moves, remarks, rung, story_of

YEARLY = "window = 'calendar year'\n"
GRACE = f"{YEARLY} grace_days = 30\n"
GONE = "2027-01-31T00:00:00Z"


def silver_of_2025(tier: str = GRACE) -> Story:
    story = story_of(tier)
    story.purchase("ann", "100.00", at="2025-06-01")
    story.advance("2027-01-02")
    return story


def test_the_rung_falls_when_its_grace_has_ended() -> None:
    story = silver_of_2025()
    story.advance("2027-01-30T23:59:59Z")
    assert rung(story) == "Silver"

    story.advance("2027-01-31")

    assert moves(story)[1:] == [(GONE, "Basic")]


def test_the_history_tells_when_a_grace_begins_and_that_it_ended() -> None:
    story = silver_of_2025()
    assert remarks(story) == [
        (
            "in-grace",
            "0 points from 2026-01-01 to 2026-12-31 are not enough for Silver: kept until 2027-01-30",
        )
    ]

    story.advance("2027-02-01")
    last = story.folded().moves[-1]

    assert (
        last.reason
        == "0 points from 2026-01-01 to 2026-12-31 are not enough for Silver, and its grace is over"
    )
    assert json.loads(last.evidence)["figures"]["points"] == 0


def test_conditions_met_again_on_the_last_day_of_grace_keep_the_rung() -> None:
    """100 points of 2027 keep it for 2027 and 2028."""
    story = silver_of_2025()
    story.purchase("ann", "99.00", at="2027-01-15")
    story.purchase("ann", "1.00", at="2027-01-30T23:59:59Z")
    story.advance("2030-01-01")

    assert moves(story)[1:] == [("2029-01-31T00:00:00Z", "Basic")]
    assert remarks(story)[1] == (
        "grace-met", "100 points from 2027-01-01 to 2027-01-30 reach Silver again within its grace",
    )  # fmt: skip


def test_conditions_met_a_moment_later_win_the_rung_anew() -> None:
    story = silver_of_2025()
    story.purchase("ann", "100.00", at="2027-01-31")

    assert moves(story)[1:] == [(GONE, "Basic"), (GONE, "Silver")]


def test_a_purchase_told_late_keeps_the_rung_too() -> None:
    story = silver_of_2025()
    story.purchase("ann", "100.00", at="2026-12-31T23:59:59Z")
    story.advance("2027-06-01")

    assert rung(story) == "Silver"


def test_what_met_the_conditions_and_came_back_leaves_the_grace_as_it_was() -> None:
    story = silver_of_2025()
    story.purchase("ann", "100.00", at="2027-01-15", order="O")
    story.given("ann", "purchase.returned", at="2027-01-20", order="O")
    story.advance("2027-01-30T23:59:59Z")
    assert rung(story) == "Silver"

    story.advance("2028-01-01")

    assert moves(story)[1:] == [(GONE, "Basic")]


def test_what_met_the_conditions_and_came_back_after_the_grace_leaves_nothing() -> None:
    story = silver_of_2025()
    story.purchase("ann", "100.00", at="2027-01-15", order="O")
    story.given("ann", "purchase.returned", at="2027-01-31", order="O")

    assert moves(story)[1:] == [(GONE, "Basic")]


def test_what_raised_a_rung_in_its_grace_and_came_back_leaves_the_grace_as_it_was() -> None:
    story = silver_of_2025()
    story.purchase("ann", "300.00", at="2027-01-15", order="O")
    assert rung(story) == "Gold"
    story.given("ann", "purchase.returned", at="2027-01-20", order="O")
    story.advance("2028-01-01")

    assert moves(story)[2:] == [("2027-01-20T00:00:00Z", "Silver"), (GONE, "Basic")]


def test_a_return_has_no_grace() -> None:
    story = story_of(GRACE)
    story.purchase("ann", "100.00", at="2025-06-01", order="O")
    story.given("ann", "purchase.returned", at="2025-07-01", order="O")

    assert moves(story)[1:] == [("2025-07-01T00:00:00Z", "Basic")]


def test_a_return_while_the_grace_runs_changes_nothing() -> None:
    story = silver_of_2025()
    story.purchase("ann", "50.00", at="2027-01-10", order="O")
    story.given("ann", "purchase.returned", at="2027-01-11", order="O")
    story.advance("2028-01-01")

    assert moves(story)[1:] == [(GONE, "Basic")]
    assert len(remarks(story)) == 1


def test_a_rung_partly_kept_falls_to_what_the_review_found() -> None:
    """300 of 2025 make Gold, 100 of 2026 keep Silver for 2027."""
    story = story_of(GRACE)
    story.purchase("ann", "300.00", at="2025-06-01")
    story.purchase("ann", "100.00", at="2026-06-01")
    story.advance("2030-01-01")

    assert moves(story)[1:] == [(GONE, "Silver"), ("2028-01-31T00:00:00Z", "Basic")]


def test_each_step_down_has_its_own_grace() -> None:
    story = story_of(f"{GRACE} downgrade = 'one step'")
    story.purchase("ann", "300.00", at="2025-06-01")
    story.advance("2030-01-01")

    assert moves(story)[1:] == [(GONE, "Silver"), ("2028-01-31T00:00:00Z", "Basic")]


def test_a_grace_can_be_rounded_up_to_the_end_of_the_month() -> None:
    story = silver_of_2025(f"{GRACE} grace_round = 'month'")
    story.advance("2028-01-01")

    assert moves(story)[1:] == [("2027-02-01T00:00:00Z", "Basic")]


def test_a_month_of_grace_counts_the_day_of_the_review_or_one_more() -> None:
    """From 1 January: through 31 January, the day before 1 February, or through 1 February."""
    before = silver_of_2025(f"{YEARLY} grace_months = 1\n month = 'day before'")
    same = silver_of_2025(f"{YEARLY} grace_months = 1\n month = 'same day'")
    for story in (before, same):
        story.advance("2028-01-01")

    assert moves(before)[1:] == [("2027-02-01T00:00:00Z", "Basic")]
    assert moves(same)[1:] == [("2027-02-02T00:00:00Z", "Basic")]


def test_a_rolling_window_gives_its_grace_on_the_day_it_fails() -> None:
    """10 days from 1 March end with the 10th; 3 days of grace are the 11th to the 13th."""
    story = story_of("days = 10\n grace_days = 3")
    story.purchase("ann", "100.00", at="2026-03-01")
    story.advance("2026-06-01")

    assert moves(story)[1:] == [("2026-03-14T00:00:00Z", "Basic")]


def test_a_grace_that_is_met_and_fails_again_is_given_anew() -> None:
    """Again 100 on the 12th, in the window to the 21st; 3 days of grace are the 22nd to the 24th."""
    story = story_of("days = 10\n grace_days = 3")
    story.purchase("ann", "100.00", at="2026-03-01")
    story.purchase("ann", "100.00", at="2026-03-12")
    story.advance("2026-06-01")

    assert moves(story)[1:] == [("2026-03-25T00:00:00Z", "Basic")]
    assert [flag for flag, _ in remarks(story)] == ["in-grace", "grace-met", "in-grace"]


def test_a_monthly_review_gives_its_grace_from_the_first() -> None:
    """The window of 1 March fails on the 11th, the review of 1 April sees it; 5 days are to the 5th."""
    story = story_of("days = 10\n review = 'month'\n grace_days = 5")
    story.purchase("ann", "100.00", at="2026-03-01")
    story.advance("2026-06-01")

    assert moves(story)[1:] == [("2026-04-06T00:00:00Z", "Basic")]


def test_a_programme_without_grace_ends_the_one_that_runs_when_it_was_to_end() -> None:
    story = silver_of_2025()
    from loyalty_ledger.rules.programme import activation

    text = story.facts[0].data.text.replace("grace_days = 30", "")
    later = activation(text, story.catalogue, at="test", effective="2027-01-10T00:00:00Z")
    story.record(None, later, at="2027-01-10")
    story.advance("2028-01-01")

    assert moves(story)[1:] == [(GONE, "Basic")]
