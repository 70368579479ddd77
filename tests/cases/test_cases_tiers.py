"""CASES.md, section 4: tiers."""

from __future__ import annotations

import pytest

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


def ladder(parameters: str) -> Story:
    return Story(HEAD.replace('    window = "lifetime"\n', "") + parameters)


SILVER = "rungs = [{name='Silver', points=100}]\n days = 30\n"


def test_ac_74_a_tier_held_for_30_days_from_20_july_is_gone_on_20_august() -> None:
    """Voucherify, loyalty-tiers.mdx: 20 July + 30 days = 19 August, its last day."""
    story = ladder(f"{SILVER} held_days = 30")
    story.purchase("ann", "100.00", at="2026-07-20T15:00:00Z")
    story.advance("2026-08-19T23:59:59.999999Z")
    assert rung(story, "ann") == "Silver"

    story.advance("2026-08-20T00:00:00Z")

    assert rung(story, "ann") == "Basic"


@pytest.mark.parametrize(
    ("month", "is_rounded", "last", "gone"),
    [
        ("day before", False, "2026-08-19T23:59:59Z", "2026-08-20T00:00:00Z"),  # the source's number
        ("same day", False, "2026-08-20T23:59:59Z", "2026-08-21T00:00:00Z"),
        ("day before", True, "2026-08-31T23:59:59Z", "2026-09-01T00:00:00Z"),  # the source's number
        ("same day", True, "2026-08-31T23:59:59Z", "2026-09-01T00:00:00Z"),
    ],
)
@pytest.mark.parametrize("reading", ["held", "grace"])
def test_ac_76_a_month_from_20_july_by_both_policies_and_rounded_up(
    month: str, is_rounded: bool, last: str, gone: str, reading: str
) -> None:
    """Voucherify, loyalty-tiers.mdx: ambiguous whether what begins on 20 July is the tier or its grace.

    Held: won on 20 July. Grace: 100 points of 20 June are in the 30 days up to 19 July (20 June + 29) for
    the last time, so that the review of 20 July finds them gone.
    """
    rounded = f"{reading}_round = 'month'" if is_rounded else ""
    story = ladder(f"{SILVER} month = '{month}'\n {reading}_months = 1\n {rounded}")
    story.purchase("ann", "100.00", at="2026-07-20" if reading == "held" else "2026-06-20")
    story.advance(last)
    assert rung(story, "ann") == "Silver"

    story.advance(gone)

    assert rung(story, "ann") == "Basic"


ANY_OF = "rungs = [{name='Tier', points=250000, visits=60}]"


def test_ac_78_250000_points_qualify_whatever_the_segments() -> None:
    """Siebel: 250,000 points or 60 segments. 249,999 + 1 = 250,000 in 2 visits."""
    story = ladder(ANY_OF)
    story.purchase("ann", "249999.00", at="2026-01-05")
    assert rung(story, "ann") == ""

    story.purchase("ann", "1.00", at="2026-01-06")

    assert rung(story, "ann") == "Tier"


def test_ac_78_60_segments_qualify_whatever_the_points() -> None:
    """The other condition: 60 visits of one point each."""
    story = ladder(ANY_OF)
    for segment in range(59):
        story.purchase("ann", "1.00", at="2026-01-05", order=f"S{segment}")
    assert rung(story, "ann") == ""

    story.purchase("ann", "1.00", at="2026-01-05", order="S59")

    assert rung(story, "ann") == "Tier"


@pytest.mark.parametrize(("downgrade", "left"), [("one step", "Silver"), ("straight", "Bronze")])
def test_ac_80_after_expiry_one_step_down_or_by_the_balance(downgrade: str, left: str) -> None:
    """T1, NewLoyaltyProgram.md: one_down, balance_based.

    1,000 points of 1 January live 20 days, to 21 January; 150 of 15 January to 4 February. Gold is held for
    30 days, to 31 January. On 1 February the balance is 1,000 + 150 - 1,000 = 150: enough for Bronze.
    """
    story = Story(f"""{HEAD}
    held_days = 30
    downgrade = "{downgrade}"
    on_return = "at review"
    rungs = [{{name='Bronze', balance=100}}, {{name='Silver', balance=500}}, {{name='Gold', balance=1000}}]
    [rules.rolling_expiry]
    days = 20
    """)
    story.purchase("ann", "1000.00", at="2026-01-01")
    story.purchase("ann", "150.00", at="2026-01-15")
    story.advance("2026-01-31T23:59:59Z")
    assert (story.balance("ann"), rung(story, "ann")) == (150, "Gold")

    story.advance("2026-02-01")

    assert rung(story, "ann") == left
