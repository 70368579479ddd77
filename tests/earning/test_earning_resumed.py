"""The rules of earning answer any history, and as well from a stored state as from the beginning."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from loyalty_ledger.ledger.calendar import DAY_US, instant_us, rfc3339
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.plugins import cap
from loyalty_ledger.rules.engine import Engine, Group
from loyalty_ledger.rules.state import MemberState, dump, load
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "All of earning"
    zone = "America/New_York"
    currency = "USD"
    [rules.points_per_spend]
    basis = {spread_discounts = true, without_means = ["points"]}
    exclude = {categories = ["gift card"]}
    [rules.steps]
    use = "points_per_spend"
    steps = [{spent = 20, per = 10}, {spent = 60, per = 5}]
    [rules.activity_points]
    points = 5
    activities = ["training"]
    most = 2
    per = "week"
    [rules.visit_points]
    points = 2
    each = "day"
    [rules.orders]
    use = "visit_points"
    points = 1
    [rules.first_in_category]
    points = 7
    window_days = 30
    [rules.promotion]
    percent = 150
    since = "2026-01-01"
    repeats = "FREQ=WEEKLY;BYDAY=SA,SU"
    hours = "20:00-06:00"
    include = {categories = ["tea"]}
    [rules.cap]
    event = 40
    week = 60
    total = 400
    [rules.milestone]
    points = 11
    of = "visits"
    every = 3
    [rules.mark]
    use = "milestone"
    points = 3
    of = "points"
    at = 30
    [rules.anniversary]
    points = 9
    [rules.birthday]
    use = "anniversary"
    of = "birthday"
    points = 8
    [rules.clawback]
    window_days = 30
    [rules.redemption]
"""
MEMBERS = ("ann", "bob")
START_DAY = instant_us("2026-02-01T00:00:00Z") // DAY_US
History = list[tuple[str, tuple[str, dict[str, Any]], int]]


def kind(topic: str, **fields: Any) -> st.SearchStrategy[tuple[str, dict[str, Any]]]:
    """Return facts of a topic; each field is a strategy or a constant."""
    ready = {name: x if isinstance(x, st.SearchStrategy) else st.just(x) for name, x in fields.items()}
    return st.tuples(st.just(topic), st.fixed_dictionaries(ready))


LINES = st.sampled_from((
    [],
    [{"category": "tea", "amount": "9.99"}],
    [{"category": "tea", "amount": "0"}, {"category": "gift card", "amount": "30"}],
    [{"category": "cake", "amount": "12"}, {"category": "tea", "amount": "18"}],
))  # fmt: skip
orders = st.sampled_from(("A", "B", "C"))
kinds = st.one_of(
    kind("member.enrolled"),
    kind("member.left", reason="moved"),
    kind("member.attributes.changed", attributes=st.sampled_from(
        [{"birthday": day} for day in ("03-01", "02-29", "nonsense", None)])),
    kind("activity.recorded", activity="training", quantity=st.sampled_from((1, 3, "0.5"))),
    kind("purchase.recorded", order=orders, currency="USD", amount=st.sampled_from(("0", "9.99", "30")),
         lines=LINES, discounts=st.sampled_from(([], [{"amount": "3"}])),
         payments=st.sampled_from(([], [{"means": "points", "amount": "5"}]))),
    kind("purchase.returned", order=orders),
    kind("purchase.returned", order=orders, lines=[{"line": 1}]),
    kind("purchase.returned", order=orders, currency="USD", amount="5"),
    kind("points.redeemed", order=orders, points=st.sampled_from((1, 25))),
    kind("fact.retracted", retracted=st.integers(2, 25), reason="wrong"),
)  # fmt: skip
histories = st.lists(st.tuples(st.sampled_from(MEMBERS), kinds, st.integers(-10, 40)), max_size=25)


def told(history: History) -> Story:
    """Return the story of a history; a negative number of days makes a fact come late."""
    story, day = Story(PROGRAMME), START_DAY
    for member, (topic, fields), days in history:
        story.given(member, topic, at=rfc3339((day + days) * DAY_US), **fields)
        day += max(days, 0)
    story.advance(rfc3339((day + 400) * DAY_US))
    return story


