"""Rates that rise with what was spent, in a lifetime or with one order."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Steps"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    {parameters}
    [rules.clawback]
"""
STEPS = "steps = [{spent = 100, per = 10}, {spent = 300, points = 3, per = 20}]"


def shop(parameters: str = STEPS) -> Story:
    return Story(PROGRAMME.format(parameters=parameters))


@pytest.mark.parametrize(
    ("amount", "points"),
    [
        ("99.99", 0),  # below the first step
        ("100.00", 10),  # 100 / 10: the boundary is inside
        ("299.99", 29),
        ("300.00", 45),  # 300 / 20 = 15 steps of 3 points
    ],
)
def test_the_purchase_at_hand_counts_with_what_was_spent(amount: str, points: int) -> None:
    story = shop()
    story.purchase("ann", amount, at="2026-03-02")

    assert story.balance("ann") == points


def test_what_was_spent_before_decides_with_it() -> None:
    story = shop()
    story.purchase("ann", "99.00", at="2026-03-01")  # 0
    story.purchase("ann", "20.00", at="2026-03-02")  # 119 in all: 20 / 10 = 2

    assert story.balance("ann") == 2


def test_what_came_back_was_not_spent() -> None:
    story = shop()
    story.purchase("ann", "99.00", at="2026-03-01", order="A")
    story.given("ann", "purchase.returned", at="2026-03-02", order="A")
    story.purchase("ann", "20.00", at="2026-03-03")  # 20 in all

    assert story.balance("ann") == 0


def test_each_order_can_stand_for_itself() -> None:
    story = shop(f'{STEPS}\nsteps_by = "order"')
    story.purchase("ann", "300.00", at="2026-03-01")  # 15 × 3
    story.purchase("ann", "120.00", at="2026-03-02")  # 12 × 1
    story.purchase("ann", "99.00", at="2026-03-03")  # 0

    assert story.balance("ann") == 45 + 12


def test_steps_reach_lines_that_count() -> None:
    story = shop(f'{STEPS}\nexclude = {{skus = ["gift card"]}}')
    lines = [{"sku": "tea", "amount": "60.00"}, {"sku": "gift card", "amount": "60.00"}]
    story.purchase("ann", "120.00", at="2026-03-01", lines=lines)

    assert story.balance("ann") == 6  # 120 spent: 1 per 10; of the tea's 60


def test_who_earns_nothing_is_told_why() -> None:
    story = shop()
    story.purchase("ann", "99.99", at="2026-03-01")

    assert [note.text for note in story.notes() if note.is_refusal] == [
        "$99.99 spent in all is less than $100.00"
    ]


def test_the_explanation_says_which_step() -> None:
    story = shop()
    story.purchase("ann", "300.00", at="2026-03-01")

    assert [note.text for note in story.notes()] == [
        "$300.00 spent in all: 3 points per $20.00 spent",
        "$300.00 counted / $20.00 × 3, steps rounded down = 45 points",
    ]
    assert story.entries()[-1].reason == "3 points per $20.00 spent"


@pytest.mark.parametrize(
    "parameters",
    [
        "steps = [{spent = 300}, {spent = 100}]",
        "steps = [{spent = 100}, {spent = 100}]",
        "steps = [{spent = 100, per = 0}]",
        "steps = [{per = 1}]",
        f'{STEPS}\ncurrency = "EUR"',  # only the programme's currency is summed
    ],
)
def test_steps_must_rise_and_be_known(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        shop(parameters)


def test_steps_of_another_currency_go_by_the_order() -> None:
    story = shop(f'{STEPS}\ncurrency = "EUR"\nsteps_by = "order"')
    story.purchase("ann", "100.00", currency="EUR", at="2026-03-01")

    assert story.balance("ann") == 10
