"""CASES.md: points that pass, partial redemptions, credits with their cause."""

from __future__ import annotations

from loyalty_ledger.rules.testing import Story

HEAD = """
    programme = "Passing"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.transfers]
    [rules.merging]
    [rules.adjustments]
"""


def test_ac_62_points_spent_on_another_kind_of_document_count() -> None:
    """106.25 spent are 106 points; 50 redeemed for an invoice that is no order of ours leave 56."""
    story = Story(HEAD)
    story.purchase("ann", "106.25", at="2026-03-01", order="sales-order-1")
    story.redeem("ann", 50, at="2026-03-02", order="invoice-7")

    assert [entry.points for entry in story.entries("ann")] == [106, -50]
    assert story.balance("ann") == 56


def test_ac_65_100_of_200_points_are_given_away() -> None:
    story = Story(HEAD)
    story.purchase("ann", "200.00", at="2026-03-01")
    story.given("ann", "points.transferred", at="2026-03-02", to="bob", points=100)

    assert (story.balance("ann"), story.balance("bob")) == (100, 100)
    assert [entry.points for entry in story.entries("bob")] == [100]


def test_ac_67_a_merge_of_100_and_200_points_leaves_300_and_an_empty_card() -> None:
    story = Story(HEAD)
    story.purchase("ann", "100.00", at="2026-03-01")
    story.purchase("bob", "200.00", at="2026-03-01")
    story.given("ann", "members.merged", at="2026-03-02", absorbed="bob")

    journal = {name: sum(entry.points for entry in story.entries(name)) for name in ("ann", "bob")}
    assert journal == {"ann": 300, "bob": 0}
    assert story.folded().holder_of("bob") == "ann"


def test_ac_68_100_points_credited_on_a_45_dollar_transaction_cite_their_fact() -> None:
    """The transaction earns its own 45; the credit is an entry of 100 that names the fact behind it."""
    story = Story(HEAD)
    story.purchase("ann", "45.00", at="2026-03-01", order="T-45")
    position = story.given("ann", "points.adjusted", at="2026-03-01", points=100, reason="credit for T-45")

    credit = story.entries("ann")[-1]
    assert (credit.points, credit.fact, credit.reason) == (100, position, "credit for T-45")
