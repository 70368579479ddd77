"""Ladders under any parameters: as worked out apart, and unchanged by what comes back wholly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import micros, rfc3339, stamp_of
from loyalty_ledger.plugins.tiers import periods
from loyalty_ledger.plugins.tiers.rule import Tiers
from loyalty_ledger.plugins.tiers.steps import Steps
from loyalty_ledger.plugins.tiers.windows import Windows
from loyalty_ledger.rules import Effect, Keep
from loyalty_ledger.rules.testing import Story
from rules_of_standing.ladder_oracle import Rules, Walk
from rules_of_standing.ladder_story import story_of

NAMES = ("Basic", "Silver", "Gold", "Top")
RUNGS = ((100, 4), (200, 7), (300, 99))
TOML = (
    "rungs = [{name='Silver', points=100, visits=4}, {name='Gold', points=200, visits=7},"
    " {name='Top', points=300}]"
)
ZONE = "Europe/Berlin"
START = datetime(2023, 12, 30, 11, tzinfo=UTC)
LAST = date(2031, 1, 1)

periods_of_time = st.none() | st.sampled_from(((1, "days"), (10, "days"), (1, "months"), (7, "months")))
rounds = st.sampled_from(("day", "month"))


class Told(NamedTuple):
    """A ladder and what a member bought: hours after the one before, and points."""

    rules: Rules
    enrolled: date | None
    bought: list[tuple[int, int]]


class Returned(NamedTuple):
    """A purchase so many hours after the last one, its points, and what comes back of it before the rest."""

    told: Told
    hours: int
    points: int
    parts: list[int]


@st.composite
def rules_of(draw: st.DrawFn) -> Rules:
    window = draw(st.sampled_from(("rolling", "calendar year", "anniversary")))
    held, grace = draw(periods_of_time), draw(periods_of_time)
    return Rules(
        rungs=RUNGS, window=window, held=held, grace=grace,
        days=draw(st.sampled_from((1, 20, 200))) if window == "rolling" else 365,
        review=draw(st.sampled_from(("day", "month", "year"))) if window == "rolling" and not held else "day",
        held_round=draw(rounds) if held else "day",
        grace_round=draw(rounds) if grace else "day",
        month=draw(st.sampled_from(("same day", "day before"))),
        downgrade=draw(st.sampled_from(("straight", "one step"))),
    )  # fmt: skip


enrolments = st.sampled_from((None, date(2023, 12, 1), date(2020, 2, 29), date(2022, 12, 31)))
purchases = st.tuples(
    st.sampled_from((0, 1, 13, 24, 24 * 10, 24 * 29, 24 * 59, 24 * 200, 24 * 364, 24 * 366)),
    st.sampled_from((0, 30, 100, 200, 300)),
)
tales = st.builds(Told, rules_of(), enrolments, st.lists(purchases, min_size=1, max_size=10))

returns = st.builds(
    Returned, tales, st.sampled_from((5, 24 * 15, 24 * 40, 24 * 300, 24 * 380)),
    st.sampled_from((50, 100, 250)), st.lists(st.integers(1, 20), max_size=2),
)  # fmt: skip


def parameters(rules: Rules) -> str:
    """Return the TOML of a ladder."""
    lines = [f"window = '{rules.window}'", f"downgrade = '{rules.downgrade}'"]
    lines += [f"days = {rules.days}", f"review = '{rules.review}'"]
    if "months" in {period[1] for period in (rules.held, rules.grace) if period}:
        lines.append(f"month = '{rules.month}'")
    for what, period, rounded in (
        ("held", rules.held, rules.held_round), ("grace", rules.grace, rules.grace_round),
    ):  # fmt: skip
        if period:
            lines.append(f"{what}_{period[1]} = {period[0]}")
            lines += [f"{what}_round = 'month'"] if rounded == "month" else []
    return "\n".join(lines)


def instants(told: Told) -> list[tuple[datetime, int]]:
    """Return when each purchase was made, and its points."""
    at, found = START, []
    for hours, points in told.bought:
        at += timedelta(hours=hours)
        found.append((at, points))
    return found


def story_told(told: Told) -> Story:
    story = story_of(parameters(told.rules), rungs=TOML, zone=ZONE)
    if told.enrolled:
        story.given("ann", "member.enrolled", at=f"{told.enrolled}T12:00:00Z")
    for number, (at, points) in enumerate(instants(told)):
        story.purchase("ann", f"{points}.00", at=rfc3339(micros(at)), order=f"{number}")
    return story


def moves(story: Story) -> list[tuple[datetime, int]]:
    story.advance(rfc3339(micros(datetime.combine(LAST, datetime.min.time(), ZoneInfo(ZONE)))))
    return [(stamp_of(move.booked_us), NAMES.index(move.rung)) for move in story.folded().moves]


def as_worked_out_apart(told: Told) -> None:
    """Every move is the oracle's, to the instant."""
    walk = Walk(told.rules, ZoneInfo(ZONE), told.enrolled)

    assert moves(story_told(told)) == walk.until(LAST, instants(told))


