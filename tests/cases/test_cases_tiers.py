"""CASES.md, section 4: tiers."""

from __future__ import annotations

from loyalty_ledger.rules.testing import Story

HEAD = """
    programme = "Case"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.adjustments]
    [rules.tier]
    use = "tiers"
    window = "lifetime"
"""
LEVELS = (
    f"{HEAD} base = 'level 0'\n"
    "    rungs = [{name='level 1', points=10}, {name='level 2', points=30}, {name='level 3', points=100}]"
)


def rung(story: Story, member: str) -> str:
    found = story.state(member).rungs.get("tier")
    return found.rung if found else ""


def test_ac_69_a_level_is_reached_by_what_was_earned_in_all() -> None:
    """Open Loyalty, level_downgrade_settings.rst: levels 0/10/30/100, earn 10, then 20."""
    story = Story(LEVELS)
    story.purchase("ann", "10.00", at="2026-01-05")
    assert rung(story, "ann") == "level 1"

    story.purchase("ann", "20.00", at="2026-02-05")

    assert rung(story, "ann") == "level 2"  # 10 + 20 = 30 reach 30, not 100


def test_ac_71_spending_points_does_not_lower_the_level() -> None:
    """Open Loyalty, FAQ no. 6: what was earned counts, not what is left."""
    story = Story(LEVELS)
    story.purchase("ann", "30.00", at="2026-01-05")
    story.redeem("ann", 30, at="2026-02-05")

    assert story.balance("ann") == 0
    assert rung(story, "ann") == "level 2"


def test_ac_73_points_given_and_taken_move_the_tier_at_once() -> None:
    """Voucherify, loyalty-tiers.mdx: +100 Silver, -50 Basic, +500 Gold (550)."""
    story = Story(
        f"{HEAD} counts_adjustments = true\n"
        "    rungs = [{name='Silver', points=100}, {name='Gold', points=500}, {name='Platinum', points=1000}]"
    )
    found = []
    for number, points in enumerate((100, -50, 500), start=1):
        story.given("ann", "points.adjusted", at=f"2026-01-0{number}", points=points, reason="case")
        found.append(rung(story, "ann"))

    assert found == ["Silver", "Basic", "Gold"]  # 100; 100 - 50 = 50; 50 + 500 = 550
