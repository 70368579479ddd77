"""CASES.md, section 2: lots, expiry and debt."""

from __future__ import annotations

from loyalty_ledger.rules.testing import Story

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
