"""Inactivity: one timer a member, moved by what counts as activity, and by nothing else."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story

RULES = """
    [rules.points_per_spend]
    [rules.redemption]
    [rules.adjustments]
    [rules.transfers]
    [rules.holds]
    [rules.merging]
    [rules.clawback]
    [rules.extension]
"""


def sleepy(params: str = "months = 12", zone: str = "UTC") -> Story:
    return Story(f"""
    programme = "Test"
    zone = "{zone}"
    currency = "USD"
    {RULES}
    [rules.inactivity_expiry]
    {params}
    """)


def due(story: Story, member: str = "ann") -> str | None:
    alarms = [alarm.due_us for alarm in story.state(member).alarms if alarm.key == "expire all points"]
    return rfc3339(alarms[0]) if alarms else None


def test_everything_is_gone_at_the_instant_not_before() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15T12:00:00Z")
    story.purchase("ann", "10.00", at="2026-02-15T12:00:00Z")

    story.advance("2027-02-15T11:59:59.999999Z")
    assert story.balance("ann") == 20
    story.advance("2027-02-15T12:00:00Z")
    assert story.balance("ann") == 0
    assert [entry.points for entry in story.entries()] == [10, 10, -10, -10]


def test_an_activity_at_that_instant_comes_too_late() -> None:
    """Timers due ≤ t fire before a fact at t."""
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15T12:00:00Z")
    story.purchase("ann", "7.00", at="2027-01-15T12:00:00Z")

    assert story.balance("ann") == 7  # the 10 had gone, the 7 have twelve months of their own
    assert due(story) == "2028-01-15T12:00:00Z"


@pytest.mark.parametrize(
    ("params", "active", "gone"),
    [
        ("months = 1", "2026-01-31T12:00:00Z", "2026-02-28T12:00:00Z"),
        ("months = 1", "2028-01-31T12:00:00Z", "2028-02-29T12:00:00Z"),
        ("months = 12", "2028-02-29T12:00:00Z", "2029-02-28T12:00:00Z"),
        (
            'months = 1\n end_of = "day"',
            "2026-02-28T12:00:00Z",
            "2026-03-28T23:00:00Z",
        ),  # before the short day
        ('months = 1\n end_of = "day"', "2026-03-01T12:00:00Z", "2026-04-01T22:00:00Z"),  # summer time
        (
            'months = 2\n end_of = "day"',
            "2026-01-29T12:00:00Z",
            "2026-03-29T22:00:00Z",
        ),  # the short day itself
        (
            'months = 1\n end_of = "day"',
            "2026-09-25T12:00:00Z",
            "2026-10-25T23:00:00Z",
        ),  # the long day itself
        (
            'months = 1\n end_of = "day"\n month = "day before"',
            "2026-09-25T12:00:00Z",
            "2026-10-24T22:00:00Z",
        ),
        ('months = 1\n end_of = "month"', "2026-09-01T12:00:00Z", "2026-10-31T23:00:00Z"),
        ("days = 1", "2026-03-28T11:00:00Z", "2026-03-29T11:00:00Z"),
    ],
)
def test_months_days_and_the_days_the_clock_changes(params: str, active: str, gone: str) -> None:
    story = sleepy(params, zone="Europe/Berlin")
    story.purchase("ann", "10.00", at=active)

    assert due(story) == gone


# -- what counts --------------------------------------------------------------------------------------------


def test_spending_points_is_an_activity() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.redeem("ann", 4, at="2026-12-31")

    story.advance("2027-12-30")
    assert story.balance("ann") == 6
    story.advance("2027-12-31")
    assert story.balance("ann") == 0


def test_capturing_a_hold_is_spending_placing_it_is_not() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "hold.placed", at="2026-06-01", hold="H", points=4)
    assert due(story) == "2027-01-15T00:00:00Z"

    story.given("ann", "hold.captured", at="2026-06-02", hold="H")
    assert due(story) == "2027-06-02T00:00:00Z"


@pytest.mark.parametrize(
    ("topic", "fields"),
    [
        ("points.adjusted", {"points": 5, "reason": "a gesture"}),
        ("contact.recorded", {"direction": "inbound", "channel": "phone"}),
        ("activity.recorded", {"activity": "check-in"}),
        ("purchase.returned", {"order": "A"}),
    ],
)
def test_what_the_programme_does_not_name_is_none(topic: str, fields: dict[str, object]) -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    story.given("ann", topic, at="2026-06-01", **fields)

    assert due(story) == "2027-01-15T00:00:00Z"


def test_the_programme_names_what_counts() -> None:
    story = sleepy('months = 12\n activities = ["activity.recorded"]\n named = ["check-in"]')
    story.purchase("ann", "10.00", at="2026-01-15")  # points with no timer running start it
    story.purchase("ann", "10.00", at="2026-02-15")  # no activity here
    story.given("ann", "activity.recorded", at="2026-03-15", activity="visit")
    assert due(story) == "2027-01-15T00:00:00Z"

    story.given("ann", "activity.recorded", at="2026-04-15", activity="check-in")
    assert due(story) == "2027-04-15T00:00:00Z"


def test_an_unknown_activity_is_refused() -> None:
    with pytest.raises(LoyaltyError, match=r"purchase\.returned"):
        sleepy('months = 12\n activities = ["purchase.returned"]')


# -- late facts, returns and corrections --------------------------------------------------------------------


def test_a_late_purchase_never_shortens() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-06-01")
    story.purchase("ann", "7.00", at="2026-01-15")  # told later: its own twelve months are over earlier

    assert due(story) == "2027-06-01T00:00:00Z"


def test_what_had_expired_stays_so_when_an_activity_becomes_known() -> None:
    """Booked forward: only the late purchase's own points are there, until twelve months after it."""
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.advance("2027-01-15")
    story.purchase("ann", "7.00", at="2026-06-01")

    assert story.balance("ann") == 10 - 10 + 7
    assert due(story) == "2027-06-01T00:00:00Z"


