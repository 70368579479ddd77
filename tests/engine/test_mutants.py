"""Every law seen failing: a defect is planted in the engine for one test, and the law must notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from loyalty_ledger.rules import Accrue, roster, state
from loyalty_ledger.rules.compile import Programme
from loyalty_ledger.rules.engine import Group
from loyalty_ledger.rules.journaling import Account
from loyalty_ledger.rules.member import Member
from loyalty_ledger.rules.state import MemberState

from . import laws
from .extra_rules import BUNDLED, EveryThird
from .tales import cuts_of, tales

Plant = Callable[[pytest.MonkeyPatch], None]
TALES = tales()
CUT = TALES.flatmap(lambda tale: st.tuples(st.just(tale), cuts_of(tale)))
ORDERED = st.tuples(TALES, st.permutations(range(len(BUNDLED) + 1)))
STEPPED = st.tuples(TALES, st.lists(st.integers(0, 24 * 40), min_size=1, max_size=4))


def notices(law: Callable[[Any], None], cases: st.SearchStrategy[Any], *, examples: int = 600) -> None:
    """Check that the law is broken for some case."""

    @settings(
        max_examples=examples, deadline=None, database=None, phases=[Phase.generate], derandomize=True,
        suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    @given(cases)
    def probe(case: Any) -> None:
        law(case)

    with pytest.raises(AssertionError):
        probe()


def forgetting(field: str, empty: Callable[[], Any]) -> Plant:
    """Plant: a field of the state is lost when it is read back."""

    def plant(monkeypatch: pytest.MonkeyPatch) -> None:
        def load(written: bytes) -> MemberState:
            found = state.load(written)
            setattr(found, field, empty())
            return found

        monkeypatch.setattr(roster, "load", load)

    return plant


def stale_views(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what a rule sees of another member is that member's own view, with its last awards and label."""

    def other(group: Group, name: str) -> Member | None:
        found = group._states.find(name)
        programme = group._at.programme
        if found is None or programme is None:
            return None
        return group._members.get(name) or group._member(name, found, programme)

    monkeypatch.setattr(Group, "_other", other)


