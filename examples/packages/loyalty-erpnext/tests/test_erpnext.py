"""What ERPNext's public manual, tests and issues say of loyalty programs; README.md has the addresses."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from loyalty_ledger.rules.testing import Story

EXAMPLE = (Path(__file__).resolve().parents[1] / "erpnext.toml").read_text(encoding="utf-8")
THREE_TIERS = """
    {tier_name = "Gold", collection_factor = 1000, min_spent = 20000},
    {tier_name = "Silver", collection_factor = 1000, min_spent = 10000},
    {tier_name = "Bronze", collection_factor = 1000, min_spent = 0},
"""
SINGLE = '{tier_name = "Bronce", collection_factor = 1000}'


def shop(tiers: str, more: str = "") -> Story:
    return Story(f"""
        programme = "ERPNext"
        zone = "UTC"
        currency = "INR"
        [rules.tier]
        use = "erpnext_collection"
        collection_rules = [{tiers}]
        {more}
    """)


def bill(story: Story, amount: str, *, day: int = 1, order: str | None = None, points: str = "") -> None:
    """Add an invoice of ann's, of which *points* paid so much."""
    parts = {"points": points, "cash": str(Decimal(amount) - Decimal(points))} if points else {}
    payments = [{"means": means, "amount": paid} for means, paid in parts.items()]
    at = f"2026-03-{day:02}"
    story.purchase("ann", amount, currency="INR", order=order, payments=payments, at=at)


def tier(story: Story) -> str:
    found = story.state("ann").rungs.get("tier")
    return found.rung if found else ""


@pytest.mark.parametrize(
    ("spent_before", "amount", "name"),
    [
        (0, 6000, "Bronze"),
        (0, 15000, "Silver"),
        (0, 25000, "Gold"),
        (4000, 500, "Bronze"),  # 4,500
        (8000, 3000, "Silver"),  # 11,000
        (18000, 3000, "Gold"),  # 21,000
        (22000, 5000, "Gold"),  # 27,000
    ],
)
def test_the_tier_is_that_of_all_that_was_spent(spent_before: int, amount: int, name: str) -> None:
    """test_loyalty_program.py, tier selection: each of its rows. The invoice at hand counts, too."""
    story = shop(THREE_TIERS)
    if spent_before:
        bill(story, f"{spent_before}.00")
    bill(story, f"{amount}.00", day=2)

    assert tier(story) == name
    assert story.entries()[-1].reason.startswith(f"{name}: ")


@pytest.mark.parametrize(
    ("amount", "points"),
    [
        ("196000.00", 196),  # 196,000 / 1,000; the bug took the next tier's factor: 196,000 / 900 = 217
        ("20000.00", 0),  # below the first tier
        ("300000.00", 333),  # reaches 300,000: 300,000 / 900 = 333.3
    ],
)
def test_the_tier_that_is_reached_decides_the_factor(amount: str, points: int) -> None:
    """frappe/erpnext/issues/33550: from 100,000 a point for 1,000, from 300,000 a point for 900."""
    story = shop(
        '{tier_name = "G1", collection_factor = 1000, min_spent = 100000},'
        '{tier_name = "G2", collection_factor = 900, min_spent = 300000},'
    )
    bill(story, amount)

    assert story.balance("ann") == points


def test_the_manuals_example() -> None:
    """Loyalty Program, 3.1: 3,000 at a point for 300 from 2,000 on; a second one makes 6,000: Gold.

    The manual prints 15 points for the first; its own numbers, and the page of Frappe Books, give 10.
    """
    story = Story(EXAMPLE)
    bill(story, "3000.00")
    assert (story.balance("ann"), tier(story)) == (10, "Silver")  # 3,000 / 300

    bill(story, "3000.00", day=2)
    assert (story.balance("ann"), tier(story)) == (10 + 12, "Gold")  # 3,000 / 250, our factor for Gold


def test_the_sum_of_invoices_moves_up_not_a_single_one() -> None:
    """frappe/erpnext/issues/14930: 45,000 reaches 40,000, not 100,000; 25,000 twice; then 10,000."""
    story = shop(
        '{tier_name = "Tier1", collection_factor = 1000, min_spent = 40000},'
        '{tier_name = "Tier2", collection_factor = 500, min_spent = 100000},'
    )
    found = []
    for day, amount in enumerate(("45000.00", "25000.00", "25000.00", "10000.00"), start=1):
        bill(story, amount, day=day)
        found.append(tier(story))

    assert found == ["Tier1", "Tier1", "Tier1", "Tier2"]  # 45,000, 70,000, 95,000, 105,000
    # 45 + 25 + 25 at 1,000 a point; 10,000 / 500 = 20
    assert [entry.points for entry in story.entries()] == [45, 25, 25, 20]


