"""Rolling expiry lot by lot: at its instant inclusive, and by the rung at the time points are given."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import FOREVER_US, rfc3339
from loyalty_ledger.rules.testing import Story

SHOP = """
    programme = "Test"
    zone = "Europe/Berlin"
    currency = "USD"

    [rules.points_per_spend]
"""


def expiring(params: str) -> Story:
    return Story(f"{SHOP}\n [rules.rolling_expiry]\n {params}")


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        # 28 March 22:59 at +01:00, 48 h later it is 30 March 23:59 at +02:00: to the end of the 30th
        ("2026-03-28T21:59:59.999999Z", "2026-03-30T22:00:00Z"),
        # an hour of the 29th is missing: 28 March 23:00 + 48 h = 31 March 00:00, to the end of the 31st
        ("2026-03-28T22:00:00Z", "2026-03-31T22:00:00Z"),
        # the 25th of October has one more: 25 October 00:59 at +02:00 + 48 h = 26 October 23:59 at +01:00
        ("2026-10-24T22:59:59.999999Z", "2026-10-26T23:00:00Z"),
        ("2026-10-24T23:00:00Z", "2026-10-27T23:00:00Z"),  # 01:00 + 48 h = 27 October 00:00
    ],
)
def test_days_of_24_hours_end_with_the_local_day_they_reach(earned: str, gone: str) -> None:
    story = expiring('days = 2\n end_of = "day"')
    story.purchase("ann", "10.00", at=earned)

    before = rfc3339(story.state("ann").lots[0].expires_us - 1)
    assert rfc3339(story.state("ann").lots[0].expires_us) == gone
    story.advance(before)
    assert story.balance("ann") == 10
    story.advance(gone)
    assert story.balance("ann") == 0


def test_only_points_of_the_rules_named_expire() -> None:
    story = expiring('days = 2\n rules = ["points_per_spend"]\n [rules.adjustments]')
    story.purchase("ann", "10.00", at="2026-01-01")
    story.given("ann", "points.adjusted", at="2026-01-01", points=5, reason="a gesture")

    story.advance("2026-02-01")

    assert story.balance("ann") == 5  # 10 + 5 - 10


TIERS = """
    [rules.tier]
    use = "tiers"
    window = "lifetime"
    rungs = [{name = "Silver", points = 10}, {name = "Gold", points = 20}]
"""


def test_each_rung_has_its_own_life_and_one_has_no_end() -> None:
    story = expiring(f"months = 1\n by_rung = {{Silver = {{days = 90}}, Gold = {{never = true}}}}\n {TIERS}")
    for day in ("2026-01-10", "2026-01-11", "2026-01-12"):
        story.purchase("ann", "10.00", at=f"{day}T12:00:00Z")

    # 10 points on each: earned as Basic (1 month), as Silver (10 January + 1 + 90 days = 11 April), as Gold
    assert [lot.expires_us for lot in story.state("ann").lots][2] == FOREVER_US
    assert [rfc3339(lot.expires_us) for lot in story.state("ann").lots[:2]] == [
        "2026-02-10T12:00:00Z",
        "2026-04-11T12:00:00Z",
    ]
    story.advance("2030-01-01")
    assert story.balance("ann") == 10


def test_the_ladder_is_named() -> None:
    tiers = TIERS.replace("rules.tier", "rules.club")
    story = expiring(f'months = 1\n ladder = "club"\n by_rung = {{Gold = {{months = 2}}}}\n {tiers}')
    story.purchase("ann", "20.00", at="2026-01-10")
    story.purchase("ann", "20.00", at="2026-01-10")

    assert [rfc3339(lot.expires_us) for lot in story.state("ann").lots] == [
        "2026-02-10T00:00:00Z",
        "2026-03-10T00:00:00Z",
    ]


def test_a_late_purchase_counts_from_when_it_happened() -> None:
    story = expiring("months = 1")
    story.purchase("ann", "10.00", at="2026-01-20")
    story.purchase("ann", "7.00", at="2026-01-05")  # told after it, booked on the 20th

    assert rfc3339(story.state("ann").lots[0].expires_us) == "2026-02-05T00:00:00Z"
