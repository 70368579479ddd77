"""What Square's public pages say of loyalty promotions; README.md has their addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalty_ledger.rules.testing import Story

EXAMPLE = (Path(__file__).resolve().parents[1] / "square.toml").read_text(encoding="utf-8")
ALWAYS = "['DTSTART:20200101T000000\\nDURATION:PT24H\\nRRULE:FREQ=DAILY']".replace("'", '"')
HEAD = """
    programme = "Square"
    zone = "UTC"
    currency = "USD"
    [rules.square_accrual]
    accrual_rules = [{accrual_type = "SPEND", amount = 1}]
    [rules.square_promotions]
"""


def promotion(
    incentive: str, *, created: str = "2022-01-01", name: str = "extra", periods: str = ALWAYS
) -> str:
    return f'{{name = "{name}", created_at = "{created}T00:00:00Z", time_periods = {periods}, {incentive}}}'


def shop(*promotions: str) -> Story:
    return Story(f"{HEAD} promotions = [{', '.join(promotions)}]")


def earned(amount: str, *promotions: str) -> int:
    story = shop(*promotions)
    story.purchase("ann", amount, at="2026-03-02T12:00:00Z")
    return story.balance("ann")


@pytest.mark.parametrize(
    ("amount", "incentive", "points"),
    [
        ("5.00", "multiplier = '3'", 15),  # points_multiplier: 5 × 3
        ("4.00", "multiplier = '1.5'", 6),  # multiplier: 4 × 1.5
        ("5.00", "multiplier = '1.5'", 7),  # 5 × 1.5 = 7.5, fractional points are dropped
        ("5.00", "points_addition = 3", 8),  # points_addition: 5 + 3
    ],
)
def test_a_promotion_multiplies_or_adds(amount: str, incentive: str, points: int) -> None:
    """LoyaltyPromotionIncentivePointsMultiplierData and …PointsAdditionData, with their numbers."""
    assert earned(amount, promotion(incentive)) == points


@pytest.mark.parametrize("is_turned", [False, True])
def test_only_the_promotion_created_last_counts(*, is_turned: bool) -> None:
    """Manage Loyalty Promotions: a purchase earns for one promotion only, the most recently created."""
    both = [
        promotion("multiplier = '3'", created="2022-08-16", name="older"),
        promotion("points_addition = 1", created="2022-09-01", name="newer"),
    ]
    # 5 + 1 = 6, although 5 × 3 = 15 would be more; in whichever order they are written
    assert earned("5.00", *(reversed(both) if is_turned else both)) == 6


def test_without_points_of_the_program_there_are_none_of_a_promotion() -> None:
    """AccumulateLoyaltyPoints: a purchase must first qualify for program points."""
    assert earned("0.99", promotion("points_addition = 3")) == 0


@pytest.mark.parametrize(
    ("at", "points"),
    [
        ("2022-08-16T15:59:59Z", 5),
        ("2022-08-16T16:00:00Z", 10),  # the first Tuesday, 4 PM: 5 × 2
        ("2022-08-23T17:59:59Z", 10),  # a week later, up to 6 PM
        ("2022-08-23T18:00:00Z", 5),
        ("2022-08-24T17:00:00Z", 5),  # a Wednesday
        ("2022-08-09T17:00:00Z", 5),  # the Tuesday before it starts
    ],
)
def test_double_points_every_tuesday_from_four_to_six(at: str, points: int) -> None:
    """Manage Loyalty Promotions, the example promotion."""
    periods = (
        '["BEGIN:VEVENT\\nDTSTART:20220816T160000\\nDURATION:PT2H\\nRRULE:FREQ=WEEKLY;BYDAY=TU\\nEND:VEVENT"]'
    )
    story = shop(promotion("multiplier = '2'", periods=periods))
    story.purchase("ann", "5.00", at=at)

    assert story.balance("ann") == points


@pytest.mark.parametrize(
    ("event", "at", "points"),
    [
        ("DTSTART:20220816T160000\\nDURATION:PT2H", "2022-08-16T17:00:00Z", 10),
        ("DTSTART:20220816T160000\\nDURATION:PT2H", "2022-08-23T17:00:00Z", 5),  # once only
        ("DTSTART:20220816T160000\\nDURATION:PT90M\\nRRULE:FREQ=WEEKLY", "2022-08-23T17:29:59Z", 10),
        ("DTSTART:20220816T220000\\nDURATION:PT4H\\nRRULE:FREQ=WEEKLY", "2022-08-24T01:00:00Z", 10),  # 1 AM
        ("DTSTART:20220816T220000\\nDURATION:PT4H\\nRRULE:FREQ=WEEKLY", "2022-08-23T01:00:00Z", 5),
        (
            "DTSTART:20220816T000000\\nDURATION:P1D\\nRRULE:FREQ=DAILY;UNTIL=20220818T000000",
            "2022-08-18T23:59:59Z", 10,
        ),
        (
            "DTSTART:20220816T000000\\nDURATION:P1D\\nRRULE:FREQ=DAILY;UNTIL=20220818T000000",
            "2022-08-19T00:00:00Z", 5,
        ),
    ],
)  # fmt: skip
def test_a_promotion_is_available_when_its_event_is(event: str, at: str, points: int) -> None:
    """LoyaltyPromotionAvailableTimeData: DTSTART, DURATION and RRULE, in local time; the numbers are ours."""
    story = shop(promotion("multiplier = '2'", periods=f'["{event}"]'))
    story.purchase("ann", "5.00", at=at)

    assert story.balance("ann") == points


def test_once_a_day_and_then_the_next_promotion_may_count() -> None:
    """LoyaltyPromotionTriggerLimit: who is over the limit might qualify for another promotion."""
    story = shop(
        promotion("multiplier = '2', trigger_limit = {times = 1, interval = 'DAY'}", created="2022-09-01"),
        promotion("points_addition = 1", created="2022-08-16", name="always"),
    )
    for at in ("2026-03-02T09:00:00Z", "2026-03-02T18:00:00Z", "2026-03-03T09:00:00Z"):
        story.purchase("ann", "5.00", at=at)

    # 5 × 2 on the first day, then 5 + 1, and on the next day 5 × 2 again
    assert story.balance("ann") == 10 + 6 + 10


def test_twice_a_day_is_not_three_times() -> None:
    story = shop(promotion("multiplier = '2', trigger_limit = {times = 2, interval = 'DAY'}"))
    for hour in ("09", "12", "18"):
        story.purchase("ann", "5.00", at=f"2026-03-02T{hour}:00:00Z")

    assert story.balance("ann") == 10 + 10 + 5


def test_a_limit_of_all_time_is_not_renewed() -> None:
    story = shop(promotion("multiplier = '2', trigger_limit = {times = 2}"))
    for day in ("02", "03", "04"):
        story.purchase("ann", "5.00", at=f"2026-03-{day}T09:00:00Z")

    assert story.balance("ann") == 10 + 10 + 5


def test_what_is_told_of_a_day_before_the_limit_is_not_promoted() -> None:
    """Only the latest day is remembered: a limit that cannot be checked is not given."""
    story = shop(promotion("multiplier = '2', trigger_limit = {times = 1, interval = 'DAY'}"))
    story.purchase("ann", "5.00", at="2026-03-03T09:00:00Z")
    story.purchase("ann", "5.00", at="2026-03-02T09:00:00Z")

    assert story.balance("ann") == 10 + 5


def test_one_qualifying_item_qualifies_the_whole_purchase() -> None:
    """LoyaltyPromotion, qualifying_item_variation_ids: at least one of these items."""
    story = shop(promotion("multiplier = '2', qualifying_item_variation_ids = ['tea']"))
    tea, beans = {"sku": "tea", "amount": "3.00"}, {"sku": "beans", "amount": "20.00"}
    story.purchase("ann", "23.00", lines=[tea, beans], at="2026-03-02")
    story.purchase("bob", "20.00", lines=[beans], at="2026-03-02")

    assert (story.balance("ann"), story.balance("bob")) == (46, 20)  # 23 × 2; no tea


@pytest.mark.parametrize(("amount", "points"), [("20.00", 40), ("19.99", 19)])
def test_a_promotion_may_ask_for_a_minimum_spend(amount: str, points: int) -> None:
    """CreateLoyaltyPromotion's example: minimum_spend_amount_money of 20 dollars."""
    assert earned(amount, promotion("multiplier = '2', minimum_spend_amount = 20")) == points


