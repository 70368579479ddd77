"""One history, told to the engine and to the oracle at once; after every fact they must agree."""

from __future__ import annotations

from itertools import count, pairwise, zip_longest
from typing import Any

from sqlalchemy import text

from loyalty_ledger.ledger.calendar import DAY_US, FOREVER_US, instant_us
from loyalty_ledger.ledger.facts import Draft, Fact, convert
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.ledger.journal import Entry
from loyalty_ledger.ledger.projection import Runner
from loyalty_ledger.ledger.projection.stored import stored_decoders
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.engine import Engine, Group
from loyalty_ledger.rules.governing import create_ledger
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.projecting import run_views
from loyalty_ledger.rules.state import MemberState
from oracle.oracle import TOTALS, Oracle, Programme, Told

CATALOGUE = installed()
DECODERS = stored_decoders(CATALOGUE.registry)
MEMBERS = ("ann", "bob", "cy")
START_US = instant_us("2026-01-10T09:00:00Z")
LATER_US = instant_us("2040-01-01T00:00:00Z")


def programme_text(programme: Programme) -> str:
    """Return the oracle's programme as the TOML that the engine reads."""
    p = programme
    rungs = ", ".join(f'{{name = "{name}", points = {points}}}' for name, points, _ in p.rungs)
    percents = ", ".join(f"{name} = {percent}" for name, _, percent in p.rungs)
    burn_order = {"soonest": "soonest expiry", "oldest": "oldest"}[p.burn_order]
    lines = [
        'programme = "Both"', 'zone = "UTC"', 'currency = "EUR"', "[policy]",
        f'burn_order = "{burn_order}"', "[rules.points_per_spend]", f"points = {p.points_per_unit}",
        "[rules.redemption]", f"window_days = {p.window_days}", "[rules.clawback]",
        f"window_days = {p.window_days}", f'by = "{p.by}"', f'rounding = "{p.rounding}"',
        f'beyond = "{p.beyond}"', "[rules.holds]", f"days = {p.hold_days}",
        f"window_days = {p.window_days}", "[rules.transfers]", f'expiry = "{p.transfer_expiry}"',
        "[rules.merging]", "[rules.adjustments]", "[rules.opening_balance]", "[rules.extension]",
    ]  # fmt: skip
    if p.expiry_days is not None:
        lines += ["[rules.rolling_expiry]", f"days = {p.expiry_days}"]
    if p.pending_days is not None:
        lines += [
            "[rules.pending]",
            f"days = {p.pending_days}",
            'rules = ["points_per_spend", "tier_multiplier"]',
        ]
    if p.rungs:
        lines += [
            "[rules.tier]", 'use = "tiers"', f"days = {p.tier_days}", f"rungs = [{rungs}]",
            "[rules.tier_multiplier]", f"percent = {{{percents}}}",
        ]  # fmt: skip
    return "\n".join(lines)


