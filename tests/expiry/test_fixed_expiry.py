"""Fixed dates: the local midnight after the day, both sides of each, leap days, dates that come once."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import FOREVER_US, rfc3339
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def fixed(params: str, zone: str = "Europe/Berlin") -> Story:
    return Story(f"""
    programme = "Test"
    zone = "{zone}"
    currency = "USD"

    [rules.points_per_spend]
    [rules.fixed_expiry]
    {params}
    """)


def expiry(params: str, earned: str, zone: str = "Europe/Berlin") -> str | None:
    story = fixed(params, zone)
    story.purchase("ann", "10.00", at=earned)
    expires_us = story.state("ann").lots[0].expires_us
    return None if expires_us == FOREVER_US else rfc3339(expires_us)


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-01-01T00:00:00Z", "2026-12-31T23:00:00Z"),  # midnight in Berlin is 23:00Z in winter
        ("2026-12-31T22:59:59.999999Z", "2026-12-31T23:00:00Z"),  # the last microsecond of 2026 in Berlin
        ("2026-12-31T23:00:00Z", "2027-12-31T23:00:00Z"),  # the first of 2027
    ],
)
def test_points_of_a_year_expire_with_its_last_day(earned: str, gone: str) -> None:
    assert expiry('dates = ["12-31"]', earned) == gone


def test_they_are_gone_at_that_midnight_not_before() -> None:
    story = fixed('dates = ["12-31"]')
    story.purchase("ann", "10.00", at="2026-05-01")

    story.advance("2026-12-31T22:59:59.999999Z")
    assert story.balance("ann") == 10
    story.advance("2026-12-31T23:00:00Z")
    assert story.balance("ann") == 0


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-03-31T12:00:00Z", "2026-03-31T22:00:00Z"),  # 1 April begins at +02:00
        ("2026-04-01T12:00:00Z", "2026-09-30T22:00:00Z"),
        ("2026-10-01T12:00:00Z", "2027-03-31T22:00:00Z"),
    ],
)
def test_the_next_of_several_dates_counts(earned: str, gone: str) -> None:
    assert expiry('dates = ["09-30", "03-31"]', earned) == gone


@pytest.mark.parametrize(
    ("date", "gone"),
    [
        ("03-28", "2026-03-28T23:00:00Z"),  # the day before the short one ends at +01:00
        ("03-29", "2026-03-29T22:00:00Z"),  # the short one begins at +01:00 and ends at +02:00
        ("10-24", "2026-10-24T22:00:00Z"),
        ("10-25", "2026-10-25T23:00:00Z"),  # the long one ends at +01:00
    ],
)
def test_a_date_can_be_the_day_the_clock_changes(date: str, gone: str) -> None:
    assert expiry(f'dates = ["{date}"]', "2026-01-15") == gone


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-01-15", "2026-03-01T00:00:00Z"),  # 2026: with the end of 28 February
        ("2026-02-28", "2026-03-01T00:00:00Z"),
        ("2026-03-01", "2027-03-01T00:00:00Z"),
        ("2028-02-28", "2028-03-01T00:00:00Z"),  # 2028: with the end of the 29th
        ("2028-02-29", "2028-03-01T00:00:00Z"),
        ("2100-01-15", "2100-03-01T00:00:00Z"),  # 2100 is no leap year
    ],
)
def test_29_february_is_the_last_of_february(earned: str, gone: str) -> None:
    assert expiry('dates = ["02-29"]', earned, zone="UTC") == gone


def test_after_years_the_day_is_looked_for_in_that_year() -> None:
    """Earned in 2028: 29 February 2028, one year later the 28th of 2029."""
    assert expiry('dates = ["02-29"]\n after_years = 1', "2028-01-15", zone="UTC") == "2029-03-01T00:00:00Z"


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-12-01", "2027-01-01T00:00:00Z"),  # 1 + 30 = 31 December: it just lives its 30 days
        ("2026-12-02", "2028-01-01T00:00:00Z"),  # 2 December + 30 days is past it
    ],
)
def test_what_is_earned_too_short_before_a_date_lives_until_the_next(earned: str, gone: str) -> None:
    assert expiry('dates = ["12-31"]\n least_days = 30', earned, zone="UTC") == gone


def test_grace_begins_with_the_date() -> None:
    """31 December 2026 + 1 year + 90 days: 31 (January) + 29 (February 2028) + 30 = until 30 March 2028."""
    params = 'dates = ["12-31"]\n after_years = 1\n grace_days = 90'
    assert expiry(params, "2026-05-01", zone="UTC") == "2028-03-31T00:00:00Z"


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-01-15", "2026-06-30T22:00:00Z"),
        ("2026-06-30T21:59:59.999999Z", "2026-06-30T22:00:00Z"),  # the last microsecond in Berlin
        ("2026-06-30T22:00:00Z", None),
    ],
)
def test_one_day_ends_what_was_earned_up_to_it(earned: str, gone: str | None) -> None:
    assert expiry('until = "2026-06-30"', earned) == gone


def test_grace_also_follows_one_day_but_earns_nothing_more() -> None:
    params = 'until = "2026-06-30"\n grace_days = 1'
    assert expiry(params, "2026-06-30T12:00:00Z") == "2026-07-01T22:00:00Z"
    assert expiry(params, "2026-07-01T12:00:00Z") is None


def test_another_rule_can_follow_after_the_day() -> None:
    params = 'until = "2026-06-30"\n [rules.rolling_expiry]\n months = 12'
    assert expiry(params, "2026-06-30", zone="UTC") == "2026-07-01T00:00:00Z"
    assert expiry(params, "2026-07-01", zone="UTC") == "2027-07-01T00:00:00Z"


TIERS = """
    [rules.tier]
    use = "tiers"
    window = "lifetime"
    rungs = [{name = "Silver", points = 10}, {name = "Gold", points = 20}]
