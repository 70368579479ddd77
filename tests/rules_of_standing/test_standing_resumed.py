"""The rules of standing answer any history, and as well from a stored state as from the beginning."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US, instant_us, rfc3339
from loyalty_ledger.ledger.journal import Entry
from loyalty_ledger.rules.engine import Engine, Group
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "All of standing"
    zone = "America/New_York"
    currency = "USD"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 45
    [rules.clawback]
    [rules.tier]
    use = "tiers"
    days = 60
    rungs = [{name = "Silver", points = 20}, {name = "Gold", spend = 50}]
    [rules.tier_multiplier]
    percent = {Silver = 133}
    [rules.stages]
    lapse_days = 30
    lost_days = 50
    [rules.referral_bonus]
    referrer_points = 50
    referred_points = 20
    within_days = 20
    cap = 1
    [rules.complaint_recovery]
    goodwill_points = 30
    late_points = 40
    cap_points = 50
    [rules.recommendation_intent]
    points = 5
    [rules.rewards]
    window_days = 20
    [rules.redemption]
    window_days = 20
    [rules.adjustments]
    [rules.opening_balance]
"""
MEMBERS = ("ann", "bob", "cleo")
START_DAY = instant_us("2026-01-01T00:00:00Z") // DAY_US


def kind(topic: str, **fields: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Return facts of a topic; each field is a strategy or a constant."""
    ready = {name: x if isinstance(x, st.SearchStrategy) else st.just(x) for name, x in fields.items()}
    return st.tuples(st.just(topic), st.fixed_dictionaries(ready))


orders = st.sampled_from(("A", "B"))
points = st.sampled_from((1, 10, 60))
complaint = st.sampled_from(("C1", "C2"))
reward = st.sampled_from(("R1", "R2"))
kinds = st.one_of(
    kind("member.enrolled", referrer=st.sampled_from((*MEMBERS, None))),
    kind("contact.recorded", direction="inbound", channel="phone"),
    kind("purchase.recorded", order=orders, currency="USD", amount=st.sampled_from(("0", "9.99", "30"))),
    kind("purchase.returned", order=orders),
    kind("purchase.returned", order=orders, currency="USD", amount=st.sampled_from(("1", "9.99"))),
    kind("points.redeemed", order=orders, points=points),
    kind("redemption.cancelled", order=orders),
    kind("points.adjusted", points=st.sampled_from((-30, 0, 30)), reason="a gesture"),
    kind("balance.opened", lots=[{"points": 7}], debt=st.sampled_from((0, 20))),
    kind("reward.issued", reward=reward, kind="voucher", points=st.sampled_from((0, 15))),
    kind("reward.redeemed", reward=reward),
    kind("reward.cancelled", reward=reward),
    kind("referral.made", referred=st.sampled_from(MEMBERS)),
    kind("recommendation.stated", likelihood=st.sampled_from(("very likely", "impossible"))),
    kind("complaint.opened", complaint=complaint, category="late delivery"),
    kind("complaint.acknowledged", complaint=complaint),
    kind("complaint.resolved", complaint=complaint, remedy="compensation", points=st.sampled_from((0, 45))),
    kind("complaint.reopened", complaint=complaint),
    kind("complaint.followed_up", complaint=complaint, satisfaction=2),
    kind("fact.retracted", retracted=st.integers(1, 25), reason="wrong"),
)
facts = st.tuples(st.sampled_from(MEMBERS), kinds, st.integers(-20, 40))


def told(history: list[tuple[str, tuple[str, dict[str, Any]], int]]) -> Story:
    """Return the story of a history; a negative number of days makes a fact come late."""
    story, day = Story(PROGRAMME), START_DAY
    for member, (topic, fields), days in history:
        given_fields = {name: value for name, value in fields.items() if value is not None}
        story.given(member, topic, at=rfc3339((day + days) * DAY_US), **given_fields)
        day += max(days, 0)
    story.advance(rfc3339((day + 20) * DAY_US))
    return story


def outcome(*groups: Group) -> tuple[Any, ...]:
    last = groups[-1]
    rows = [
        [row for group in groups for row in getattr(group, name)] for name in ("entries", "flags", "moves")
    ]
    actions = [row for group in groups for row in group.actions]
    return rows, actions, last.states(), last.timers()


@settings(max_examples=150, deadline=None)
@given(st.lists(facts, max_size=25), st.integers(0, 25))
def test_a_fold_resumed_from_its_states_goes_on_as_if_never_stopped(
    history: list[tuple[str, tuple[str, dict[str, Any]], int]], cut: int
) -> None:
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
    assert [entry for entry in whole.entries if entry.balance] == []
    assert {name: whole.state_of(name).points for name in MEMBERS} == {
        name: sum(entry.points for entry in of(whole.entries, name)) for name in MEMBERS
    }


def of(entries: list[Entry], member: str) -> list[Entry]:
    return [entry for entry in entries if entry.member == member]
