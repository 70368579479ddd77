"""One member folded on both sides, every step kept, and the facts at which the sides differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...ledger.errors import RuleError
from ...ledger.facts import Fact
from ...ledger.fold import MoveRow
from ...ledger.journal import Entry
from ...ledger.projection.priming import prime
from ...ledger.store.groups import groups_of
from ...ledger.store.reading import facts_of, programme_facts
from ..asking import Note
from ..catalogue import Catalogue
from ..engine import Engine, Group
from .candidate import Candidate


@dataclass(kw_only=True)
class Account:
    """What one side says of the member.

    Attributes:
        entries: By the position that made them known; moves and notes likewise.
        failure: The rule that failed; the account ends before it.
    """

    entries: dict[int, list[Entry]]
    moves: dict[int, list[MoveRow]]
    notes: dict[int, list[Note]]
    failure: RuleError | None

    @property
    def balance(self) -> int:
        """Points in all: available, pending and held."""
        return sum(e.points + e.pending + e.held for some in self.entries.values() for e in some)

    def rules(self) -> Counter[str]:
        """Return the points each rule gave or took, in all."""
        found: Counter[str] = Counter()
        for some in self.entries.values():
            for entry in some:
                found[entry.rule] += entry.points + entry.pending + entry.held
        return found


class Sides(NamedTuple):
    """Both accounts, and by position the facts at which they differ."""

    recorded: Account
    candidate: Account
    facts: dict[int, Fact[Any]]


def both_sides(
    connection: Connection, catalogue: Catalogue, candidate: Candidate, member: str, *, upto: int
) -> Sides:
    """Fold the member's group on both sides.

    Args:
        connection: Of a reading.
        catalogue: The installed plugins.
        candidate: The programme that is tried.
        member: Who; some fact names it.
        upto: Facts up to this position.

    Raises:
        PluginError: the history needs a plugin that is missing or altered.
    """
    decoders = catalogue.registry.fact_decoders()
    programme = [_fact(decoders, row) for row in programme_facts(connection, upto)]
    members = groups_of(connection, [member], upto)[member]
    rows = list(facts_of(connection, members, upto=upto))
    accounts = []
    for facts_in_force in (programme, candidate.placed(programme)):
        engine = Engine(facts_in_force, catalogue, is_explaining=True)
        prime(engine, connection, partial(_fact, decoders), upto)
        # Each side reads facts of its own: the engine marks those that are late.
        own = [_fact(decoders, row) for row in rows]
        accounts.append(_account(engine.group(members, {}), own, upto, member))
    recorded, tried = accounts
    facts = {fact.position: fact for fact in (*programme, *(_fact(decoders, row) for row in rows))}
    differing = [position for position in sorted(facts) if _differs(recorded, tried, position)]
    return Sides(recorded, tried, {position: facts[position] for position in differing})


def _fact(decoders: Any, row: Any) -> Fact[Any]:
    fact: Fact[Any] = decoders[row.topic](row.state)
    fact.position, fact.occurred_us = row.position, row.occurred_us
    return fact


def _account(group: Group, facts: Sequence[Fact[Any]], upto: int, member: str) -> Account:
    account = Account(entries={}, moves={}, notes={}, failure=None)
    try:
        for fact in facts:
            group.apply(fact)
            group.settle(fact.position)
            _keep(group, account, member)
        group.settle(upto)
    except RuleError as error:
        account.failure = error
    else:
        _keep(group, account, member)
    return account


def _keep(group: Group, account: Account, member: str) -> None:
    for entry in group.entries:
        if entry.member == member:
            account.entries.setdefault(entry.position, []).append(entry)
    for move in group.moves:
        if move.member == member:
            account.moves.setdefault(move.position, []).append(move)
    for note in group.notes:
        if note.member == member:
            account.notes.setdefault(note.position, []).append(note)
    for rows in (group.entries, group.moves, group.notes, group.flags, group.actions):
        rows.clear()


def _differs(recorded: Account, candidate: Account, position: int) -> bool:
    """Return whether the sides came to other entries or moves at a position.

    How entries and lots are numbered, and where the programme stands in the log, is no difference.
    """
    entries = [
        [entry._replace(entry=0, programme=0, lot=None) for entry in account.entries.get(position, ())]
        for account in (recorded, candidate)
    ]
    moves = [
        [move._replace(programme=0) for move in account.moves.get(position, ())]
        for account in (recorded, candidate)
    ]
    return entries[0] != entries[1] or moves[0] != moves[1]
