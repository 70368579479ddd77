"""Laws of returns, each true of the engine and noticed to be false of a planted bug."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US, rfc3339
from loyalty_ledger.ledger.facts import FactType
from loyalty_ledger.ledger.facts.programme import ClockAdvanced
from loyalty_ledger.rules import reversing, tracing
from loyalty_ledger.rules.applying import Applying
from loyalty_ledger.rules.journaling import Account
from loyalty_ledger.rules.state import MemberState, dump, load

from .tales import HEAD, MEMBERS, OWING, STANDING, START_US, Tale, activated, fact_of, fold, tales, tell
from .test_mutants import notices

_EPOCH = date(1970, 1, 1).toordinal()
Step = tuple[str | None, FactType, int]


@dataclass(frozen=True)
class Bought:
    """A history, and a purchase at its end that may come back: whose, for how much, when."""

    tale: Tale
    member: str
    purchase: FactType
    at_us: int


@st.composite
def bought(draw: st.DrawFn) -> Bought:
    """Draw a history under rules that stay in force, and one more order."""
    programme = draw(st.sampled_from([STANDING, OWING]))
    tale = draw(tales(is_standing=True, programmes=[programme], max_size=12))
    minors: list[int] = draw(st.lists(st.integers(0, 9_000), max_size=3))
    purchase = fact_of(
        "purchase.recorded", currency="USD", order="new",
        amount_minor=sum(minors) if minors else draw(st.integers(0, 20_000)),
        lines=[{"amount_minor": minor, "sku": "1"} for minor in minors],
    )  # fmt: skip
    latest_us = max([fact.occurred_us for fact in tale.facts])
    at_us = max(latest_us, START_US) + draw(st.sampled_from([0, DAY_US, 40 * DAY_US]))
    return Bought(tale, draw(st.sampled_from(MEMBERS)), purchase, at_us)


def a_full_return_leaves_no_trace(case: Bought) -> None:
    """A purchase and its full return, with nothing between, leave all but history and timers as before."""
    tale, at_us = case.tale, case.at_us
    # Time passes first in both histories: what is due by then has happened to everybody.
    passed: Step = (None, ClockAdvanced(to=rfc3339(at_us)), at_us)
    returned = fact_of("purchase.returned", order="new")
    before = told(tale, [passed])
    after = told(tale, [passed, (case.member, case.purchase, at_us), (case.member, returned, at_us)])
    assert standing(after, at_us) == standing(before, at_us)


def a_retracted_return_leaves_no_trace(case: Bought) -> None:
    """A return that is retracted at once leaves all but history and timers as if it had not been."""
    tale, at_us = case.tale, case.at_us
    passed: Step = (None, ClockAdvanced(to=rfc3339(at_us)), at_us)
    bought = [passed, (case.member, case.purchase, at_us)]
    returned = fact_of("purchase.returned", order="new")
    wrong = fact_of("fact.retracted", retracted=tale.last() + 30, reason="another customer's")
    before = told(tale, bought)
    after = told(tale, [*bought, (case.member, returned, at_us), (case.member, wrong, at_us)])
    assert standing(after, at_us) == standing(before, at_us)


def standing(tale: Tale, at_us: int) -> dict[str, object]:
    """Return what is kept of every member of whom there is something to keep."""
    nothing, states = kept(dump(MemberState()), at_us), fold(tale).states
    return {name: mine for name, row in states.items() if (mine := kept(row.state, at_us)) != nothing}


def told(tale: Tale, steps: list[Step]) -> Tale:
    more = tell(steps).facts
    for fact in more:
        fact.position += tale.last()
    return Tale(tale.facts + more)


def kept(written: bytes, at_us: int) -> object:
    """Return a state without its history and timers. To stand on the lowest tier is to stand on none."""
    state = load(written)
    stands = {ladder: rung.rung for ladder, rung in state.rungs.items() if rung.rung not in ("", "Basic")}
    lots = sorted((lot.expires_us, lot.points, lot.pending, lot.fact) for lot in state.lots)
    # What is older is forgotten with the next purchase: days past every window, orders past their return.
    days = [row for row in state.days if row[0] > at_us // DAY_US + _EPOCH - 20]
    traced = [
        trace for trace in state.traces
        if not trace.is_reversed and trace.booked_us > at_us - 60 * DAY_US
        and (trace.earned or trace.burned or not trace.taken)
    ]  # fmt: skip
    return (
        state.points, state.pending, state.held, lots, state.memory, days, stands,
        [(trace.fact, trace.earned, trace.burned, trace.returned, trace.is_visit) for trace in traced],
    )  # fmt: skip


@dataclass(frozen=True)
class Split:
    """An order, how it comes back piece by piece, and under which parameters."""

    parameters: str
    lines: list[int]
    pieces: list[dict[str, Any]]


_pieces = st.one_of(
    st.builds(lambda minor: {"amount_minor": minor}, st.integers(0, 9_000)),
    st.builds(lambda bps: {"share_bps": bps}, st.integers(0, 12_000)),
    st.builds(lambda line: {"lines": [{"line": line}]}, st.integers(1, 4)),
    st.builds(
        lambda line, minor: {"lines": [{"line": line, "amount_minor": minor}]},
        st.integers(1, 4), st.integers(0, 6_000),
    ),
)  # fmt: skip


@st.composite
def splits(draw: st.DrawFn) -> Split:
    """Draw an order of one to four lines and up to six returns; the last brings back all that is left."""
    by, rounding = draw(st.sampled_from(["lines", "order"])), draw(st.sampled_from(["half-up", "down", "up"]))
    lines = draw(st.lists(st.integers(0, 6_000), min_size=1, max_size=4))
    return Split(f'by = "{by}"\nrounding = "{rounding}"', lines, draw(st.lists(_pieces, max_size=6)))


def split_returns_take_exactly_the_award(case: Split) -> None:
    """However an order comes back, its returns take what it earned: no point more, none twice, none less."""
    programme = f"""{HEAD}
        [rules.points_per_spend]
        points = 7
        per = 3
        [rules.item_bonus]
        points = 11
        skus = ["0", "2"]
        [rules.clawback]
        {case.parameters}
    """
    lines = [{"amount_minor": minor, "sku": str(number)} for number, minor in enumerate(case.lines)]
    steps: list[Step] = [
        (None, activated(programme), 0),
        ("ann", fact_of(
            "purchase.recorded", currency="USD", amount_minor=sum(case.lines), lines=lines, order="A"
        ), START_US),
        *(("ann", fact_of("purchase.returned", order="A", **piece), START_US) for piece in case.pieces),
    ]  # fmt: skip
    balances = []
    for number in range(2, len(steps) + 1):
        outcome = fold(tell(steps[:number]))
        balances.append(load(outcome.states["ann"].state).points)
    assert balances == sorted(balances, reverse=True)
    assert balances[-1] >= 0
    whole = fold(tell([*steps, ("ann", fact_of("purchase.returned", order="A"), START_US)]))
    entries = whole.entries.get("ann", [])
    assert load(whole.states["ann"].state).points == 0
    assert not any(entry.lot is None for entry in entries)


@settings(max_examples=200, deadline=None)
@given(bought())
def test_a_purchase_and_its_full_return_leave_all_but_history_as_before(case: Bought) -> None:
    a_full_return_leaves_no_trace(case)


@settings(max_examples=200, deadline=None)
@given(bought())
def test_a_return_retracted_at_once_leaves_all_but_history_as_before(case: Bought) -> None:
    a_retracted_return_leaves_no_trace(case)


@settings(max_examples=300, deadline=None)
@given(splits())
def test_any_split_of_a_return_takes_exactly_the_award(case: Split) -> None:
    split_returns_take_exactly_the_award(case)


def keeping_visits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what comes back stays a visit."""
    monkeypatch.setattr(Account, "leave_order", lambda *_: 0)


