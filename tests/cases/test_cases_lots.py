"""CASES.md, section 2: lots, expiry and debt."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.testing import Story

SHOP = """
    programme = "Test"
    zone = "UTC"
    currency = "EUR"

    [rules.points_per_spend]
    [rules.redemption]
    [rules.adjustments]
"""
SETONO = """
    programme = "Setono"
    zone = "UTC"
    currency = "EUR"

    [rules.points_per_spend]
    [rules.redemption]

    [rules.rolling_expiry]
    months = 12
"""


def buy(story: Story, amount: str, at: str) -> None:
    """Let ann spend euros: one point each, for twelve months."""
    story.purchase("ann", amount, currency="EUR", at=at)


def test_ac_42_the_lot_that_expires_first_is_spent_first() -> None:
    """Setono, tests/Replay/LotReplayerTest.php."""
    story = Story(SETONO)
    buy(story, "50.00", at="2026-01-01")  # expires 2027-01-01
    buy(story, "50.00", at="2026-02-01")  # expires 2027-02-01

    story.redeem("ann", 70, at="2026-03-01")

    assert story.balance("ann") == 30  # 50 + 50 - 70
    story.advance("2027-01-01")
    assert story.balance("ann") == 30  # January's lot gave all its 50: nothing of it is left to expire
    story.advance("2027-02-01")
    assert story.balance("ann") == 0  # the 30 were all in the February lot


def test_ac_42_it_is_spent_first_also_when_it_was_earned_last() -> None:
    """The order of burning is that of expiry, not that of earning: the older purchase was recorded late."""
    story = Story(SETONO)
    buy(story, "50.00", at="2026-02-01")  # expires 2027-02-01
    buy(story, "50.00", at="2026-01-01")  # recorded later, expires 2027-01-01

    story.redeem("ann", 70, at="2026-03-01")

    assert [(lot.points, lot.fact) for lot in story.state("ann").lots] == [(30, 2)]  # fact 2 is February's


def test_ac_44_a_deficit_is_absorbed_by_the_next_points() -> None:
    """Setono: +50, -80, +100."""
    story = Story(SETONO)
    buy(story, "50.00", at="2026-01-01")
    story.redeem("ann", 80, at="2026-01-02")
    assert story.balance("ann") == -30  # 50 - 80: an imported redemption has happened

    buy(story, "100.00", at="2026-01-03")

    assert story.balance("ann") == 70  # 100 - 30
    assert [lot.points for lot in story.state("ann").lots] == [70]
    assert [flag.flag for flag in story.folded().flags] == ["overdrawn"]


def test_ac_45_expiry_takes_only_its_own_lot() -> None:
    """Setono, LoyaltyLedgerExpireTest.php: lots 100 and 40, the first expires."""
    story = Story(SETONO)
    buy(story, "100.00", at="2026-01-01")
    buy(story, "40.00", at="2026-06-01")

    story.advance("2027-01-01")

    assert story.balance("ann") == 40  # 140 - 100


def test_ac_45_what_was_spent_of_a_lot_does_not_expire_again() -> None:
    """As AC-45, after 30 points were spent: they came from the lot that expires first."""
    story = Story(SETONO)
    buy(story, "100.00", at="2026-01-01")
    buy(story, "40.00", at="2026-06-01")
    story.redeem("ann", 30, at="2026-07-01")

    story.advance("2027-01-01")

    assert story.balance("ann") == 40  # (100 - 30) expire: 140 - 30 - 70


def test_ac_47_points_are_gone_at_the_instant_they_expire() -> None:
    """Setono: the expiry instant equals "now" (boundary inclusive)."""
    story = Story(SETONO)
    buy(story, "100.00", at="2026-01-01T12:00:00Z")

    story.advance("2027-01-01T11:59:59.999999Z")
    assert story.balance("ann") == 100

    story.advance("2027-01-01T12:00:00Z")
    assert story.balance("ann") == 0


def test_ac_47_a_fact_at_that_instant_finds_them_gone() -> None:
    """CASES.md, note on AC-47: timers due ≤ t fire before a fact at t."""
    story = Story(SETONO)
    buy(story, "100.00", at="2026-01-01T12:00:00Z")

    story.redeem("ann", 10, at="2027-01-01T12:00:00Z")

    assert [(entry.points, entry.account) for entry in story.entries()] == [
        (100, "issued"),
        (-100, "expired"),
        (-10, "redeemed"),
    ]
    assert story.balance("ann") == -10


def expiries(story: Story, member: str) -> list[str]:
    """Return when each open lot is over, in burn order."""
    return [rfc3339(lot.expires_us) for lot in story.state(member).lots]


def test_ac_35_twelve_months_and_then_to_the_end_of_the_month() -> None:
    """Square P12M, month end rule: earned 2020-07-06, gone at 2021-08-01 00:00."""
    story = Story(f'{SHOP} [rules.rolling_expiry]\n months = 12\n end_of = "month"')
    buy(story, "100.00", at="2020-07-06")

    # 6 July 2020 + 12 months = 6 July 2021; July 2021 is over at 1 August, 00:00
    assert expiries(story, "ann") == ["2021-08-01T00:00:00Z"]
    story.advance("2021-07-31T23:59:59.999999Z")
    assert story.balance("ann") == 100
    story.advance("2021-08-01")
    assert story.balance("ann") == 0


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-01-25", "2026-02-26T00:00:00Z"),  # until the end of 25 February
        ("2026-01-31", "2026-03-01T00:00:00Z"),  # 2026 has no 30 or 31 February: until the end of the 28th
    ],
)
def test_ac_37_a_month_lasts_to_the_end_of_the_same_day(earned: str, gone: str) -> None:
    """Voucherify, 1 month; policy month = "same day", the default."""
    story = Story(f'{SHOP} [rules.rolling_expiry]\n months = 1\n end_of = "day"')
    buy(story, "100.00", at=f"{earned}T15:00:00Z")

    assert expiries(story, "ann") == [gone]


@pytest.mark.parametrize(
    ("earned", "gone"),
    [
        ("2026-01-25", "2026-02-25T00:00:00Z"),  # until the end of 24 February
        ("2026-01-31", "2026-03-01T00:00:00Z"),  # the day before the 31st of a month that ends with the 28th
    ],
)
def test_ac_37_with_the_other_policy_a_month_lasts_to_the_day_before(earned: str, gone: str) -> None:
    """As AC-37, with the month of AC-76: month = "day before"."""
    story = Story(f'{SHOP} [rules.rolling_expiry]\n months = 1\n end_of = "day"\n month = "day before"')
    buy(story, "100.00", at=f"{earned}T15:00:00Z")

    assert expiries(story, "ann") == [gone]


def test_ac_38_no_month_at_all_lasts_to_midnight() -> None:
    """Voucherify, 0 months: earned on 1 January, gone at 00:00 of 2 January."""
    story = Story(f'{SHOP} [rules.rolling_expiry]\n months = 0\n end_of = "day"')
    buy(story, "100.00", at="2026-01-01T15:00:00Z")

    assert expiries(story, "ann") == ["2026-01-02T00:00:00Z"]


def test_ac_40_with_a_transfer_the_clock_starts_again() -> None:
    """Voucherify: given on 25 January with 1 month of life, gone after 25 February."""
    programme = f"""{SHOP}
    [rules.transfers]
    expiry = "restart"
    [rules.rolling_expiry]
    months = 1
    end_of = "day"
    """
    story = Story(programme)
    buy(story, "100.00", at="2026-01-10T12:00:00Z")  # ann's own last until the end of 10 February
    story.given("ann", "points.transferred", at="2026-01-25T12:00:00Z", to="bob", points=60)

    assert expiries(story, "bob") == ["2026-02-26T00:00:00Z"]
    assert expiries(story, "ann") == ["2026-02-11T00:00:00Z"]  # 40 of them
    assert (story.balance("ann"), story.balance("bob")) == (40, 60)


def test_ac_40_pending_points_cannot_be_given() -> None:
    """Voucherify. A recorded transfer has happened, so what the giver did not have is its debt."""
    programme = f"""{SHOP}
    [rules.transfers]
    [rules.pending]
    days = 14
    rules = ["points_per_spend"]
    """
    story = Story(programme)
    buy(story, "100.00", at="2026-01-20")
    story.given("ann", "points.transferred", at="2026-01-25", to="bob", points=60)

    ann = story.state("ann")
    assert (ann.points, ann.pending) == (-60, 100)  # none of the 100 is touched
    assert [flag.flag for flag in story.folded().flags] == ["overdrawn"]
    story.advance("2026-02-03")  # 20 January + 14 days: they become usable and pay
    assert story.balance("ann") == 100 - 60


def test_ac_40_expired_points_cannot_be_given() -> None:
    """Voucherify, as above, one month after they were earned."""
    story = Story(f"{SHOP} [rules.transfers]\n [rules.rolling_expiry]\n months = 1")
    buy(story, "100.00", at="2026-01-10")
    story.given("ann", "points.transferred", at="2026-02-10", to="bob", points=60)

    assert story.balance("ann") == 100 - 100 - 60  # gone at the very instant of the transfer
    assert [flag.flag for flag in story.folded().flags] == ["overdrawn"]


def test_ac_41_all_points_expire_a_year_after_the_last_activity() -> None:
    """Smile, 12 months: +500 on 2021-01-01, +100 on 2021-12-31, all 600 expire on 2022-12-31."""
    story = Story(f"{SHOP} [rules.inactivity_expiry]\n months = 12")
    buy(story, "500.00", at="2021-01-01")
    buy(story, "100.00", at="2021-12-31")

    story.advance("2022-12-30T23:59:59.999999Z")
    assert story.balance("ann") == 600  # 500 + 100: the second purchase kept the first one's points
    story.advance("2022-12-31")
    assert story.balance("ann") == 0
    assert [entry.reason for entry in story.entries()][-2:] == [
        "points expire: no activity since 2021-12-31"
    ] * 2


def test_ac_41_without_the_second_purchase_they_were_gone_a_year_earlier() -> None:
    """The other side of AC-41: 12 months after 2021-01-01 is 2022-01-01."""
    story = Story(f"{SHOP} [rules.inactivity_expiry]\n months = 12")
    buy(story, "500.00", at="2021-01-01")

    story.advance("2022-01-01")

    assert story.balance("ann") == 0


def test_ac_50_earliest_expiry_first_unlimited_last_the_oldest_of_these_first() -> None:
    """Talon.One, DeductLoyaltyPointsEffectProps.md: lots with dates and without."""
    story = Story(SHOP)
    for day, points, expires in (
        (1, 10, None), (2, 20, "2027-06-01T00:00:00Z"), (3, 30, None), (4, 40, "2027-01-01T00:00:00Z"),
    ):  # fmt: skip
        fields = {"points": points, "reason": "lot", **({"expires": expires} if expires else {})}
        story.given("ann", "points.adjusted", at=f"2026-01-0{day}", **fields)
    story.redeem("ann", 75, at="2026-02-01")

    burned = [(entry.lot, entry.points) for entry in story.entries() if entry.account == "redeemed"]

    # lot 4 until January, lot 2 until June, then of those without a date the first: 40 + 20 + 10 + 5 = 75
    assert burned == [(4, -40), (2, -20), (1, -10), (3, -5)]


SALESFORCE = f"""{SHOP}
    [rules.tier]
    use = "tiers"
    window = "lifetime"
    rungs = [{{name = "Gold", points = 1000}}]

    [rules.inactivity_expiry]
    months = 3
    by_rung = {{Gold = {{months = 6}}}}
