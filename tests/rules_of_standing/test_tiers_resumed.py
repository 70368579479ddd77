"""Ladders answer any history, from a stored state as from the beginning, in the first years and the last."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US, instant_us, rfc3339
from loyalty_ledger.rules.engine import Engine, Group
from loyalty_ledger.rules.testing import Story
from rules_of_standing.ladder_story import rung, story_of
from rules_of_standing.test_tiers_law import TOML, ZONE, parameters, rules_of

START_DAY = instant_us("2026-01-01T00:00:00Z") // DAY_US
MORE = """
    counts_adjustments = true
    [rules.redemption]
    [rules.adjustments]
    [rules.rolling_expiry]
    days = 100
    [rules.saldo]
    use = "tiers"
    held_months = 2
    grace_days = 9
    window = "anniversary"
    on_return = "at review"
    rungs = [{name = "some", balance = 50}, {name = "many", balance = 200, visits = 3}]
"""

orders = st.sampled_from(("A", "B", "C"))
kinds = st.one_of(
    st.tuples(st.just("member.enrolled"), st.just({})),
    st.tuples(
        st.just("purchase.recorded"),
        st.fixed_dictionaries(
            {"order": orders, "currency": st.just("USD"), "amount": st.sampled_from(("30", "100", "250"))}
        ),
    ),
    st.tuples(st.just("purchase.returned"), st.fixed_dictionaries({"order": orders})),
    st.tuples(st.just("points.redeemed"), st.fixed_dictionaries({"points": st.sampled_from((10, 150))})),
    st.tuples(
        st.just("points.adjusted"),
        st.fixed_dictionaries({"points": st.sampled_from((-120, 120)), "reason": st.just("a gesture")}),
    ),
    st.tuples(
        st.just("fact.retracted"),
        st.fixed_dictionaries({"retracted": st.integers(2, 20), "reason": st.just("wrong")}),
    ),
)
facts = st.tuples(kinds, st.sampled_from((-300, -20, 0, 1, 12, 40, 200, 366)))


def told(tier: str, history: list[tuple[tuple[str, dict[str, Any]], int]]) -> Story:
    """Return the story of a history; a negative number of days makes a fact come late."""
    story, day = story_of(f"{tier}\n{MORE}", rungs=TOML, zone=ZONE), START_DAY
    for (topic, fields), days in history:
        story.given("ann", topic, at=rfc3339((day + days) * DAY_US), **fields)
        day += max(days, 0)
    story.advance(rfc3339((day + 900) * DAY_US))
    return story


def outcome(*groups: Group) -> tuple[Any, ...]:
    rows = [
        [row for group in groups for row in getattr(group, name)] for name in ("entries", "flags", "moves")
    ]
    return rows, groups[-1].states(), groups[-1].timers()


@settings(max_examples=150, deadline=None)
@given(rules_of(), st.lists(facts, max_size=14), st.integers(0, 14))
def test_a_ladder_resumed_from_its_state_goes_on_as_if_never_stopped(
    rules: Any, history: list[tuple[tuple[str, dict[str, Any]], int]], cut: int
) -> None:
    story = told(parameters(rules), history)
    programme, others = story.split()
    engine = Engine(programme, story.catalogue)
    whole, head = engine.group(("ann",), {}), engine.group(("ann",), {})
    for fact in others:
        whole.apply(fact)
    whole.settle(len(story.facts))

    for fact in others[:cut]:
        head.apply(fact)
    tail = engine.group(("ann",), {row.member: row.state for row in head.states()})
    for fact in others[cut:]:
        tail.apply(fact)
    tail.settle(len(story.facts))

    assert outcome(head, tail) == outcome(whole)


@pytest.mark.parametrize("window", ["rolling", "calendar year", "anniversary"])
@pytest.mark.parametrize(
    "more",
    ["", "held_days = 40", "held_months = 1", "grace_days = 40", "grace_months = 2\ngrace_round = 'month'"],
)
@pytest.mark.parametrize("year", ["0001-01-02", "9998-12-31", "9999-12-29"])
def test_the_first_years_there_are_and_the_last_have_rungs_too(window: str, more: str, year: str) -> None:
    story = story_of(f"window = '{window}'\ndays = 20\n{more}")
    story.given("ann", "member.enrolled", at=year)
    story.purchase("ann", "100.00", at=year, order="O")
    story.purchase("ann", "1.00", at=year, order="P")
    assert rung(story) == "Silver"

    story.advance("9999-12-30T23:59:59Z")
    story.given("ann", "purchase.returned", at="9999-12-30T23:59:59Z", order="P")

    assert rung(story) in {"Silver", "Basic"}