def taking_from_any_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: points are taken in burn order, whichever lot they are from."""

    def take_back(
        account: Account, trace: Any, earned: Any, points: int, reason: str, cause: Any, beyond: str
    ) -> Any:
        earned.taken += points
        return tuple(account._take_elsewhere(points, reason, cause, "reversed", beyond)[0])

    monkeypatch.setattr(Account, "take_back", take_back)


def sparing_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: only the buyer's own points are taken back, not the referrer's."""
    mark = Applying._take_back

    def take_back(group: Applying, name: str, trace: Any, *args: Any) -> None:
        trace.others = ()
        mark(group, name, trace, *args)

    monkeypatch.setattr(Applying, "_take_back", take_back)


@pytest.mark.parametrize("plant", [keeping_visits, taking_from_any_lot, sparing_the_others])
def test_the_first_law_notices(plant: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    notices(a_full_return_leaves_no_trace, bought())


def forgetting_debts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what a return took beyond the balance is not paid when the return is retracted."""
    give = Account.give_back

    def give_back(account: Account, burned: Any, reason: str, cause: Any) -> int:
        return 0 if burned.lot is None else give(account, burned, reason, cause)

    monkeypatch.setattr(Account, "give_back", give_back)


def keeping_the_return(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: the order still counts as returned, so that it is no visit."""
    monkeypatch.setattr(Account, "return_to_order", lambda *_: 0)


def undoing_lots_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: lots are given back before debts, to pay what is owed by then."""
    monkeypatch.setattr(reversing, "goes_to_a_lot", lambda piece: piece.lot is None)


@pytest.mark.parametrize("plant", [forgetting_debts, keeping_the_return, undoing_lots_first])
def test_the_law_of_retracted_returns_notices(
    plant: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    notices(a_retracted_return_leaves_no_trace, bought())


def rounding_each_return(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: each return rounds its own share, as if there had been none before."""
    due: Any = tracing.due_back

    def alone(earned: Any, trace: Any, **given_: Any) -> int:
        found: int = earned.taken + due(earned, trace, **given_)
        return found

    monkeypatch.setattr(tracing, "due_back", alone)


def leaving_the_last_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: all of an order gives back its share by amounts, rounded down."""
    due = tracing.due_back

    def less(earned: Any, trace: Any, **given_: Any) -> int:
        found: int = due(earned, trace, **given_) - (earned.points % 2)
        return found

    monkeypatch.setattr(tracing, "due_back", less)


@pytest.mark.parametrize("plant", [rounding_each_return, leaving_the_last_point])
def test_the_second_law_notices(plant: Callable[[Any], None], monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    notices(split_returns_take_exactly_the_award, splits())