@pytest.mark.parametrize("topic", ["purchase.returned", "fact.retracted"])
def test_a_return_takes_the_points_but_the_member_was_active(topic: str) -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    second = story.purchase("ann", "7.00", at="2026-06-01", order="B")
    fields = {"order": "B"} if topic == "purchase.returned" else {"retracted": second, "reason": "typo"}
    story.given("ann", topic, at="2026-06-02", **fields)

    assert story.balance("ann") == 10  # 10 + 7 - 7
    assert due(story) == "2027-06-01T00:00:00Z"


# -- points that come without an activity -------------------------------------------------------------------


def test_points_given_by_a_person_start_the_timer_of_who_has_none() -> None:
    story = sleepy()
    story.given("ann", "points.adjusted", at="2026-01-15", points=5, reason="a gesture")

    story.advance("2027-01-14")
    assert story.balance("ann") == 5
    story.advance("2027-01-15")
    assert story.balance("ann") == 0


def test_points_given_by_another_member_start_it_too() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "points.transferred", at="2026-06-01", to="bob", points=4)

    assert due(story, "bob") == "2027-06-01T00:00:00Z"
    assert due(story, "ann") == "2027-01-15T00:00:00Z"  # giving does not count unless named
    story.given("ann", "points.transferred", at="2026-07-01", to="bob", points=4)
    assert due(story, "bob") == "2027-06-01T00:00:00Z"  # it runs already


def test_a_timer_that_is_over_at_that_very_instant_runs_no_more() -> None:
    """Bob bought nothing that earns on 15 January: his time is over as Ann's points come."""
    story = sleepy("months = 1")
    story.purchase("ann", "10.00", at="2026-02-01")
    story.purchase("bob", "0", at="2026-01-15")
    story.given("ann", "points.transferred", at="2026-02-15", to="bob", points=4)

    assert story.balance("bob") == 4
    assert due(story, "bob") == "2026-03-15T00:00:00Z"


def test_a_bonus_that_another_members_purchase_brings_starts_it() -> None:
    story = sleepy("months = 12\n [rules.referral_bonus]\n referrer_points = 50")
    story.given("bob", "referral.made", at="2026-01-01", referred="ann")
    story.purchase("ann", "10.00", at="2026-02-01")

    assert story.balance("bob") == 50
    assert due(story, "bob") == "2027-02-01T00:00:00Z"


def test_points_that_come_back_later_live_for_another_period() -> None:
    """Spent before everything expired, given back after it."""
    story = sleepy("months = 1")
    story.purchase("ann", "10.00", at="2026-01-15")
    story.redeem("ann", 4, at="2026-01-20", order="O")
    story.advance("2026-02-20")  # a month after the redemption: the 6 left are gone
    assert story.balance("ann") == 0
    story.given("ann", "redemption.cancelled", at="2026-03-01", order="O")

    assert story.balance("ann") == 4
    assert due(story) == "2026-04-01T00:00:00Z"


def test_held_points_outlive_the_timer_and_get_another_period() -> None:
    story = sleepy("months = 1")
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "hold.placed", at="2026-02-10", hold="H", points=4, until="2026-02-20T00:00:00Z")

    story.advance("2026-02-15")
    assert (story.balance("ann"), story.state("ann").held) == (0, 4)  # 10 - 4 held - 6 expired
    story.advance("2026-02-20")
    assert (story.balance("ann"), story.state("ann").held) == (4, 0)  # given up, and back
    assert due(story) == "2026-03-15T00:00:00Z"  # a month after the 15th
    story.advance("2026-03-15")
    assert story.balance("ann") == 0