def outcome(*groups: Group) -> tuple[Any, ...]:
    last = groups[-1]
    rows = [[row for group in groups for row in getattr(group, name)] for name in ("entries", "flags")]
    return rows, last.states(), last.timers()


def as_it_was(state: bytes) -> bytes:
    return state


def resumed_is_whole(history: History, cut: int, stored: Callable[[bytes], bytes] = as_it_was) -> None:
    story = told(history)
    programme, others = story.split()
    engine = Engine(programme, story.catalogue)
    whole, head = engine.group(MEMBERS, {}), engine.group(MEMBERS, {})
    for fact in others:
        whole.apply(fact)
    whole.settle(len(story.facts))

    for fact in others[:cut]:
        head.apply(fact)
    tail = engine.group(MEMBERS, {row.member: stored(row.state) for row in head.states()})
    for fact in others[cut:]:
        tail.apply(fact)
    tail.settle(len(story.facts))

    assert outcome(head, tail) == outcome(whole)


@settings(max_examples=150, deadline=None)
@given(histories, st.integers(0, 25))
def test_a_fold_resumed_from_its_states_goes_on_as_if_never_stopped(history: History, cut: int) -> None:
    resumed_is_whole(history, cut)


def no_fact_earns_more(history: History) -> None:
    group = told(history).folded()
    earned: Counter[tuple[int, str]] = Counter()
    for entry in group.entries:
        is_early = entry.rule.split("@")[0] not in ("milestone", "mark", "anniversary", "birthday")
        if is_early and entry.fact == entry.position and entry.account == "issued":
            earned[entry.fact, entry.member] -= entry.contra
    assert max(earned.values(), default=0) <= 40


@settings(max_examples=150, deadline=None)
@given(histories)
def test_no_fact_earns_more_than_its_cap(history: History) -> None:
    no_fact_earns_more(history)


def test_a_cap_that_is_one_too_high_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    right = cap.Cap.cut

    def cut(self: cap.Cap, fact: Any, member: Any) -> Any:
        limit: Any = right(self, fact, member)
        return replace(limit, points=limit.points + 1) if limit else None

    cut.__listens__ = right.__listens__  # type: ignore[attr-defined]
    monkeypatch.setattr(cap.Cap, "cut", cut)

    @settings(max_examples=1000, deadline=None, database=None, phases=[Phase.generate], derandomize=True)
    @given(histories)
    def law(history: History) -> None:
        no_fact_earns_more(history)

    with pytest.raises(AssertionError):
        law()


def _forgets(label: str, key: str) -> Callable[[bytes], bytes]:
    def forget(state: bytes) -> bytes:
        found: MemberState = load(state)
        memory = found.memory.get(label, {})
        for name in [name for name in memory if name.startswith(key)]:
            del memory[name]
        return dump(found)

    return forget


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("activity_points", "period"),
        ("visit_points", "day"),
        ("first_in_category", "="),
        ("first_in_category", "count"),
        ("milestone", "level"),
        ("anniversary", "day"),
        ("birthday", "paid"),
        ("birthday", "left"),
    ],
)
def test_a_state_that_loses_what_a_rule_keeps_is_noticed(label: str, key: str) -> None:
    @settings(max_examples=2000, deadline=None, database=None, phases=[Phase.generate], derandomize=True)
    @given(histories, st.integers(5, 25))
    def law(history: History, cut: int) -> None:
        resumed_is_whole(history, cut, _forgets(label, key))

    with pytest.raises((AssertionError, LoyaltyError)):  # a rule may fail over it, or its points differ
        law()


def test_a_milestone_that_forgets_what_it_gave_is_noticed() -> None:
    def bought(order: str) -> tuple[str, tuple[str, dict[str, Any]], int]:
        return "ann", ("purchase.recorded", {"order": order, "currency": "USD", "amount": "1.00"}), 1

    # The third visit has its bonus; one goes, and the next third visit has none.
    history = [
        bought("A"),
        bought("B"),
        bought("C"),
        ("ann", ("purchase.returned", {"order": "A"}), 1),
        bought("D"),
    ]
    resumed_is_whole(history, 4)

    with pytest.raises(AssertionError):
        resumed_is_whole(history, 4, _forgets("milestone", "given"))