"""


def test_ac_51_activity_extends_by_three_months_and_by_six_for_gold() -> None:
    """Salesforce, extension page: 3 months for all, 6 months for Gold."""
    story = Story(SALESFORCE)
    story.purchase("ann", "100.00", currency="EUR", at="2026-01-01")
    story.purchase("bob", "1000.00", currency="EUR", at="2026-01-01")  # Gold from here on
    for member in ("ann", "bob"):
        story.purchase(member, "1.00", currency="EUR", at="2026-02-01")

    story.advance("2026-05-01")  # 1 February + 3 months
    assert (story.balance("ann"), story.balance("bob")) == (0, 1001)
    story.advance("2026-07-31T23:59:59Z")
    assert story.balance("bob") == 1001
    story.advance("2026-08-01")  # 1 February + 6 months
    assert story.balance("bob") == 0


def test_ac_51_the_life_of_a_lot_can_depend_on_the_tier_too() -> None:
    """The same figures for points that expire lot by lot."""
    story = Story(SALESFORCE.replace("inactivity_expiry", "rolling_expiry"))
    story.purchase("bob", "1000.00", currency="EUR", at="2026-01-01")  # earned before he was Gold: 3 months
    story.purchase("bob", "1.00", currency="EUR", at="2026-02-01")  # as Gold: 6 months

    assert expiries(story, "bob") == ["2026-04-01T00:00:00Z", "2026-08-01T00:00:00Z"]