"""


def test_rungs_have_dates_of_their_own() -> None:
    """Ten points each as Basic, Silver and Gold: to the end of 2026, a year longer, for ever."""
    by_rung = "{Silver = {after_years = 1}, Gold = {never = true}}"
    story = fixed(f'dates = ["12-31"]\n by_rung = {by_rung}\n {TIERS}', zone="UTC")
    for day in ("2026-01-10", "2026-01-11", "2026-01-12"):
        story.purchase("ann", "10.00", at=day)

    expiries = [lot.expires_us for lot in story.state("ann").lots]
    assert [rfc3339(at) for at in expiries[:2]] == ["2027-01-01T00:00:00Z", "2028-01-01T00:00:00Z"]
    assert expiries[2:] == [FOREVER_US]


def test_a_rung_may_have_only_its_own_grace() -> None:
    story = fixed(f'until = "2026-12-31"\n by_rung = {{Gold = {{grace_days = 31}}}}\n {TIERS}', zone="UTC")
    for day in ("2026-01-10", "2026-01-11"):
        story.purchase("ann", "20.00", at=day)

    expiries = [rfc3339(lot.expires_us) for lot in story.state("ann").lots]
    assert expiries == ["2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"]  # 31 December + 31 days


def test_only_points_of_the_rules_named_expire() -> None:
    params = 'dates = ["12-31"]\n rules = ["points_per_spend"]'
    assert expiry(params, "2026-05-01", zone="UTC") == "2027-01-01T00:00:00Z"
    others = (
        params.replace("points_per_spend", "visit_points")
        + "\n[rules.visit_points]\npoints = 1\nstores = ['x']"
    )
    assert expiry(others, "2026-05-01", zone="UTC") is None


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ("", "dates or until"),
        ('dates = ["12-31"]\n until = "2026-06-30"', "dates or until"),
        ('dates = ["02-30"]', "MM-DD, got '02-30'"),
        ('dates = ["31-12"]', "MM-DD, got '31-12'"),
        ('dates = ["1-1"]', "dates"),
        ('until = "2026-02-29"', "YYYY-MM-DD, got '2026-02-29'"),
        ('until = "20260630"', "YYYY-MM-DD, got '20260630'"),
        ('until = "2026-06-30"\n after_years = 1', "every year"),
        ('until = "2026-06-30"\n by_rung = {Gold = {after_years = 1}}', "every year"),
        ('dates = ["12-31"]\n by_rung = {Gold = {}}', "a rung needs"),
        ('dates = ["12-31"]\n by_rung = {Gold = {never = true, grace_days = 1}}', "a rung needs"),
    ],
)
def test_what_is_no_date_is_refused(params: str, said: str) -> None:
    with pytest.raises(LoyaltyError) as raised:
        fixed(params)
    assert said in str(raised.value)
