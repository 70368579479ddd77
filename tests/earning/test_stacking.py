"""Which of several rules gives its points: alone, stop, the best or the first of a group."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import UsageError
from loyalty_ledger.rules.testing import Story

HEAD = 'programme = "Stacking"\nzone = "UTC"\ncurrency = "USD"\n'
DAY = "2026-03-01"


def rule(label: str, points: int, **keys: object) -> str:
    """Return a rule that gives so many points for each dollar."""
    lines = [f"[rules.{label}]", 'use = "points_per_spend"', f"points = {points}"]
    lines += [f"{key} = {value!r}".replace("'", '"') for key, value in keys.items()]
    return "\n".join(lines) + "\n"


def earned(*rules: str, stacking: str = "") -> dict[str, int]:
    """Return by rule what an order of 10 dollars earns."""
    story = Story(HEAD + stacking + "".join(rules))
    story.purchase("ann", "10.00", at=DAY)
    return {entry.rule.partition("@")[0]: entry.points for entry in story.entries("ann")}


def test_without_a_word_all_rules_add_up() -> None:
    assert earned(rule("a", 1), rule("b", 2)) == {"a": 10, "b": 20}


def test_the_best_of_a_group_counts_and_others_beside_it() -> None:
    rules = rule("a", 1, group="g"), rule("b", 3, group="g"), rule("c", 2, group="g"), rule("d", 5)

    assert earned(*rules, stacking='[stacking]\ng = "best"\n') == {"b": 30, "d": 50}


def test_of_equals_the_first_counts() -> None:
    rules = rule("b", 3, group="g"), rule("a", 3, group="g", priority=200)

    assert earned(*rules, stacking='[stacking]\ng = "best"\n') == {"b": 30}


def test_the_first_of_a_group_that_gives_points_counts() -> None:
    """Of a, b, c in order of priority a has a minimum order of 11 dollars: b is the first to give."""
    rules = (
        rule("a", 9, group="g", minimum_order=11, priority=1), rule("b", 1, group="g", priority=2),
        rule("c", 5, group="g", priority=3),
    )  # fmt: skip

    assert earned(*rules, stacking='[stacking]\ng = "first"\n') == {"b": 10}


def test_nothing_comes_after_a_rule_that_stops() -> None:
    rules = rule("a", 1), rule("b", 2, stacks="stop", priority=150), rule("c", 3, priority=160)

    assert earned(*rules) == {"a": 10, "b": 20}


def test_a_rule_that_gives_nothing_stops_nobody() -> None:
    rules = rule("b", 2, stacks="stop", minimum_order=11), rule("c", 3, priority=160)

    assert earned(*rules) == {"c": 30}


def test_a_rule_that_stands_alone_excludes_also_what_comes_before_it() -> None:
    rules = rule("a", 1, priority=1), rule("b", 2, stacks="alone", priority=150), rule("c", 3)

    assert earned(*rules) == {"b": 20}


def test_of_two_that_stand_alone_the_first_does() -> None:
    rules = rule("a", 1, stacks="alone", priority=200), rule("b", 2, stacks="alone", priority=150)

    assert earned(*rules) == {"b": 20}


def test_who_is_left_out_can_be_explained() -> None:
    story = Story(f'{HEAD}[stacking]\ng = "best"\n{rule("a", 1, group="g")}{rule("b", 3, group="g")}')
    story.purchase("ann", "10.00", at=DAY)

    notes = [note.text for note in story.notes() if note.is_refusal]

    assert notes == ["10 points: of 'g' only b counts, with 30"]


def test_a_loser_leaves_nothing_behind() -> None:
    """A return takes what was given, not what would have been."""
    story = Story(
        f'{HEAD}[stacking]\ng = "best"\n{rule("a", 1, group="g")}{rule("b", 3, group="g")}[rules.clawback]\n'
    )
    story.purchase("ann", "10.00", at=DAY, order="O")
    story.given("ann", "purchase.returned", at=DAY, order="O", share_bps=5_000)

    assert story.balance("ann") == 15


@pytest.mark.parametrize(
    ("rules", "what"),
    [
        (rule("a", 1, group="g"), "group 'g' is not in [stacking]"),
        ('[rules.redemption]\nstacks = "stop"\n', "answers in the stage standing"),
        (rule("a", 1, stacks="sometimes"), "stacks"),
    ],
)
def test_what_cannot_be_stacked_is_refused(rules: str, what: str) -> None:
    with pytest.raises(UsageError) as error:
        Story(HEAD + rules)

    assert what in str(error.value)
