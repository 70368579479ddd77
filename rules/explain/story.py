"""A member's story: the facts folded again, with every step kept.

What the fold says must be what journal and moves say; where they differ, the report says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, TypeVar

from sqlalchemy import Connection, text

from ...ledger.calendar import Zone
from ...ledger.errors import RuleError
from ...ledger.facts import Fact
from ...ledger.fold import ActionRow, FlagRow, MoveRow
from ...ledger.journal import Entry
from ...ledger.projection.priming import prime
from ...ledger.reports.footer import Footer, footer
from ...ledger.reports.member import is_known, unknown_member
from ...ledger.reports.typesetting import zone_of
from ...ledger.store.groups import groups_of
from ...ledger.store.reading import facts_of, programme_facts
from ..asking import Note
from ..catalogue import Catalogue
from ..compile import Programme
from ..engine import Engine, Group
from .taking import Day, Taken, days_of, remembered, taken_since, takes_back

_Row = TypeVar("_Row")
_Key = TypeVar("_Key")


@dataclass(kw_only=True)
class Steps:
    """What the fold of a group came to, of all its members."""

    entries: list[Entry] = field(default_factory=list)
    moves: list[MoveRow] = field(default_factory=list)
    flags: list[FlagRow] = field(default_factory=list)
    actions: list[ActionRow] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    days: dict[int, list[Day]] = field(default_factory=dict)
    """By position of a move of the member: the member's sums by day, as they were then."""
    failure: RuleError | None = None


