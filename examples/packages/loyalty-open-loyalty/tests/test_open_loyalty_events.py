"""What Open Loyalty's own tests say of events; README.md has the addresses."""

from __future__ import annotations

from loyalty_ledger.rules.testing import Story

WROCLAW = "00000000-0000-474c-1111-b0dd880c07e2"


def shop(parameters: str) -> Story:
    return Story(f"""
        programme = "Open Loyalty"
        zone = "UTC"
        currency = "EUR"
        [rules.open_loyalty_event]
        {parameters}
    """)


def test_an_account_is_worth_200_points_once() -> None:
    """OloyEarningRuleEvaluatorTest: account created, 200."""
    story = shop("event = 'account_created'\npoints_amount = 200")
    story.given("ann", "member.enrolled", at="2026-03-01")
    story.purchase("ann", "10.00", currency="EUR", at="2026-03-02")
    assert story.balance("ann") == 200

    story.given("ann", "member.enrolled", at="2026-03-03")
    assert story.balance("ann") == 200


def test_the_first_purchase_at_a_pos_is_worth_56_points() -> None:
    """OloyEarningRuleEvaluatorTest: first purchase at this POS, 56."""
    story = shop(f"event = 'first_purchase'\npoints_amount = 56\npos = ['{WROCLAW}']")
    for day in ("01", "02"):
        story.purchase("ann", "10.00", currency="EUR", store=WROCLAW, at=f"2026-03-{day}")

    assert [entry.points for entry in story.entries()] == [56]


def test_a_first_purchase_elsewhere_is_the_first_all_the_same() -> None:
    story = shop(f"event = 'first_purchase'\npoints_amount = 56\npos = ['{WROCLAW}']")
    story.purchase("ann", "10.00", currency="EUR", store="elsewhere", at="2026-03-01")
    story.purchase("ann", "10.00", currency="EUR", store=WROCLAW, at="2026-03-02")

    assert story.balance("ann") == 0