def test_a_single_tier_program_has_its_tier_from_the_first_invoice_on() -> None:
    """test_loyalty_program.py, single tier: 10,000 at a point for 1,000."""
    story = shop(SINGLE)
    bill(story, "10000.00")

    assert (story.balance("ann"), tier(story)) == (10, "Bronce")


def test_what_points_pay_earns_nothing() -> None:
    """test_loyalty_program.py, earned after redemption: 10,000 - 10 paid with points, at 1,000: 9, not 10."""
    story = shop(SINGLE, "[rules.redemption]")
    bill(story, "10000.00", order="A")
    story.redeem("ann", 10, order="B", at="2026-03-02")
    bill(story, "10000.00", day=2, order="B", points="10")

    assert [entry.points for entry in story.entries()] == [10, -10, 9]  # 9,990 / 1,000 = 9.99


def test_redeemed_points_leave_the_balance() -> None:
    """frappe/erpnext/issues/59050: 106.25 at a point for 1 is 106; 50 are redeemed."""
    story = shop('{tier_name = "Base", collection_factor = 1}', "[rules.redemption]")
    bill(story, "106.25")
    assert story.balance("ann") == 106
    story.redeem("ann", 50, at="2026-03-02")

    assert story.balance("ann") == 56


def test_a_cancelled_invoice_leaves_nothing() -> None:
    """test_loyalty_program.py, cancel: the invoice's points are gone, and what it counted for the tier."""
    story = shop(THREE_TIERS, "[rules.clawback]")
    bill(story, "15000.00")
    assert (story.balance("ann"), tier(story)) == (15, "Silver")
    story.given("ann", "fact.retracted", at="2026-03-02", retracted=2, reason="cancelled")

    assert (story.balance("ann"), tier(story)) == (0, "Bronze")


@pytest.mark.parametrize(
    ("amount", "returned", "left"),
    [
        ("20000.00", "10000.00", 10),  # the test of a return: 2 of 10,000, one comes back: 10,000 / 1,000
        ("20000.00", "500.00", 19),  # 19,500 / 1,000 = 19.5
        ("20000.00", "20000.00", 0),
        # Where an invoice is no multiple of the factor, ERPNext may leave one point more:
        # (1,999 - 500) / 1,000 = 1. Here a return takes its share, rounded up: 500 / 1,999 of 1 is 1.
        ("1999.00", "500.00", 0),
    ],
)
def test_a_return_takes_the_returned_amount_off(amount: str, returned: str, left: int) -> None:
    """Loyalty Program, 3.2, note: the points are those of the amount that is left."""
    story = shop(SINGLE, "[rules.clawback]\nby = 'order'\nrounding = 'up'")
    bill(story, amount, order="A")
    story.given("ann", "purchase.returned", at="2026-03-02", order="A", currency="INR", amount=returned)

    assert story.balance("ann") == left


def test_a_return_takes_the_tier_along() -> None:
    story = shop(THREE_TIERS, "[rules.clawback]\nby = 'order'\nrounding = 'up'")
    bill(story, "15000.00", order="A")
    story.given("ann", "purchase.returned", at="2026-03-02", order="A", currency="INR", amount="6000.00")

    assert (story.balance("ann"), tier(story)) == (9, "Bronze")  # 9,000 / 1,000


def test_points_can_be_used_up_to_the_end_of_their_last_day() -> None:
    """Loyalty Program, 2.1, expiry duration in days: 1 March 2026 and 365 days is 1 March 2027."""
    story = Story(EXAMPLE)
    bill(story, "3000.00")
    story.advance("2027-03-01T18:29:59Z")  # 23:59:59 in Kolkata
    assert story.balance("ann") == 10
    story.advance("2027-03-01T18:30:00Z")

    assert story.balance("ann") == 0


@pytest.mark.parametrize(("day", "points"), [(1, 0), (2, 10), (3, 10), (4, 0)])
def test_a_program_has_a_first_and_a_last_day(day: int, points: int) -> None:
    """Loyalty Program, 2: start and end date; both are within."""
    story = shop(SINGLE, 'from_date = "2026-03-02"\nto_date = "2026-03-03"')
    bill(story, "10000.00", day=day)

    assert story.balance("ann") == points


@pytest.mark.parametrize(
    ("tiers", "more", "told"),
    [
        ('{tier_name = "A", collection_factor = 0}', "", "collection_factor"),
        ('{tier_name = "A", collection_factor = 0.001}', "", "decimals"),
        ('{tier_name = "A", collection_factor = 1, min_spent = -1}', "", "min_spent"),
        (f"{SINGLE}, {SINGLE}", "", "same tier_name"),
        (SINGLE, 'from_date = "2026-02-30"', "day is out of range"),
    ],
)
def test_a_program_that_means_nothing_is_refused(tiers: str, more: str, told: str) -> None:
    with pytest.raises(Exception, match=told):
        shop(tiers, more)
