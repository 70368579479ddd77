"""The laws themselves, as plain functions: true of the engine, and false of each planted bug."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import Any

from loyalty_ledger.ledger.calendar import FOREVER_US, HOUR_US, instant_us, rfc3339
from loyalty_ledger.ledger.facts import Fact
from loyalty_ledger.ledger.facts.programme import ClockAdvanced
from loyalty_ledger.ledger.journal import Entry
from loyalty_ledger.rules.catalogue import Catalogue
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.state import MemberState, load

from .extra_rules import EXTRA, bundled, plugin_of
from .tales import CATALOGUE, Outcome, Tale, fold, fold_in_parts, tell


def resuming_equals_a_full_replay(case: tuple[Tale, list[int]]) -> None:
    """Stop anywhere and go on from the written bytes: entries, flags, timers and states are the same."""
    tale, cuts = case
    groups = tale.groups()
    assert fold_in_parts(tale, cuts, groups=groups) == fold(tale)


def when_time_is_settled_changes_nothing(case: tuple[Tale, list[int]]) -> None:
    """What an advance made due fires at once or with the next fact: projecting after every batch = once."""
    tale, cuts = case
    groups = tale.groups()
    at_the_end = fold_in_parts(tale, cuts, groups=groups, is_settling=False)
    assert at_the_end == fold(tale)
    assert at_the_end == fold_in_parts(tale, cuts, groups=groups)


def live_equals_rebuilt(case: tuple[Tale, list[int]]) -> None:
    """Groups grow as facts connect members; a rebuild knows them all from the start."""
    tale, cuts = case
    assert fold_in_parts(tale, cuts) == fold(tale)


def order_of_installation_changes_nothing(case: tuple[Tale, list[int]]) -> None:
    """Neither the order of plugins nor of rules within one shows anywhere, nor in the fingerprint."""
    tale, order = case
    extra = [EXTRA[number] for number in order if number < len(EXTRA)]
    plugins = [*bundled(), plugin_of("strange", extra)]
    shuffled = Catalogue([plugins[number] for number in order])
    assert fold(tale, catalogue=shuffled) == fold(tale)
    assert Engine(tale.programme(), shuffled).fingerprint == Engine(tale.programme(), CATALOGUE).fingerprint


def explaining_changes_nothing(tale: Tale) -> None:
    """The notes of the rules are kept beside the journal, they do not move it."""
    found = []
    for is_explaining in (False, True):
        engine = Engine(tale.programme(), CATALOGUE, is_explaining=is_explaining)
        for members in tale.groups():
            group = engine.group(members, {})
            for fact in tale.told(members):
                group.apply(fact)
            group.settle(tale.last())
            found.append((is_explaining, group.entries, group.flags, group.states()))
    half = len(found) // 2
    assert [row[1:] for row in found[:half]] == [row[1:] for row in found[half:]]


def looking_ahead_equals_advancing(case: tuple[Tale, int]) -> None:
    """What a decision sees at an instant is what an advance to it would have recorded."""
    tale, hours = case
    until_us = max(fact.occurred_us for fact in tale.facts) + hours * HOUR_US
    advanced = tell([(None, ClockAdvanced(to=rfc3339(until_us)), until_us)], stride=tale.last() + 1).facts
    recorded = fold(Tale(tale.facts + advanced))
    engine = Engine(tale.programme(), CATALOGUE)
    for members in tale.groups():
        group = engine.group(members, {})
        for fact in tale.told(members):
            group.apply(fact)
        group.advance_to(until_us, tale.last())
        for member in members:
            ahead = [entry._replace(position=0) for entry in group.entries if entry.member == member]
            assert ahead == [entry._replace(position=0) for entry in recorded.entries.get(member, [])]
            assert group.state_of(member).clock_us >= until_us


def books_balance(tale: Tale) -> None:
    """Entries sum to zero, balances and lots are sums of entries, numbers have no gaps, time runs forward."""
    outcome = fold(tale)
    for name, row in outcome.states.items():
        entries, state = outcome.entries.get(name, []), load(row.state)
        assert all(entry.balance == 0 for entry in entries)
        assert [entry.entry for entry in entries] == list(range(1, state.entries + 1))
        for before, after in pairwise(entries):
            assert before.booked_us <= after.booked_us
            assert before.position <= after.position
        assert all(
            entry.booked_us <= state.clock_us and entry.position <= state.position for entry in entries
        )
        assert all(entry.fact <= entry.position for entry in entries)
        assert state.points == sum(entry.points for entry in entries)
        assert state.pending == sum(entry.pending for entry in entries)
        assert state.held == sum(entry.held for entry in entries)
        _holds_balance(state, entries)
        _lots_balance(outcome, name)


def _holds_balance(state: MemberState, entries: list[Entry]) -> None:
    pieces = [piece for held in state.holds.values() for piece in held.pieces]
    assert state.held == sum(piece.points for piece in pieces)
    assert min((piece.points for piece in pieces), default=1) > 0
    by_lot: defaultdict[int | None, int] = defaultdict(int)
    for entry in entries:
        by_lot[entry.lot] += entry.held
    for piece in pieces:
        by_lot[piece.lot] -= piece.points
    assert not any(by_lot.values())


def nothing_is_lost_between_members(tale: Tale) -> None:
    """What members give to each other, by transfers, merges and unmerges, sums to zero over the group."""
    outcome = fold(tale)
    for group in tale.groups():
        passed = [
            entry.contra for name in group for entry in outcome.entries.get(name, [])
            if entry.account == "transferred"
        ]  # fmt: skip
        assert sum(passed) == 0


def _lots_balance(outcome: Outcome, name: str) -> None:
    state = load(outcome.states[name].state)
    left: defaultdict[int | None, list[int]] = defaultdict(lambda: [0, 0])
    for entry in outcome.entries.get(name, []):
        left[entry.lot][0] += entry.points
        left[entry.lot][1] += entry.pending
        if entry.lot is not None:
            assert min(left[entry.lot]) >= 0, f"lot {entry.lot} is below zero after entry {entry.entry}"
    debt = left.pop(None, [0, 0])
    assert debt[0] <= 0
    assert debt[1] == 0
    # A debt is owed only while no lot could pay it.
    assert debt[0] == 0 or sum(lot.points for lot in state.lots) == 0
    found = {lot.lot: [lot.points, lot.pending] for lot in state.lots}
    assert found == {lot: sums for lot, sums in left.items() if any(sums)}
    assert state.points == debt[0] + sum(lot.points for lot in state.lots)
    assert state.lots == sorted(
        state.lots, key=lambda lot: (lot.expires_us, lot.booked_us, lot.fact, lot.lot)
    )
    assert state.alarms == sorted(state.alarms, key=lambda a: (a.due_us, a.phase, a.rule, a.key))


def nothing_stays_due(tale: Tale) -> None:
    """After the last fact no lot, release or timer is due at or before the member's clock."""
    for row in fold(tale).states.values():
        assert load(row.state).due_us() > row.clock_us
        assert row.due_us is None or row.due_us > row.clock_us