@pytest.mark.parametrize(
    "plant",
    [
        pytest.param(forgetting("memory", dict), id="memory"),
        pytest.param(forgetting("alarms", list), id="alarms"),
        pytest.param(forgetting("lots_made", int), id="lots_made"),
        pytest.param(forgetting("points", int), id="points"),
        pytest.param(forgetting("lots", list), id="lots"),
        pytest.param(stale_views, id="stale views"),
    ],
)
def test_resuming_notices_what_is_not_written_down(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    notices(laws.resuming_equals_a_full_replay, CUT)


def test_live_and_rebuilt_notice_what_is_not_written_down(monkeypatch: pytest.MonkeyPatch) -> None:
    forgetting("memory", dict)(monkeypatch)
    notices(laws.live_equals_rebuilt, CUT)


def test_settling_times_notice_a_group_whose_time_passes_member_by_member(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settle = Group.settle

    def apply_alone(group: Group, position: int) -> None:
        """Defect: with a fact, time passes for its subject alone; the others wait for the end."""
        if group._states and position + 1 in asked:
            return
        settle(group, position)

    asked: set[int] = set()
    apply = Group.apply

    def applying(group: Group, fact: Any) -> None:
        asked.add(fact.position)
        try:
            apply(group, fact)
        finally:
            asked.clear()

    monkeypatch.setattr(Group, "settle", apply_alone)
    monkeypatch.setattr(Group, "apply", applying)
    notices(laws.when_time_is_settled_changes_nothing, CUT)


def test_the_order_of_installation_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defect: rules run as the catalogue lists them."""
    whole = Programme._compile

    def unsorted(programme: Programme, rules: list[Any], catalogue: Any) -> None:
        whole(programme, rules, catalogue)
        order = {rule: number for number, (rule, _) in enumerate(offers[-1])}
        for table in (programme.early, programme.late):
            for topic, handlers in table.items():
                table[topic] = tuple(sorted(handlers, key=lambda h: order[programme.pinned[h.label].rule]))

    offers: list[Any] = []
    pick = Programme._rule

    def watching(programme: Programme, pinned: Any, catalogue: Any, trusted: Any) -> Any:
        offers.append(catalogue.offers)
        return pick(programme, pinned, catalogue, trusted)

    monkeypatch.setattr(Programme, "_rule", watching)
    monkeypatch.setattr(Programme, "_compile", unsorted)
    notices(laws.order_of_installation_changes_nothing, ORDERED)


def unbalanced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: an expiry forgets what it owes the programme's account."""

    def expire(account: Account, lot: Any, cause: Any) -> None:
        account.state.lots.remove(lot)
        account.state.points -= lot.points
        account.state.pending -= lot.pending
        account.write(cause, "x@1", "expire", lot.lot, -lot.points, -lot.pending, "expired", lot.points)

    monkeypatch.setattr(Account, "expire", expire)


def expiring_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: an expiry takes the whole balance, not what is left of its own lot."""

    def expire(account: Account, lot: Any, cause: Any) -> None:
        account.state.lots.remove(lot)
        points, pending = account.state.points, lot.pending
        account.state.points, account.state.pending = 0, account.state.pending - pending
        account.write(cause, "x@1", "points expire", lot.lot, -points, -pending, "expired", points + pending)

    monkeypatch.setattr(Account, "expire", expire)


def forgiving(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: new points do not pay debts."""
    monkeypatch.setattr(Account, "_pay_debt", lambda *_: None)


def booking_at_the_cause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: an effect on another member is booked at the cause's instant."""
    reach = Group._reach

    def reaching(group: Group, name: str) -> Member:
        booked_us = group._at.booked_us
        member = reach(group, name)
        group._at.booked_us = booked_us
        return member

    monkeypatch.setattr(Group, "_reach", reaching)


def numbering_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: a burn starts its entry numbers again."""
    burn = Account.burn

    def burning(account: Account, *args: Any) -> None:
        account.state.entries = 0
        burn(account, *args)

    monkeypatch.setattr(Account, "burn", burning)


@pytest.mark.parametrize(
    "plant", [unbalanced, expiring_everything, forgiving, booking_at_the_cause, numbering_anew]
)
def test_the_books_notice(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    notices(laws.books_balance, tales(max_size=30))


def test_nothing_due_notices_a_past_timer_that_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Group, "_fire_what_is_over", lambda group, position: group._due_now.clear())
    notices(laws.nothing_stays_due, TALES)


def test_together_or_apart_notices_a_rule_with_a_memory_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """The defect is a rule's: it counts in itself, so whoever shares its group shares the count."""

    def count(rule: Any, purchase: Any, member: Member) -> Any:
        rule.members = {*getattr(rule, "members", ()), member.id}
        return Accrue(points=len(rule.members), reason="impure")

    count.__listens__ = EveryThird.count.__listens__  # type: ignore[attr-defined]
    monkeypatch.setattr(EveryThird, "count", count)
    notices(laws.folding_together_or_apart_is_the_same, TALES)


def test_settling_notices_a_clock_that_moves_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    settle = Group.settle

    def touching(group: Group, position: int) -> None:
        settle(group, position)
        for found in group._states.values():
            found.clock_us += 1

    monkeypatch.setattr(Group, "settle", touching)
    notices(laws.settling_twice_changes_nothing, TALES)


def test_one_step_or_many_notices_entries_booked_at_the_end_of_the_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    fire = Group._fire_group

    def late(group: Group, until_us: int, position: int) -> None:
        for found in group._states.values():
            if found.due_us() <= until_us:
                found.clock_us = max(found.clock_us, until_us)
        fire(group, until_us, position)

    monkeypatch.setattr(Group, "_fire_group", late)
    notices(laws.one_advance_equals_many, STEPPED)


def test_looking_ahead_notices_who_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defect: a decision looks at what has expired, not at the timers."""
    ahead = Group.advance_to

    def looking(group: Group, until_us: int, position: int) -> None:
        for found in group._states.values():
            found.alarms = []
        ahead(group, until_us, position)

    monkeypatch.setattr(Group, "advance_to", looking)
    notices(laws.looking_ahead_equals_advancing, st.tuples(TALES, st.integers(0, 24 * 60)))


def test_explaining_notices_a_note_that_acts(monkeypatch: pytest.MonkeyPatch) -> None:
    def noting(group: Group, member: str, rule: str) -> Callable[..., None]:
        def note(template: str, *values: Any) -> None:
            group._states[member].points += 1

        return note

    monkeypatch.setattr(Group, "_noting", noting)
    notices(laws.explaining_changes_nothing, TALES)


def test_without_a_plant_the_same_cases_break_no_law() -> None:
    """Else the tests above would prove nothing."""
    with pytest.raises(pytest.fail.Exception):
        notices(laws.books_balance, TALES, examples=40)
    with pytest.raises(pytest.fail.Exception):
        notices(laws.resuming_equals_a_full_replay, CUT, examples=40)


def test_resting_notices_what_changes_without_a_new_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """Defect: whoever has been written once is never written again."""
    keep = roster.Roster._keep

    def once(states: Any, name: str, found: MemberState, written: bytes) -> None:
        if name not in states._rows:
            keep(states, name, found, written)

    monkeypatch.setattr(roster, "_MOST_AWAKE", 0)
    monkeypatch.setattr(roster.Roster, "_keep", once)
    notices(laws.resting_changes_nothing, TALES)