def test_a_statement_names_the_promotion() -> None:
    story = shop(promotion("multiplier = '2'", name="Happy Hour"))
    story.purchase("ann", "5.00", at="2026-03-02")

    assert [(entry.rule, entry.points, entry.reason) for entry in story.entries()] == [
        ("square_accrual@1", 5, "1 point for every $1.00 of $5.00"),
        ("square_promotions@1", 5, "Happy Hour"),
    ]


def test_why_no_promotion_counts_is_told_of_each() -> None:
    story = shop(
        promotion("points_addition = 3, minimum_spend_amount = 20", name="big"),
        promotion("points_addition = 3", name="old", periods='["DTSTART:20220816T160000\\nDURATION:PT2H"]'),
    )
    story.purchase("ann", "5.00", at="2026-03-02T12:00:00Z")

    assert [note.text for note in story.notes() if note.rule == "square_promotions@1"] == [
        "big: $5.00 is below the minimum spend of $20.00; old: not available at 2026-03-02 12:00"
    ]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (promotion("points_addition = 3, multiplier = '2'"), "one of them"),
        (promotion("multiplier = '10.5'"), "up to 10"),
        (promotion("multiplier = '1.0005'"), "three decimals"),
        (promotion("points_addition = 3", created="2022-13-01"), "created_at"),
        (promotion("points_addition = 3", periods='["FREQ=DAILY"]'), "DTSTART"),
        (
            promotion("points_addition = 3", periods='["DTSTART:20220816T160000\\nDURATION:PT25H"]'),
            "a day at most",
        ),
        (
            promotion(
                "points_addition = 3",
                periods='["DTSTART:20220816T160000\\nDURATION:PT1H\\nRRULE:FREQ=MONTHLY"]',
            ),
            "DAILY or WEEKLY",
        ),
        (
            promotion(
                "points_addition = 3, qualifying_category_ids = ['a'], qualifying_item_variation_ids = ['b']"
            ),
            "not both",
        ),
    ],
)
def test_what_square_would_refuse_is_refused(wrong: str, told: str) -> None:
    with pytest.raises(Exception, match=told):
        shop(wrong)


def test_the_example_programme_runs_the_coffee_shop() -> None:
    story = Story(EXAMPLE)
    latte = {"sku": "latte", "category": "hot drinks", "amount": "6.00"}
    story.purchase("ann", "6.00", lines=[latte], at="2026-03-03T23:30:00Z")  # a Tuesday, 15:30 in Los Angeles
    story.purchase("ann", "6.00", lines=[latte], at="2026-03-04T00:30:00Z")  # 16:30
    story.purchase("ann", "6.00", lines=[latte], at="2026-03-04T01:30:00Z")  # 17:30: once a day

    assert story.balance("ann") == 2 + 2 * 2 + 2  # each latte 2 points, at 16:30 twice as many


def test_points_of_6_july_are_over_on_1_august_of_the_next_year() -> None:
    """LoyaltyProgramExpirationPolicy, P12M: earned on 2020-07-06, expired on 2021-08-01."""
    story = Story(EXAMPLE)
    story.purchase("ann", "105.00", at="2020-07-06T20:00:00Z")
    story.advance("2021-08-01T06:59:59Z")  # midnight in Los Angeles is 07:00 UTC
    assert story.balance("ann") == 10
    story.advance("2021-08-01T07:00:00Z")

    assert story.balance("ann") == 0