class Both:
    """The engine and the oracle, told the same facts.

    Attributes:
        entries: The engine's journal, in the order it was written.
    """

    def __init__(self, programme: Programme) -> None:
        self.oracle = Oracle(programme)
        self.text = programme_text(programme)
        self.facts: list[Fact[Any]] = []
        self.drafts: list[Draft] = []
        self.entries: list[Entry] = []
        self.numbers = count(1)
        self.states: dict[str, bytes] = {}
        self._record(None, activation(self.text, CATALOGUE, at="machine"), START_US)
        self.group = self._opened({})

    def tell(self, subject: str | None, topic: str, occurred_us: int, **fields: Any) -> int:
        """Tell both a fact and return its position."""
        fact = self._record(subject, convert(CATALOGUE.registry.type_of(topic), fields), occurred_us)
        if subject is None:
            self.restart()
        else:
            self.group.apply(fact)
        self.group.settle(fact.position)
        self.entries += self.group.entries
        self.group.entries.clear()
        self.oracle.tell(Told(fact.position, topic, subject or "", occurred_us, fields))
        return fact.position

    def restart(self) -> None:
        """Write the engine's states down and go on from the bytes."""
        self.states = {row.member: row.state for row in self.group.states()}
        self.group = self._opened(self.states)

    def rebuilt(self) -> tuple[list[Entry], dict[str, bytes]]:
        """Return the journal and the states of a fold of everything at once."""
        group = self._opened({})
        for fact in self.facts:
            group.apply(fact)
        group.settle(len(self.facts))
        return group.entries, {row.member: row.state for row in group.states()}

    def state(self, member: str) -> MemberState:
        return self.group.state_kept(member)

    def _opened(self, states: dict[str, bytes]) -> Group:
        about = [fact for fact in self.facts if type(fact.data).about == "programme"]
        return Engine(about, CATALOGUE).group(MEMBERS, states)

    def _record(self, subject: str | None, data: Any, occurred_us: int) -> Fact[Any]:
        number = next(self.numbers)
        ready = draft(
            CATALOGUE.registry, event_id=str(number), source="machine", topic=type(data).topic,
            subject=subject, occurred_us=occurred_us, data=data,
        )  # fmt: skip
        fact: Fact[Any] = DECODERS[ready.topic](ready.state)
        fact.position, fact.occurred_us = number, occurred_us
        self.facts.append(fact)
        self.drafts.append(ready)
        return fact

    def stored_agrees(self, url: str) -> None:
        """Told to a real database and projected in several runs, the journal is the same, row by row."""
        create_ledger(
            url, CATALOGUE, self.text, at="machine", ledger_id="machine", now_us=START_US - DAY_US
        )  # fmt: skip
        database = open_database(url)
        try:
            for first in range(1, len(self.drafts), 17):
                with database.writing() as connection:
                    told = Log(database).append(connection, self.drafts[first : first + 17], now_us=LATER_US)
                assert {outcome.status for outcome in told} == {"created"}
                run_views(
                    database, runner=Runner("here", 1, "machine"), clock=lambda: LATER_US, batch_facts=5,
                    progress=lambda *_: None,
                )  # fmt: skip
            with database.reading() as connection:
                columns = ", ".join(Entry._fields)
                rows = connection.execute(text(f"SELECT {columns} FROM journal ORDER BY member, entry"))
                journal = [Entry(*row)._replace(is_late=bool(row.is_late)) for row in rows]
            mine = sorted(self.entries, key=lambda entry: (entry.member, entry.entry))
            differing = [pair for pair in zip_longest(journal, mine) if pair[0] != pair[1]]
            assert not differing, f"{url}: stored {differing[0][0]}, in memory {differing[0][1]}"
        finally:
            database.close()

    def agree(self) -> None:
        """Compare what both say of every member."""
        for name in MEMBERS:
            state, then = self.state(name), self.oracle.member(name)
            rung = state.rungs["tier"].rung if "tier" in state.rungs else ""
            lots: dict[tuple[int, bool], list[int]] = {}
            for lot in state.lots:
                together = lots.setdefault((lot.expires_us, bool(lot.pending)), [0, 0])
                together[0] += lot.points
                together[1] += lot.pending
            mine: dict[str, Any] = {
                "points": (state.pending, state.points, state.held),
                "lots": [
                    (points, pending, None if at == FOREVER_US else at)
                    for (at, _), (points, pending) in sorted(lots.items())
                ],
                "totals": {account: 0 for account in TOTALS if account != "held"},
                "rung": "absorbed" if state.absorbed_by else rung or "Basic",
            }  # fmt: skip
            for entry in self.entries:
                if entry.member == name and entry.account:
                    mine["totals"][entry.account] -= entry.contra
            theirs = {
                "points": (then.pending, then.points, then.held), "lots": _together(then.lots),
                "totals": then.totals,
                "rung": "absorbed" if state.absorbed_by else then.rung,
            }  # fmt: skip
            assert mine == theirs, f"{name}: engine {mine}, oracle {theirs}"

    def hold_invariants(self) -> None:
        """The invariants of TRUST.md 3.3 that can be asked for after every fact."""
        by_member: dict[str, list[Entry]] = {name: [] for name in MEMBERS}
        for entry in self.entries:
            assert entry.balance == 0  # 1: every entry sums to zero
            assert entry.rule  # 6: one fact, one rule, at most one lot
            assert 1 <= entry.fact <= entry.position
            by_member[entry.member].append(entry)
        for name, entries in by_member.items():
            state = self.state(name)
            assert [entry.entry for entry in entries] == list(range(1, len(entries) + 1))
            assert state.points == sum(e.points for e in entries)  # 2: accounts are sums of entries
            assert state.pending == sum(e.pending for e in entries)
            assert state.held == sum(e.held for e in entries)
            usable = sum(lot.points for lot in state.lots)
            assert state.points >= 0 or not usable  # 3: a debt only while no lot could pay it
            held = [piece.points for open_ in state.holds.values() for piece in open_.pieces]
            assert state.held == sum(held)  # 4: what is held is what open holds hold
            left: dict[int | None, int] = {}
            for entry in entries:
                left[entry.lot] = left.get(entry.lot, 0) + entry.points + entry.pending
            left.pop(None, None)
            assert {lot: n for lot, n in left.items() if n} == {  # 5: a lot is what its entries left in it
                lot.lot: lot.points + lot.pending for lot in state.lots
            }
            assert min(left.values(), default=0) >= 0
            for before, after in pairwise(entries):  # 7: the journal is only added to
                assert (before.booked_us, before.position) <= (after.booked_us, after.position)
        passed = sum(entry.contra for entry in self.entries if entry.account == "transferred")
        assert passed == 0

    def rebuild_agrees(self) -> None:
        """Refolding everything gives the same bytes."""
        entries, states = self.rebuilt()
        for name in MEMBERS:
            assert [e for e in entries if e.member == name] == [e for e in self.entries if e.member == name]
        assert states == {row.member: row.state for row in self.group.states()}


def _together(lots: list[tuple[int, int, int | None]]) -> list[tuple[int, int, int | None]]:
    """Return the oracle's lots, those that expire at one instant as one: their number is the journal's."""
    found: dict[tuple[bool, int, bool], list[int]] = {}
    for points, pending, at in lots:
        together = found.setdefault((at is None, at or 0, bool(pending)), [0, 0])
        together[0] += points
        together[1] += pending
    return [
        (points, pending, None if is_never else at)
        for (is_never, at, _), (points, pending) in sorted(found.items())
    ]
