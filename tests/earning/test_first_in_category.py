"""Points for the first purchase in a category."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story


def shop(parameters: str = "") -> Story:
    return Story(f"""
        programme = "Firsts"
        zone = "UTC"
        currency = "USD"
        [rules.first_in_category]
        points = 20
        {parameters}
        [rules.clawback]
    """)


def bought(
    story: Story, order: str, *categories: str | None, at: str = "2026-03-02", price: str = "10.00"
) -> int:
    lines: list[dict[str, Any]] = [
        {"amount": price, **({"category": category} if category else {})} for category in categories
    ]
    story.purchase("ann", f"{len(lines) * float(price):.2f}", at=at, order=order, lines=lines)
    return story.balance("ann")


def returned(story: Story, order: str, *lines: int, at: str = "2026-03-03") -> int:
    story.given(
        "ann", "purchase.returned", at=at, order=order,
        **({"lines": [{"line": line} for line in lines]} if lines else {}),
    )  # fmt: skip
    return story.balance("ann")


def test_every_new_category_earns_once() -> None:
    story = shop()

    assert bought(story, "A", "tea", "tea", None) == 20
    assert bought(story, "B", "tea") == 20
    assert bought(story, "C", "tea", "coffee", "cake") == 60
    assert bought(story, "D") == 60


def test_only_named_categories_earn() -> None:
    story = shop('categories = ["tea", "coffee"]')

    assert bought(story, "A", "cake") == 0
    assert bought(story, "B", "tea", "coffee") == 40


def test_named_categories_can_count_as_one() -> None:
    story = shop('categories = ["tea", "coffee"]\ntogether = true')

    assert bought(story, "A", "cake", "coffee", "tea") == 20
    assert bought(story, "B", "tea") == 20


def test_returning_its_lines_takes_the_bonus_and_the_next_purchase_earns_again() -> None:
    story = shop()
    bought(story, "A", "tea", None, "tea")

    assert returned(story, "A", 2) == 20  # no tea
    assert returned(story, "A", 1) == 10  # one of two
    assert bought(story, "B", "tea", at="2026-03-04") == 10  # one tea is still there
    assert returned(story, "A", 3, at="2026-03-05") == 0
    assert bought(story, "C", "tea", at="2026-03-06") == 20
    assert bought(story, "D", "tea", at="2026-03-07") == 20


def test_a_whole_return_makes_the_next_one_the_first() -> None:
    story = shop()
    bought(story, "A", "tea")

    assert returned(story, "A") == 0
    assert bought(story, "B", "tea", at="2026-03-04") == 20


def test_a_retracted_return_leaves_the_first_purchase_the_first() -> None:
    story = shop()
    bought(story, "A", "tea")
    wrong = story.given("ann", "purchase.returned", at="2026-03-03", order="A")
    story.given("ann", "fact.retracted", at="2026-03-04", retracted=wrong, reason="it was another's")
    assert story.balance("ann") == 20

    assert bought(story, "B", "tea", at="2026-03-05") == 20


def test_a_retracted_purchase_was_none() -> None:
    story = shop()
    wrong = story.purchase("ann", "1.00", at="2026-03-02", lines=[{"amount": "1.00", "category": "tea"}])
    story.given("ann", "fact.retracted", at="2026-03-04", retracted=wrong, reason="it was another's")

    assert bought(story, "B", "tea", at="2026-03-05") == 20


def test_free_lines_carry_the_bonus_as_well() -> None:
    story = shop()

    assert bought(story, "A", "tea", "cake", price="0.00") == 40
    assert returned(story, "A", 1) == 20
    assert bought(story, "B", "tea", "cake", at="2026-03-04") == 40


@pytest.mark.parametrize(("at", "points"), [("2026-03-12", 20), ("2026-03-13", 0)])
def test_what_comes_back_after_the_window_is_flagged_and_changes_nothing(at: str, points: int) -> None:
    story = Story("""
        programme = "Firsts"
        zone = "UTC"
        currency = "USD"
        [rules.first_in_category]
        points = 20
        window_days = 10
        [rules.clawback]
        window_days = 10
    """)
    bought(story, "A", "tea", at="2026-03-02")
    returned(story, "A", at=at)

    # Within ten days it goes, and the next tea is the first; after that neither.
    assert bought(story, "B", "tea", at="2026-03-20") == 20
    assert sum(entry.points for entry in story.entries() if entry.points < 0) == -points


def test_order_matters_by_position_not_by_date() -> None:
    story = shop()
    bought(story, "A", "tea", at="2026-03-05")
    bought(story, "B", "tea", at="2026-03-01")  # late

    assert story.balance("ann") == 20
    assert [note.text for note in story.notes()] == [
        "first purchase in tea: lines 1", "tea was bought before, fact 2",
    ]  # fmt: skip


def test_so_many_lines_that_only_a_whole_return_counts() -> None:
    story = shop()
    bought(story, "A", *["tea"] * 600)
    for number in range(0, 600, 100):
        returned(story, "A", *range(number + 1, number + 101))
    assert story.balance("ann") == 0

    assert bought(story, "B", "tea", at="2026-03-04") == 20


@pytest.mark.parametrize("parameters", ["points = 0", "together = 1", "window_days = 0"])
def test_parameters_are_checked(parameters: str) -> None:
    text = f'programme="x"\nzone="UTC"\ncurrency="USD"\n[rules.first_in_category]\n{parameters}'
    with pytest.raises(LoyaltyError):
        Story(text if parameters.startswith("points") else f"{text}\npoints = 1")
