"""Extra points by the rung a member had before the purchase."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Multipliers"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    {earning}
    [rules.clawback]
    [rules.tier]
    use = "tiers"
    window = "lifetime"
    rungs = [{{name = "Silver", points = 100}}, {{name = "Gold", points = 1000}}]
    [rules.tier_multiplier]
    percent = {{Silver = 125, Gold = 150}}
    {rounding}
"""


def shop(*, earning: str = "", rounding: str = "") -> Story:
    return Story(PROGRAMME.format(earning=earning, rounding=rounding))


def silver(**parameters: str) -> Story:
    """Return the story of ann, who has just become Silver."""
    story = shop(**parameters)
    story.purchase("ann", "100.00", at="2026-01-01", order="A")
    return story


def test_the_purchase_that_lifts_earns_by_the_rung_before_it() -> None:
    story = silver()

    assert story.balance("ann") == 100  # as Basic: nothing extra
    assert [move.rung for move in story.folded().moves][-1] == "Silver"


def test_the_next_purchase_earns_more() -> None:
    story = silver()
    story.purchase("ann", "40.00", at="2026-01-02", order="B")

    assert story.balance("ann") == 100 + 40 + 10  # 40 × 25 %
    assert story.entries()[-1].reason == "Silver: 25 % more"


def test_gold_earns_half_as_much_again() -> None:
    story = shop()
    story.purchase("ann", "1000.00", at="2026-01-01", order="A")
    story.purchase("ann", "40.00", at="2026-01-02", order="B")

    assert story.balance("ann") == 1000 + 40 + 20  # 40 × 50 %


@pytest.mark.parametrize(
    ("rounding", "extra"),
    [("", 12), ('rounding = "down"', 12), ('rounding = "half-up"', 13), ('rounding = "up"', 13)],
)
def test_the_fraction_is_rounded_as_named(rounding: str, extra: int) -> None:
    story = silver(rounding=rounding)
    story.purchase("ann", "50.00", at="2026-01-02", order="B")

    assert story.balance("ann") == 100 + 50 + extra  # 50 × 25 % = 12.5


def test_a_rung_without_a_multiplier_earns_nothing_extra() -> None:
    story = shop()
    story.purchase("ann", "40.00", at="2026-01-02", order="B")

    assert story.balance("ann") == 40
    assert [note.rule for note in story.notes() if note.is_refusal] == ["tier_multiplier@1"]


def test_a_purchase_without_points_is_not_multiplied() -> None:
    story = silver()
    story.purchase("ann", "0.40", at="2026-01-02", order="B")

    assert story.balance("ann") == 100


def test_a_whole_return_takes_the_extra_points_too() -> None:
    story = silver()
    story.purchase("ann", "40.00", at="2026-01-02", order="B")
    story.given("ann", "purchase.returned", at="2026-01-03", order="B")

    assert story.balance("ann") == 100


LINES: tuple[dict[str, Any], ...] = (
    {"sku": "tea", "amount": "60.00"},
    {"sku": "gift card", "amount": "40.00"},
)


@pytest.mark.parametrize(
    ("line", "left"),
    # 100 × 25 % = 25 extra, split like the amounts: 15 and 10.
    [(1, 100 + 125 - 60 - 15), (2, 100 + 125 - 40 - 10)],
)
def test_a_returned_line_takes_its_own_extra_points(line: int, left: int) -> None:
    story = silver()
    story.purchase("ann", "100.00", at="2026-01-02", order="B", lines=LINES)
    story.given("ann", "purchase.returned", at="2026-01-03", order="B", lines=[{"line": line}])

    assert story.balance("ann") == left


@pytest.mark.parametrize(("line", "left"), [(1, 100), (2, 100 + 60 + 15)])
def test_a_line_that_earned_nothing_takes_nothing_with_it(line: int, left: int) -> None:
    story = silver(earning='exclude = {skus = ["gift card"]}')
    story.purchase("ann", "100.00", at="2026-01-02", order="B", lines=LINES)
    assert story.balance("ann") == 100 + 60 + 15  # tea alone counts: 60, and 25 % of it

    story.given("ann", "purchase.returned", at="2026-01-03", order="B", lines=[{"line": line}])
    assert story.balance("ann") == left


@pytest.mark.parametrize("percent", ["{}", "{Silver = 99}"])
def test_a_multiplier_gives_at_least_what_was_earned(percent: str) -> None:
    text = PROGRAMME.format(earning="", rounding="").replace("{Silver = 125, Gold = 150}", percent)

    with pytest.raises(LoyaltyError):
        Story(text)
