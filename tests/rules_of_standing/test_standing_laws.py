"""A purchase that comes back wholly, with nothing between, leaves a member as it was."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US, instant_us, rfc3339, stamp_of
from loyalty_ledger.rules import sums
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "All of standing"
    zone = "Europe/Berlin"
    currency = "USD"
    [rules.points_per_spend]
    [rules.clawback]
    window_days = 1000
    [rules.stages]
    lapse_days = 60
    lost_days = 100
    [rules.referral_bonus]
    referrer_points = 50
    referred_points = 20
    minimum_order = 5
    cap = 2
    [rules.complaint_recovery]
    goodwill_points = 30
    cap_points = 50
    [rules.recommendation_intent]
    points = 5
    [rules.rewards]
    [rules.redemption]
    [rules.adjustments]
"""
KEPT_DAYS = 100
"""lost_days: earlier days need no sums of their own."""
MEMBERS = ("ann", "bob", "cleo")
START_US = instant_us("2026-01-01T12:00:00Z")


class Step(NamedTuple):
    """One fact of a history: who, what, and how many days after the one before."""

    member: str
    topic: str
    fields: dict[str, Any]
    days: int


def step(topic: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    return st.builds(
        Step, st.sampled_from(MEMBERS), st.just(topic), st.fixed_dictionaries(fields),
        st.sampled_from((0, 0, 1, 20, 70, 110)),
    )  # fmt: skip


orders = st.sampled_from(("A", "B", "C", "D"))
steps = st.one_of(
    step("member.enrolled"),
    step("interest.declared", interest=st.just("tea")),
    step(
        "purchase.recorded", order=orders, currency=st.just("USD"), amount=st.sampled_from(("3", "10", "25"))
    ),
    step("purchase.recorded", order=orders, currency=st.just("USD"), amount=st.just("10")),
    step("purchase.returned", order=orders),
    step("referral.made", referred=st.sampled_from(MEMBERS)),
    step("recommendation.stated", likelihood=st.sampled_from(("very likely", "possible"))),
)


def told(history: list[Step]) -> tuple[Story, int]:
    """Return the story of a history and when it ends."""
    story, at_us = Story(PROGRAMME), START_US
    for member, topic, fields, days in history:
        at_us += days * DAY_US
        story.given(member, topic, at=rfc3339(at_us), **fields)
    return story, at_us


def standing(story: Story, forgotten: date) -> dict[str, Any]:
    """Return all that must be as before: not the history, its length, its timers and what it remembers."""
    group = story.folded()
    found = {}
    for member in MEMBERS:
        state = group.state_of(member)
        rungs = {ladder: rung.rung for ladder, rung in state.rungs.items() if rung.rung}
        recent = [(day, counted) for day, counted in sums.by_day(state) if any(counted) and day > forgotten]
        found[member] = (rungs, state.memory, state.points, sums.total(state), recent)
    return found


@settings(max_examples=200, deadline=None)
@given(
    st.lists(steps, max_size=12),
    st.sampled_from(MEMBERS),
    st.sampled_from((0, 1, 70, 110)),
    st.lists(st.integers(1, 9), max_size=3),
)
def test_a_purchase_that_comes_back_wholly_leaves_everybody_as_before(
    history: list[Step], member: str, days: int, parts: list[int]
) -> None:
    before, at_us = told(history)
    after, _ = told(history)
    at = rfc3339(at_us + days * DAY_US)
    for story in (before, after):
        story.advance(at)
    for other in MEMBERS:  # all are in the group, in both
        for story in (before, after):
            story.given(other, "action.done", at=at, action="nothing")

    after.purchase(member, "10.00", at=at, order="the one")
    for part in parts:
        after.given(member, "purchase.returned", at=at, order="the one", amount=f"{part}.00", currency="USD")
    after.given(member, "purchase.returned", at=at, order="the one")

    forgotten = stamp_of(at_us + (days - KEPT_DAYS) * DAY_US).date()
    assert standing(after, forgotten) == standing(before, forgotten)