@dataclass(frozen=True, kw_only=True)
class Story:
    """A member's facts and what they led to, in the order they became known.

    Attributes:
        facts: By position; those of the member's group, too.
        others: Entries of other members of the group.
        is_as_recorded: Whether the fold says what journal and moves say.
        set_aside: Which rule failed on which fact, or None; the story ends before it.
    """

    member: str
    zone: Zone
    facts: dict[int, Fact[Any]]
    entries: list[Entry]
    moves: list[MoveRow]
    flags: list[FlagRow]
    actions: list[ActionRow]
    notes: list[Note]
    others: list[Entry]
    taken: list[Taken]
    days: dict[int, list[Day]]
    engine: Engine
    is_as_recorded: bool
    set_aside: str | None
    footer: Footer

    @cached_property
    def notes_at(self) -> dict[int, list[Note]]:
        """The notes by position."""
        return _grouped(self.notes, lambda note: note.position)

    @cached_property
    def entries_at(self) -> dict[int, list[Entry]]:
        """The entries by position."""
        return _grouped(self.entries, lambda entry: entry.position)

    @cached_property
    def lots(self) -> dict[int | None, list[Entry]]:
        """The entries by lot; None for the debt."""
        return _grouped(self.entries, lambda entry: entry.lot)

    @cached_property
    def taken_at(self) -> dict[int, list[Taken]]:
        """What was taken back, by position."""
        return _grouped(self.taken, lambda taken: taken.position)

    def programme(self, position: int) -> Programme | None:
        """Return the programme that was activated at a position."""
        programmes = self.engine.history.programmes
        return next((found for found in programmes if found.position == position), None)

    def governing(self, position: int) -> int:
        """Return the position of the programme that governs a fact, 0 if none does."""
        found = self.engine.history.governing(position, self.facts[position].occurred_us)
        return found.position if found else 0

    def params(self, cited: str, programme: int) -> dict[str, Any]:
        """Return the parameters of a rule as an entry cites it, those that say nothing left out."""
        found, label = self.programme(programme), cited.rpartition("@")[0]
        if found is None or label not in found.pinned:
            return {}
        return {name: value for name, value in found.pinned[label].params.items() if not says_nothing(value)}


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], _Key]) -> dict[_Key, list[_Row]]:
    found: dict[_Key, list[_Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    return found


def says_nothing(value: Any) -> bool:
    """Return whether a parameter is left empty."""
    return value is None or value in ([], (), {}) or (isinstance(value, dict) and not any(value.values()))


def told(connection: Connection, catalogue: Catalogue, member: str) -> Story:
    """Fold the member's group again up to what the views have read, keeping every step.

    Raises:
        LoyaltyError: no fact names the member.
        PluginError: the history needs a plugin that is missing or altered.
    """
    foot = footer(connection)
    if not is_known(connection, member):
        raise unknown_member(member)
    decoders = catalogue.registry.fact_decoders()
    programme = [_fact(decoders, row) for row in programme_facts(connection, foot.position)]
    engine = Engine(programme, catalogue, is_explaining=True)
    prime(engine, connection, partial(_fact, decoders), foot.position)
    aside = connection.execute(
        text("SELECT position, error FROM quarantine WHERE member = :member"), {"member": member}
    ).one_or_none()
    # Somebody set aside stands where the group stood before: perhaps not yet connected with whom it failed.
    upto = foot.position if aside is None else aside.position - 1
    members = groups_of(connection, [member], upto)[member]
    own = [_fact(decoders, row) for row in facts_of(connection, members, upto=upto)]
    steps = _folded(engine.group(tuple(members), {}), own, upto, member)
    later = [_fact(decoders, row) for row in facts_of(connection, [member], after=upto, upto=foot.position)]
    entries, moves = _of(member, steps.entries), _of(member, steps.moves)
    is_as_recorded = _recorded(connection, "journal", member, "entry") == list(map(tuple, entries))
    by_ladder = sorted(map(tuple, moves), key=lambda move: move[1:3])
    is_as_recorded &= _recorded(connection, "moves", member, "ladder, number") == by_ladder
    return Story(
        member=member,
        zone=zone_of(connection),
        facts={fact.position: fact for fact in (*programme, *own, *later)},
        entries=entries,
        moves=moves,
        flags=_of(member, steps.flags),
        actions=_of(member, steps.actions),
        notes=_of(member, steps.notes),
        others=[entry for entry in steps.entries if entry.member != member],
        taken=steps.taken,
        days=steps.days,
        engine=engine,
        is_as_recorded=is_as_recorded,
        set_aside=_why_aside(aside, steps.failure),
        footer=foot,
    )


def _of(member: str, rows: Sequence[Any]) -> list[Any]:
    return [row for row in rows if row.member == member]


def _recorded(connection: Connection, view: str, member: str, order: str) -> list[tuple[Any, ...]]:
    sql = f"SELECT * FROM {view} WHERE member = :member ORDER BY {order}"  # noqa: S608 - our own names
    return [tuple(row) for row in connection.execute(text(sql), {"member": member})]


def _why_aside(aside: Any, failure: RuleError | None) -> str | None:
    if aside is not None:
        return f"at position {aside.position:,}: {aside.error}"
    return f"{failure.what} ({failure.at})" if failure else None


def _folded(group: Group, facts: Sequence[Fact[Any]], upto: int, member: str) -> Steps:
    """Fold step by step; where a rule fails, return what the steps before came to, as a projection does."""
    steps = Steps()
    try:
        for fact in facts:
            group.settle(fact.position - 1)
            _keep(group, steps, member)
            before = remembered(group.state_of(member)) if takes_back(fact) else {}
            group.apply(fact)
            group.settle(fact.position)
            steps.taken += taken_since(group.state_of(member), before, fact.position)
            _keep(group, steps, member)
        group.settle(upto)
        _keep(group, steps, member)
    except RuleError as error:
        steps.failure = error
    return steps


def _keep(group: Group, steps: Steps, member: str) -> None:
    """Keep what the fold has yielded since the last step."""
    if any(move.member == member for move in group.moves):
        days = days_of(group.state_of(member))
        steps.days |= {move.position: days for move in group.moves if move.member == member}
    for name in ("entries", "moves", "flags", "actions", "notes"):
        fresh = getattr(group, name)
        getattr(steps, name).extend(fresh)
        fresh.clear()


def _fact(decoders: dict[str, Any], row: Any) -> Fact[Any]:
    fact: Fact[Any] = decoders[row.topic](row.state)
    fact.position, fact.occurred_us = row.position, row.occurred_us
    return fact