def test_pending_points_expire_with_the_rest() -> None:
    story = sleepy("months = 1\n [rules.pending]\n days = 90")
    story.purchase("ann", "10.00", at="2026-01-15")
    story.advance("2026-02-15")

    assert (story.state("ann").pending, story.state("ann").points) == (0, 0)


# -- extensions and rungs -----------------------------------------------------------------------------------


def test_an_extension_moves_the_timer_but_never_back() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "points.extended", at="2026-02-01", expires="2026-12-31T00:00:00Z")
    assert due(story) == "2027-01-15T00:00:00Z"

    story.given("ann", "points.extended", at="2026-02-01", expires="2028-01-01T00:00:00Z")
    assert due(story) == "2028-01-01T00:00:00Z"


TIERS = """
    [rules.tier]
    use = "tiers"
    days = 30
    rungs = [{name = "Gold", points = 100}]
"""


def test_who_falls_from_a_rung_keeps_the_longer_time_until_it_is_over() -> None:
    """Gold on 15 January, active on the 16th: until 16 July. Three months from 1 March would be less."""
    story = sleepy(f"months = 3\n by_rung = {{Gold = {{months = 6}}}}\n {TIERS}")
    story.purchase("ann", "100.00", at="2026-01-15")
    story.purchase("ann", "1.00", at="2026-01-16")
    assert due(story) == "2026-07-16T00:00:00Z"
    story.purchase("ann", "1.00", at="2026-03-01")  # Basic again: 1 June is earlier
    assert due(story) == "2026-07-16T00:00:00Z"
    story.purchase("ann", "1.00", at="2026-05-01")
    assert due(story) == "2026-08-01T00:00:00Z"


def test_points_of_a_rung_may_never_expire() -> None:
    story = sleepy(f"months = 3\n by_rung = {{Gold = {{never = true}}}}\n {TIERS}")
    story.purchase("ann", "100.00", at="2026-01-15")
    assert due(story) == "2026-04-15T00:00:00Z"  # not Gold before this purchase
    story.purchase("ann", "1.00", at="2026-01-16")
    assert due(story) is None


# -- merging ------------------------------------------------------------------------------------------------


def test_of_two_who_are_one_the_later_activity_counts() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.purchase("bob", "7.00", at="2026-06-01")
    story.given("ann", "members.merged", at="2026-07-01", absorbed="bob")

    assert due(story) == "2027-06-01T00:00:00Z"
    story.advance("2027-05-31")
    assert story.balance("ann") == 17
    story.advance("2027-06-01")
    assert story.balance("ann") == 0


def test_who_is_let_go_has_a_whole_period_from_then() -> None:
    """Bob's own time was over while he was absorbed; the points he takes along live on."""
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.purchase("bob", "7.00", at="2026-06-01")
    merge = story.given("ann", "members.merged", at="2026-07-01", absorbed="bob")
    story.purchase("ann", "1.00", at="2027-05-01")
    story.given("ann", "members.unmerged", at="2027-08-01", absorbed="bob", merge=merge)

    assert (story.balance("ann"), story.balance("bob")) == (11, 7)
    assert due(story, "ann") == "2028-05-01T00:00:00Z"
    assert due(story, "bob") == "2028-08-01T00:00:00Z"
    story.advance("2028-08-01")
    assert story.balance("bob") == 0


def test_points_of_who_is_merged_after_its_time_are_gone_before() -> None:
    """Bob's time ended on 1 July, as he was merged: only Ann's points live on."""
    story = sleepy("months = 1")
    story.purchase("bob", "7.00", at="2026-06-01")
    story.purchase("ann", "10.00", at="2026-06-15")
    story.given("ann", "members.merged", at="2026-07-01", absorbed="bob")

    assert story.balance("ann") == 10
    assert due(story) == "2026-07-15T00:00:00Z"


def test_a_merge_that_is_refused_moves_nothing() -> None:
    story = sleepy()
    story.purchase("ann", "10.00", at="2026-01-15")
    story.given("ann", "members.merged", at="2026-07-01", absorbed="ann")

    assert due(story) == "2027-01-15T00:00:00Z"


# -- any history --------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 70), st.integers(1, 9)), min_size=1, max_size=15), st.integers(0, 70)
)
def test_the_balance_is_what_came_since_the_last_time_nothing_happened(
    purchases: list[tuple[int, int]], rest: int
) -> None:
    """30 days without a purchase empty the account, whatever came before them."""
    story, day, expected = sleepy("days = 30"), date(2026, 1, 1), 0
    for gap, points in purchases:
        day += timedelta(days=gap)
        expected = points if gap >= 30 else expected + points
        story.purchase("ann", f"{points}.00", at=day.isoformat())
    story.advance((day + timedelta(days=rest)).isoformat())

    assert story.balance("ann") == (0 if rest >= 30 else expected)