def as_if_never_bought(case: Returned) -> None:
    """What is bought and comes back at once, in parts or whole, leaves every later move as it was."""
    told, hours, points, parts = case
    without, returned = story_told(told), story_told(told)
    now = rfc3339(micros(instants(told)[-1][0] + timedelta(hours=hours)))
    for story in (without, returned):
        story.advance(now)
    returned.purchase("ann", f"{points}.00", at=now, order="O")
    for part in parts:
        returned.given("ann", "purchase.returned", at=now, order="O", amount=f"{part}.00", currency="USD")
    returned.given("ann", "purchase.returned", at=now, order="O")

    def later(found: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
        return [move for move in found if rfc3339(micros(move[0])) > now]

    before, after = moves(without), moves(returned)
    assert later(after) == later(before)
    assert [rung for _, rung in [(now, 0), *after]][-1] == [rung for _, rung in [(now, 0), *before]][-1]


@settings(max_examples=150, deadline=None)
@given(tales)
def test_every_move_is_as_worked_out_day_by_day(told: Told) -> None:
    as_worked_out_apart(told)


@settings(max_examples=150, deadline=None)
@given(returns)
def test_what_comes_back_at_once_leaves_every_later_move_as_it_was(case: Returned) -> None:
    as_if_never_bought(case)


def a_day_more(method: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Plant: a period ends a day late."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        whole = getattr(Windows, method)

        def late(windows: Windows, day: date) -> date | None:
            found: date | None = whole(windows, day)
            return found and found + timedelta(days=1)

        monkeypatch.setattr(Windows, method, late)

    return plant


def on_1_march(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: who enrolled on 29 February has 1 March in other years."""
    months_later = periods.months_later

    def moved(day: date, months: int) -> date | None:
        found = months_later(day, months)
        is_moved = found is not None and (day.month, day.day, found.day) == (2, 29, 28)
        return date(found.year, 3, 1) if found is not None and is_moved else found

    monkeypatch.setattr(periods, "months_later", moved)


def without_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: a review takes the rung whatever the grace."""
    monkeypatch.setattr(Steps, "_grace_until", lambda *_: None)


def never_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: conditions met again in the grace change nothing."""
    monkeypatch.setattr(Tiers, "_saved", lambda *_: None)


def forgetful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: a rung rests on nothing but the current window."""
    monkeypatch.setattr(Steps, "_rests", lambda *_: [])


def raised_for_good(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: who rises in a grace loses what was left of it."""
    raised = Tiers._raised

    def ended(rule: Tiers, *args: Any) -> list[Effect]:
        return [*raised(rule, *args), Keep(key="grace", value=None)]

    monkeypatch.setattr(Tiers, "_raised", ended)


def notices(law: Callable[[Any], None], cases: st.SearchStrategy[Any]) -> None:
    @settings(
        max_examples=600, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    @given(cases)
    def probe(case: Any) -> None:
        law(case)

    with pytest.raises(AssertionError):
        probe()


@pytest.mark.parametrize(
    "plant", [a_day_more("held_until"), a_day_more("grace_until"), on_1_march, without_grace, never_saved]
)
def test_the_oracle_notices(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    notices(as_worked_out_apart, tales)


@pytest.mark.parametrize("plant", [forgetful, raised_for_good])
def test_the_law_of_returns_notices(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    notices(as_if_never_bought, returns)
