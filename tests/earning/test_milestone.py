"""Points when a total of points, money or visits reaches a mark."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.testing import Story


def shop(parameters: str, more: str = "") -> Story:
    return Story(f"""
        programme = "Milestones"
        zone = "UTC"
        currency = "USD"
        [rules.points_per_spend]
        [rules.milestone]
        {parameters}
        [rules.clawback]
        {more}
    """)


def bought(story: Story, order: str, amount: str, at: str = "2026-03-02") -> int:
    story.purchase("ann", amount, at=at, order=order)
    return story.balance("ann")


def returned(story: Story, order: str, at: str = "2026-03-03") -> int:
    story.given("ann", "purchase.returned", at=at, order=order)
    return story.balance("ann")


VISITS = 'points = 50\nof = "visits"\nevery = 2'


def test_a_mark_is_reached_at_its_number() -> None:
    story = shop('points = 50\nof = "spend"\nat = 100')

    assert bought(story, "A", "99.00") == 99
    assert bought(story, "B", "1.00") == 99 + 1 + 50  # 100.00 spent
    assert bought(story, "C", "500.00") == 150 + 500  # once


def test_every_second_visit_has_its_bonus() -> None:
    story = shop(VISITS)

    assert [bought(story, order, "1.00") for order in "ABCDE"] == [1, 52, 53, 104, 105]


def test_several_marks_can_be_reached_at_once() -> None:
    story = shop('points = 5\nof = "spend"\nevery = 100')

    assert bought(story, "A", "350.00") == 350 + 3 * 5
    assert bought(story, "B", "50.00") == 365 + 50 + 5


def test_points_count_with_the_bonus_itself() -> None:
    story = shop('points = 50\nof = "points"\nevery = 100')

    # 60: none. 120 reaches 100: 170. 200 reaches 200: 250. 300 (50 more) reaches 300: 350.
    amounts = {"A": "60.00", "B": "60.00", "C": "30.00", "D": "50.00"}
    assert [bought(story, order, amount) for order, amount in amounts.items()] == [60, 170, 250, 350]


def test_money_in_other_currencies_does_not_count() -> None:
    story = shop('points = 50\nof = "spend"\nat = 100')
    story.purchase("ann", "500.00", currency="EUR", at="2026-03-02")

    assert story.balance("ann") == 0


def test_the_explanation_adds_up() -> None:
    story = shop('points = 5\nof = "spend"\nevery = 100')
    bought(story, "A", "350.00")

    assert story.notes()[-1].text == "$350.00 of purchases now; 3 × 5 points for $300.00 of purchases"
    assert story.entries()[-1].reason == "$300.00 of purchases reached"


def test_the_bonus_goes_with_the_order_that_reached_the_mark_and_is_won_again() -> None:
    story = shop(VISITS)
    bought(story, "A", "1.00")
    assert bought(story, "B", "1.00") == 52
    assert returned(story, "B") == 1

    assert bought(story, "C", "1.00", at="2026-03-04") == 52


def test_a_total_that_falls_by_another_order_leaves_the_bonus_and_does_not_win_it_twice() -> None:
    story = shop(VISITS)
    bought(story, "A", "1.00")
    bought(story, "B", "1.00")
    assert returned(story, "A") == 51

    assert bought(story, "C", "1.00", at="2026-03-04") == 52
    assert bought(story, "D", "1.00", at="2026-03-05") == 53  # three visits
    assert bought(story, "E", "1.00", at="2026-03-06") == 104  # four


def test_a_mark_that_still_stands_is_given_again_at_once() -> None:
    story = shop(VISITS)
    for order in "ABC":
        bought(story, order, "1.00")
    assert story.balance("ann") == 53

    # B had reached the mark and takes its bonus with it; A and C are two visits all the same.
    assert returned(story, "B") == 52


def test_a_retracted_return_leaves_one_bonus() -> None:
    story = shop(VISITS)
    for order in "ABC":
        bought(story, order, "1.00")
    wrong = story.given("ann", "purchase.returned", at="2026-03-03", order="B")
    story.given("ann", "fact.retracted", at="2026-03-04", retracted=wrong, reason="it was another's")

    assert story.balance("ann") == 53
    assert bought(story, "D", "1.00", at="2026-03-05") == 104


def test_a_bonus_that_went_back_stays_so_when_its_order_is_forgotten() -> None:
    story = shop(VISITS, more="window_days = 30")
    for order in "AB":
        bought(story, order, "1.00")
    assert returned(story, "B") == 1  # one visit, and no bonus

    assert bought(story, "C", "1.00", at="2026-06-01") == 52
    assert returned(story, "C", at="2026-06-02") == 1
    assert bought(story, "D", "1.00", at="2026-09-01") == 52


def test_who_was_beyond_the_mark_before_the_rule_has_no_bonus() -> None:
    text = 'programme="x"\nzone="UTC"\ncurrency="USD"\n[rules.tier]\nuse="tiers"\nrungs=[{name="S",visits=9}]'
    early, late = Story(text), Story(text)
    for told, orders in ((early, 2), (late, 3)):
        for number in range(orders):
            told.purchase("ann", "1.00", at="2026-02-01", order=f"{number}")
        told.record(
            None,
            activation(
                f'programme="x"\nzone="UTC"\ncurrency="USD"\n[rules.milestone]\n{VISITS}', told.catalogue,
                at="story", effective="2026-03-01T00:00:00Z",
            ),
            at="2026-03-01",
        )  # fmt: skip
        told.purchase("ann", "1.00", at="2026-03-02", order="X")

    assert early.balance("ann") == 0  # the third visit; the second was before
    assert late.balance("ann") == 50  # the fourth


def test_many_marks_are_remembered_in_little_room() -> None:
    story = shop('points = 1\nof = "visits"\nevery = 1')
    for number in range(120):
        story.purchase("ann", "0.00", at="2026-03-02", order=f"{number}")
    state = story.state("ann")

    assert state.points == 120
    assert len(str(state.memory["milestone"]["given"])) < 1000


@pytest.mark.parametrize(
    "parameters",
    [
        'points = 5\nof = "visits"',
        'points = 5\nof = "visits"\nat = 1\nevery = 1',
        'points = 5\nof = "visits"\nat = 1.5',
        'points = 5\nof = "visits"\nat = 0',
        'points = 5\nof = "points"\nevery = 5',  # would feed itself without end
        'points = 5\nof = "spend"\nat = 0.001',
        'points = 5\nof = "spend"\nat = "nan"',
        "points = 5\nat = 1",
    ],
)
def test_parameters_are_checked(parameters: str) -> None:
    with pytest.raises(LoyaltyError):
        shop(parameters)
