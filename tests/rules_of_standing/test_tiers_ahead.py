"""What is missing for the rungs above, until when, and until when the own rung is safe."""

from __future__ import annotations

from datetime import date

from loyalty_ledger.ledger.calendar import instant_us
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.foreseeing import ahead_of
from loyalty_ledger.rules.outlook import Missing, Outlook
from loyalty_ledger.rules.testing import Story
from rules_of_standing.ladder_story import story_of

ANY_OF = (
    "rungs = [{name = 'Silver', points = 100, visits = 5, benefits = ['free delivery']},"
    " {name = 'Gold', points = 300, spend = 400, visits = 9}]"
)


def ahead(story: Story, at: str, member: str = "ann") -> Outlook:
    """Return what lies ahead of a member on an instant to which the story's time has passed."""
    programme, _ = story.split()
    rows = story.folded().states()
    states = {row.member: row.state for row in rows}
    (found,) = ahead_of(Engine(programme, story.catalogue), member, states, instant_us(f"{at}T00:00:00Z"))
    return found.outlook


def test_what_each_rung_above_still_takes_any_of_it_is_enough() -> None:
    """60 points, 60 dollars and one visit: 100 - 60 = 40, 5 - 1 = 4; 300 - 60, 400 - 60, 9 - 1."""
    story = story_of("window = 'calendar year'", rungs=ANY_OF)
    story.purchase("ann", "60.00", at="2026-03-01")
    year_end = date(2026, 12, 31)

    found = ahead(story, "2026-03-01")

    assert found == Outlook(
        rung="Basic",
        missing=(
            Missing(rung="Silver", points=40, visits=4, until=year_end, benefits=("free delivery",)),
            Missing(rung="Gold", points=240, spend_minor=340_00, visits=8, until=year_end),
        ),
    )
    assert found.told("USD") == [
        "Silver: 40 points or 4 visits more until 2026-12-31",
        "Gold: 240 points or $340.00 or 8 visits more until 2026-12-31",
    ]


def test_a_single_point_and_a_single_visit_are_told_as_such() -> None:
    story = story_of("window = 'lifetime'", rungs="rungs = [{name = 'Silver', points = 100, visits = 2}]")
    story.purchase("ann", "99.00", at="2026-03-01")

    assert ahead(story, "2026-03-01").told("USD") == ["Silver: 1 point or 1 visit more"]


def test_a_rung_of_this_year_is_safe_to_the_end_of_the_next() -> None:
    """The review of 1 January 2027 keeps it by 2026; that of 1 January 2028 is the first that may not."""
    story = story_of("window = 'calendar year'", rungs=ANY_OF)
    story.purchase("ann", "100.00", at="2026-03-01")

    found = ahead(story, "2026-03-01")

    assert (found.rung, found.safe_until, found.benefits) == (
        "Silver",
        date(2027, 12, 31),
        ("free delivery",),
    )
    story.advance("2027-12-31")
    assert ahead(story, "2027-12-31").rung == "Silver"
    story.advance("2028-01-01")
    assert ahead(story, "2028-01-01").rung == "Basic"


def test_a_rung_of_the_year_before_is_safe_to_the_end_of_this_one() -> None:
    story = story_of("window = 'calendar year'", rungs=ANY_OF)
    story.purchase("ann", "100.00", at="2026-03-01")
    story.advance("2027-02-01")

    found = ahead(story, "2027-02-01")

    assert found.safe_until == date(2027, 12, 31)
    assert [(missing.points, missing.until) for missing in found.missing] == [(300, date(2027, 12, 31))]


def test_a_year_of_membership_ends_before_its_anniversary() -> None:
    story = story_of("window = 'anniversary'", rungs=ANY_OF)
    story.given("ann", "member.enrolled", at="2024-02-29")
    story.purchase("ann", "10.00", at="2026-01-01")

    assert ahead(story, "2026-01-01").missing[0].until == date(2026, 2, 27)


def test_in_a_rolling_window_it_holds_until_the_earliest_day_leaves() -> None:
    """30 days with 1 March are up to the 30th: from the 31st on, 40 of 60 points are left."""
    story = story_of("days = 30", rungs=ANY_OF)
    story.purchase("ann", "20.00", at="2026-03-01")
    story.purchase("ann", "40.00", at="2026-03-10")
    found = {day: ahead(story, f"2026-03-{day}").missing[0] for day in (10, 30, 31)}

    assert [(missing.points, missing.until) for missing in found.values()] == [
        (40, date(2026, 3, 30)), (40, date(2026, 3, 30)), (60, date(2026, 4, 8)),
    ]  # fmt: skip


def test_a_rung_of_a_rolling_window_is_safe_until_the_first_review_that_fails() -> None:
    story = story_of("days = 30\nreview = 'month'", rungs=ANY_OF)
    story.purchase("ann", "100.00", at="2026-03-01")

    assert ahead(story, "2026-03-01").safe_until == date(2026, 3, 31)


def test_in_its_grace_a_rung_is_told_to_be_and_takes_all_of_its_conditions_again() -> None:
    story = story_of("days = 30\ngrace_days = 10", rungs=ANY_OF)
    story.purchase("ann", "100.00", at="2026-03-01")
    story.advance("2026-04-01")

    found = ahead(story, "2026-04-01")

    # 1 March + 30 = 31 March is the first day of grace, 9 April the last.
    assert (found.rung, found.is_in_grace, found.safe_until) == ("Silver", True, date(2026, 4, 9))
    assert found.told("USD")[1] == "Silver kept in grace until 2026-04-09"


def test_what_no_review_takes_is_safe_for_ever() -> None:
    for tier in ("window = 'lifetime'", "downgrade = 'none'"):
        story = story_of(tier, rungs=ANY_OF)
        story.purchase("ann", "300.00", at="2026-03-01")

        assert ahead(story, "2026-03-01") == Outlook(rung="Gold")


def test_a_balance_that_is_there_already_is_told() -> None:
    """99 earned, 50 spent, 40 earned, the 50 back: 139. Nobody has earned since, so nobody has looked."""
    story = story_of(
        "review = 'month'\non_return = 'at review'",
        rungs="rungs = [{name = 'Silver', balance = 100}]",
        more="[rules.redemption]",
    )
    story.purchase("ann", "99.00", at="2026-03-01")
    assert ahead(story, "2026-03-01").told("USD")[0].startswith("Silver: 1 point on the balance more")
    story.redeem("ann", 50, at="2026-03-02", order="O")
    story.purchase("ann", "40.00", at="2026-03-03")
    story.given("ann", "redemption.cancelled", at="2026-03-04", order="O")

    assert ahead(story, "2026-03-04").told("USD") == ["Silver: reached, with the next purchase or review"]

    story.purchase("ann", "1.00", at="2026-03-05")
    assert ahead(story, "2026-03-05").rung == "Silver"


def test_nobody_s_rung_changes_by_looking_ahead() -> None:
    story = story_of("days = 30", rungs=ANY_OF)
    story.purchase("ann", "100.00", at="2026-03-01")
    before = story.folded().states()
    ahead(story, "2026-09-01")

    assert story.folded().states() == before