def folding_together_or_apart_is_the_same(tale: Tale) -> None:
    """Members that no fact connects do not feel whether they are folded as one group."""
    groups = tale.groups()
    together = [tuple(sorted({name for group in groups for name in group}))]
    assert fold(tale, groups=together) == fold(tale)


def settling_twice_changes_nothing(tale: Tale) -> None:
    """When nothing is due, ``settle`` writes nothing and leaves every state as it is."""
    engine = Engine(tale.programme(), CATALOGUE)
    for members in tale.groups():
        group = engine.group(members, {})
        for fact in tale.told(members):
            group.apply(fact)
        group.settle(tale.last())
        entries, flags, states = list(group.entries), list(group.flags), group.states()

        group.settle(tale.last())
        group.settle(tale.last() + 5)

        assert (group.entries, group.flags, group.states()) == (entries, flags, states)


def one_advance_equals_many(case: tuple[Tale, list[int]]) -> None:
    """Advancing to T at once, or by several advances on the way, gives the same journal.

    The same are all entries and flags but for the position they cite (that of the advance that fired them);
    of the states, balances, lots, timers and memory. A member's kept clock and position may differ:
    an advance touches only who has something due.
    """
    tale, steps_h = case
    split = with_steps_between(tale, steps_h)
    one, many = fold(tale), fold(split)
    assert _timeless(one) == _timeless(many)


def with_steps_between(tale: Tale, steps_h: list[int]) -> Tale:
    """Return the tale with advances to earlier instants put before each advance, at unused positions."""
    facts: list[Fact[Any]] = []
    for fact in tale.facts:
        if isinstance(fact.data, ClockAdvanced):
            to_us = instant_us(fact.data.to)
            earlier = sorted(to_us - hours * HOUR_US for hours in steps_h)
            told = tell([(None, ClockAdvanced(to=rfc3339(us)), us) for us in earlier], stride=1).facts
            for offset, step in enumerate(told, start=fact.position - len(told)):
                step.position = offset
            facts += told
        facts.append(fact)
    return Tale(tuple(facts))


def _timeless(outcome: Outcome) -> object:
    states = {name: load(row.state) for name, row in outcome.states.items()}
    return (
        {
            name: [entry._replace(position=0) for entry in entries]
            for name, entries in outcome.entries.items()
        },
        {name: [flag._replace(position=0) for flag in flags] for name, flags in outcome.flags.items()},
        {name: [move._replace(position=0) for move in moves] for name, moves in outcome.moves.items()},
        {name: [row._replace(position=0) for row in rows] for name, rows in outcome.actions.items()},
        {
            name: (
                s.points,
                s.pending,
                s.lots,
                s.alarms,
                s.memory,
                s.lots_made,
                s.days,
                s.rungs,
                s.expired,
                s.traces,
                min(s.due_us(), FOREVER_US),
            )
            for name, s in states.items()
        },
    )


def resting_changes_nothing(tale: Tale) -> None:
    """A large group lets its members rest as bytes between facts: nothing that comes of it is another."""
    whole = fold(tale)
    for members in tale.groups():
        engine = Engine(tale.programme(), CATALOGUE)
        group = engine.group(members, {})
        for fact in tale.told(members):
            group.apply(fact)
            group.states()
        group.settle(tale.last())
        rows = {row.member: row for row in group.states()}
        assert rows == {name: whole.states[name] for name in members if name in whole.states}
        for kind, found in (("entries", group.entries), ("flags", group.flags), ("moves", group.moves)):
            expected = getattr(whole, kind)
            assert sorted(map(repr, found)) == sorted(
                repr(row) for name in members for row in expected.get(name, ())
            )
        assert group.timers() == [timer for name in members for timer in whole.timers.get(name, ())]
