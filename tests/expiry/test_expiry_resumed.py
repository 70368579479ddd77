"""The rules of expiry answer any history, and as well from a stored state as from the beginning."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US, instant_us, rfc3339
from loyalty_ledger.rules.engine import Engine, Group
from loyalty_ledger.rules.testing import Story

STOCK = """
    programme = "Everything ends"
    zone = "Europe/Berlin"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.adjustments]
    [rules.transfers]
    expiry = "restart"
    [rules.holds]
    days = 60
    [rules.merging]
    [rules.clawback]
    [rules.extension]
    [rules.tier]
    use = "tiers"
    days = 40
    rungs = [{name = "Gold", points = 30}, {name = "Iron", points = 60}]
"""
PROGRAMME = f"""{STOCK}
    [rules.pending]
    activity = "delivered"
    days = 20
    [rules.rolling_expiry]
    months = 1
    month = "day before"
    end_of = "day"
    rules = ["points_per_spend"]
    by_rung = {{Gold = {{days = 45}}}}
    [rules.fixed_expiry]
    dates = ["02-29", "03-29"]
    grace_days = 3
    rules = ["transfers"]
    [rules.inactivity_expiry]
    months = 1
    by_rung = {{Gold = {{days = 45}}, Iron = {{never = true}}}}
"""
SLEEP = f"""{STOCK}
    [rules.inactivity_expiry]
    months = 1
    by_rung = {{Gold = {{days = 45}}}}
"""
MEMBERS = ("ann", "bob", "cleo")
START_DAY = instant_us("2026-01-20T00:00:00Z") // DAY_US
Told = tuple[str, tuple[str, dict[str, Any]], int]


def kind(topic: str, **fields: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Return facts of a topic; each field is a strategy or a constant."""
    ready = {name: x if isinstance(x, st.SearchStrategy) else st.just(x) for name, x in fields.items()}
    return st.tuples(st.just(topic), st.fixed_dictionaries(ready))


orders = st.sampled_from(("A", "B"))
points = st.sampled_from((1, 10, 60))
member = st.sampled_from(MEMBERS)
instants = st.integers(-5, 90).map(lambda days: rfc3339((START_DAY + days) * DAY_US))
kinds = st.one_of(
    kind("purchase.recorded", order=orders, currency="USD", amount=st.sampled_from(("0", "9.99", "30"))),
    kind("purchase.returned", order=orders),
    kind("activity.recorded", activity="delivered", order=orders),
    kind("points.redeemed", order=orders, points=points),
    kind("redemption.cancelled", order=orders),
    kind("points.adjusted", points=st.sampled_from((-30, 30)), reason="a gesture"),
    kind("hold.placed", hold=orders, points=points),
    kind("hold.captured", hold=orders),
    kind("points.transferred", to=member, points=points),
    kind("points.extended", expires=instants),
    kind("points.extended", expires=instants, lot=st.integers(1, 3)),
    kind("points.reinstated", points=points),
    kind("members.merged", absorbed=member),
    kind("members.unmerged", absorbed=member, merge=1),
    kind("fact.retracted", retracted=st.integers(1, 25), reason="wrong"),
)
histories = st.lists(st.tuples(member, kinds, st.integers(-20, 40)), max_size=25)


def told(history: list[Told], programme: str = PROGRAMME) -> Story:
    """Return the story of a history; a negative number of days makes a fact come late."""
    story, day = Story(programme), START_DAY
    for name, (topic, fields), days in history:
        story.given(name, topic, at=rfc3339((day + days) * DAY_US), **fields)
        day += max(days, 0)
    story.advance(rfc3339((day + 20) * DAY_US))
    return story


def outcome(*groups: Group) -> tuple[Any, ...]:
    last = groups[-1]
    rows = [
        [row for group in groups for row in getattr(group, name)] for name in ("entries", "flags", "moves")
    ]
    return rows, last.states(), last.timers()


@settings(max_examples=150, deadline=None)
@given(histories, st.integers(0, 25))
def test_a_fold_resumed_from_its_states_goes_on_as_if_never_stopped(history: list[Told], cut: int) -> None:
    story = told(history)
    programme, others = story.split()
    engine = Engine(programme, story.catalogue)
    whole, head = engine.group(MEMBERS, {}), engine.group(MEMBERS, {})
    for fact in others:
        whole.apply(fact)
    whole.settle(len(story.facts))

    for fact in others[:cut]:
        head.apply(fact)
    tail = engine.group(MEMBERS, {row.member: row.state for row in head.states()})
    for fact in others[cut:]:
        tail.apply(fact)
    tail.settle(len(story.facts))

    assert outcome(head, tail) == outcome(whole)


@settings(max_examples=150, deadline=None)
@given(histories)
def test_after_a_time_longer_than_any_period_nothing_is_left(history: list[Told]) -> None:
    """However points came, by whomever and in whatever order: none of them has no end."""
    story = told(history, SLEEP)
    story.advance(rfc3339((START_DAY + 25 * 40 + 20 + 400) * DAY_US))
    group = story.folded()

    facts = story.split()[1]
    members = {str(fact.subject) for fact in facts} | {name for fact in facts for name in fact.data.members()}
    left = {name: group.state_of(name).lots for name in members if group.state_of(name).lots}
    assert left == {}
