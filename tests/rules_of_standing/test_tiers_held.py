"""A rung with a fixed validity, a rung by balance, benefits, and what a ladder must not say."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from rules_of_standing.ladder_story import TWO, moves, rung, story_of

HELD = "days = 10\nheld_days = 30\n"
LATER = "2028-01-01"


def test_what_is_held_is_reviewed_at_its_end_only() -> None:
    """Won on 1 January, held to the 31st; the window has been empty since the 11th."""
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.advance("2026-01-31T23:59:59Z")
    assert rung(story) == "Silver"

    story.advance("2026-02-01")

    assert moves(story)[1:] == [("2026-02-01T00:00:00Z", "Basic")]


def test_conditions_met_at_the_end_keep_it_as_long_again() -> None:
    """23 January to 1 February are the ten days of the review; then 1 February + 30 = 3 March is the last."""
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "100.00", at="2026-01-23")
    story.advance(LATER)

    assert moves(story)[1:] == [("2026-03-04T00:00:00Z", "Basic")]


def test_conditions_that_are_met_a_day_too_early_do_not() -> None:
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "100.00", at="2026-01-22")
    story.advance(LATER)

    assert moves(story)[1:] == [("2026-02-01T00:00:00Z", "Basic")]


def test_a_higher_rung_is_held_from_the_day_it_is_won() -> None:
    """Gold of 20 January is held to 19 February; what then is left is nothing."""
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "300.00", at="2026-01-20")
    story.advance(LATER)

    assert moves(story)[1:] == [("2026-01-20T00:00:00Z", "Gold"), ("2026-02-20T00:00:00Z", "Basic")]


def test_a_return_takes_a_higher_rung_and_leaves_the_lower_one_its_time() -> None:
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "300.00", at="2026-01-20", order="O")
    story.given("ann", "purchase.returned", at="2026-01-25", order="O")
    story.advance(LATER)

    assert moves(story)[2:] == [("2026-01-25T00:00:00Z", "Silver"), ("2026-02-01T00:00:00Z", "Basic")]


def test_a_return_after_the_lower_rung_s_time_leaves_it_until_midnight() -> None:
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "300.00", at="2026-01-20", order="O")
    story.given("ann", "purchase.returned", at="2026-02-10T12:00:00Z", order="O")
    story.advance(LATER)

    assert moves(story)[2:] == [("2026-02-10T12:00:00Z", "Silver"), ("2026-02-11T00:00:00Z", "Basic")]


@pytest.mark.parametrize(
    ("on_return", "gone"), [("at once", "2026-01-05T00:00:00Z"), ("at review", "2026-02-01T00:00:00Z")]
)
def test_a_return_of_what_won_the_rung_counts_at_once_or_at_its_end(on_return: str, gone: str) -> None:
    story = story_of(f"{HELD} on_return = '{on_return}'")
    story.purchase("ann", "100.00", at="2026-01-01", order="O")
    story.given("ann", "purchase.returned", at="2026-01-05", order="O")
    story.advance(LATER)

    assert moves(story)[1:] == [(gone, "Basic")]


def test_a_small_return_long_after_the_window_leaves_what_is_held() -> None:
    """The rung rests on the ten days it was won in, whatever has come since."""
    story = story_of(HELD)
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "5.00", at="2026-01-20", order="O")
    story.given("ann", "purchase.returned", at="2026-01-21", order="O")

    assert rung(story) == "Silver"


def test_a_rung_of_a_year_can_be_held_beyond_the_next() -> None:
    """100 of December 2025, held 24 months to 10 December 2027; a return in 2027 does not take it."""
    story = story_of("window = 'calendar year'\nheld_months = 24")
    story.purchase("ann", "100.00", at="2025-12-10")
    story.purchase("ann", "5.00", at="2027-05-01", order="O")
    story.given("ann", "purchase.returned", at="2027-05-02", order="O")
    story.advance(LATER)

    assert moves(story)[1:] == [("2027-12-11T00:00:00Z", "Basic")]


def test_one_step_down_is_held_as_long_again() -> None:
    """Gold 1 January to 31 January, Silver from 1 February: + 30 = 3 March is its last day."""
    story = story_of(f"{HELD} downgrade = 'one step'")
    story.purchase("ann", "300.00", at="2026-01-01")
    story.advance(LATER)

    assert moves(story)[1:] == [("2026-02-01T00:00:00Z", "Silver"), ("2026-03-04T00:00:00Z", "Basic")]


def test_what_is_held_and_lost_has_its_grace_after_that() -> None:
    """Held to 31 January; 5 days of grace are 1 to 5 February; met again on the 5th, held to 7 March."""
    story = story_of(f"{HELD} grace_days = 5")
    story.purchase("ann", "100.00", at="2026-01-01")
    story.purchase("ann", "100.00", at="2026-02-05T23:59:59Z")
    story.advance(LATER)

    # 5 February + 30 = 7 March, then 5 days of grace, 8 to 12 March.
    assert moves(story)[1:] == [("2026-03-13T00:00:00Z", "Basic")]


BALANCE = "rungs = [{name = 'Silver', balance = 100}, {name = 'Gold', balance = 300}]"


def test_a_balance_counts_what_can_be_spent_at_the_review() -> None:
    """300 earned, 150 spent: Gold until the review of 1 February, Silver by 150 from then on."""
    story = story_of("review = 'month'\non_return = 'at review'", rungs=BALANCE, more="[rules.redemption]")
    story.purchase("ann", "300.00", at="2026-01-05")
    story.redeem("ann", 150, at="2026-01-10")
    assert rung(story) == "Gold"
    story.advance("2026-06-01")

    assert moves(story) == [("2026-01-05T00:00:00Z", "Gold"), ("2026-02-01T00:00:00Z", "Silver")]


def test_a_balance_and_another_condition_are_any_of() -> None:
    """100 points are spent at once, and five visits hold Silver all the same."""
    rungs = "rungs = [{name = 'Silver', balance = 100, visits = 5}]"
    story = story_of("review = 'month'\non_return = 'at review'", rungs=rungs, more="[rules.redemption]")
    for number in range(5):
        story.purchase("ann", "20.00", at=f"2026-01-0{number + 1}", order=f"{number}")
    story.redeem("ann", 100, at="2026-01-10")
    story.advance("2026-06-01")

    assert rung(story) == "Silver"


def test_benefits_are_words_that_change_nothing() -> None:
    rungs = "rungs = [{name = 'Silver', points = 100, benefits = ['free delivery', 'a gift']}]"
    story = story_of("days = 10", rungs=rungs)
    story.purchase("ann", "100.00", at="2026-01-05")
    story.advance(LATER)

    assert moves(story) == [("2026-01-05T00:00:00Z", "Silver"), ("2026-01-15T00:00:00Z", "Basic")]


@pytest.mark.parametrize(
    ("tier", "rungs", "said"),
    [
        ("held_days = 3\nheld_months = 1", TWO, "set held_days or held_months, not both"),
        ("grace_days = 3\ngrace_months = 1", TWO, "set grace_days or grace_months, not both"),
        ("held_round = 'month'", TWO, "held_round needs held_days or held_months"),
        ("grace_round = 'month'", TWO, "grace_round needs grace_days or grace_months"),
        ("held_days = 3\nmonth = 'same day'", TWO, "set held_months or grace_months"),
        ("held_days = 3\nreview = 'month'", TWO, "leave review out"),
        ("held_days = 3\ndowngrade = 'none'", TWO, "downgrade is 'none'"),
        ("window = 'lifetime'\ngrace_days = 3", TWO, "without a review there is no grace"),
        ("downgrade = 'none'\ngrace_days = 3", TWO, "without a review there is no grace"),
        ("window = 'lifetime'\non_return = 'at review'", TWO, "a lifetime has no review"),
        ("review = 'month'", BALANCE, "on_return must be 'at review'"),
        ("on_return = 'at review'", BALANCE, "review must be 'month' or 'year'"),
        ("", "rungs = [{name = 'Silver', benefits = ['a gift']}]", "needs points, spend, visits or balance"),
        ("", "rungs = [{name = 'A', balance = 2}, {name = 'B', balance = 1}]", "rungs must rise: balance"),
    ],
)
def test_a_ladder_that_contradicts_itself_is_refused(tier: str, rungs: str, said: str) -> None:
    with pytest.raises(LoyaltyError, match=said):
        story_of(tier, rungs=rungs)
