"""A member's steps in the order they became known: facts, and what each or the time that passed led to.

Read from the log and the views by SQL, a page at a time: nothing is folded, no plugin is needed.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, text

from ..calendar import instant_us
from ..fold import MoveRow
from ..journal import Entry
from ..store.bulk import fetch_rows, stream_rows
from .wording import Told, told

_PAGE_ROWS = 500
_BEFORE, _FACT, _AFTER = 0, 1, 2
"""At one position: what had been due before, then the fact, then what rules made of it."""


class FlagStep(NamedTuple):
    """A remark of a rule. *fact* and *booked_us* are known where the rule also recommended something."""

    position: int
    rule: str
    flag: str
    reason: str
    fact: int | None
    booked_us: int | None


class ActionStep(NamedTuple):
    """What a rule recommended last under this name."""

    action: str
    position: int
    booked_us: int
    fact: int
    rule: str
    reason: str
    due_us: int | None
    status: str


class FactStep(NamedTuple):
    """A fact of the member, or another's that changed something for the member."""

    position: int
    topic: str
    occurred_us: int
    is_late: bool
    told: Told


Kind = Literal["fact", "entry", "move", "flag", "action"]


class Step(NamedTuple):
    """One step of a timeline.

    Attributes:
        kind: What *item* is: a fact, or a consequence.
        position: Of the fact that made it known.
        at_us: When it counts: never before the step that stands before it.
        is_timed: It is no consequence of the fact at *position*: it had been due before.
        balance: Points available after it.
    """

    kind: Kind
    position: int
    at_us: int
    is_timed: bool
    balance: int
    item: Any


def timeline(
    connection: Connection, member: str, *, upto: int, since_us: int | None = None, limit: int | None = None
) -> Iterator[Step]:
    """Yield what happened to a member, in the order it became known.

    Args:
        connection: Of a reading.
        member: Whom.
        upto: The last position the views have read.
        since_us: Only what counts from this instant on.
        limit: Only the last so many facts, and what came with them.
    """
    positions = positions_of(connection, member, upto)
    first = positions[-limit] if limit and limit < len(positions) else 0
    merged = heapq.merge(
        _facts(connection, positions), _entries(connection, member), _moves(connection, member),
        _flags(connection, member), _actions(connection, member), key=lambda found: found[0],
    )  # fmt: skip
    clock, balance = _Clock(member, advances(connection, upto)), 0
    for (position, rank, *_), kind, booked_us, found in merged:
        is_late = kind == "fact" and clock.is_late(found)
        at_us = clock.pass_fact(found) if kind == "fact" else clock.pass_time(booked_us)
        if kind == "entry":
            balance += found.points
        if position < first or (since_us is not None and clock.now_us < since_us):
            continue
        item = (
            FactStep(position, found[2], found[3], is_late, told(bytes(found[4])))
            if kind == "fact"
            else found
        )
        yield Step(kind, position, at_us, rank == _BEFORE, balance, item)


def _told(row: tuple[Any, ...], *, is_late: bool) -> FactStep:
    position, _, topic, occurred_us, state = row
    return FactStep(position, topic, occurred_us, is_late, told(bytes(state)))


class _Clock:
    """A member's clock while its steps are read: what was booked, and advances at earlier positions."""

    def __init__(self, member: str, passing: Sequence[tuple[int, int]]) -> None:
        self.now_us = -(2**63)
        self._stream, self._passing, self._passed = f"member/{member}", passing, 0

    def is_late(self, row: tuple[Any, ...]) -> bool:
        """Return whether a stored fact of the member happened before its clock."""
        position, stream, _, occurred_us, _ = row
        if stream != self._stream:
            return False
        while self._passed < len(self._passing) and self._passing[self._passed][0] < position:
            self.pass_time(self._passing[self._passed][1])
            self._passed += 1
        return bool(occurred_us < self.now_us)

    def pass_fact(self, row: tuple[Any, ...]) -> int:
        """Return when a stored fact is booked; another's passes no time here."""
        if row[1] != self._stream:
            return int(row[3])
        self.pass_time(row[3])
        return self.now_us

    def pass_time(self, booked_us: int | None) -> int:
        """Return when something counts that is booked at an instant, or (None) now."""
        self.now_us = self.now_us if booked_us is None else max(self.now_us, booked_us)
        return self.now_us if booked_us is None else booked_us


def positions_of(connection: Connection, member: str, upto: int) -> list[int]:
    """Return the positions of the facts that are told of a member, the earliest first."""
    sql = (
        "SELECT position FROM facts WHERE stream = :stream AND position <= :upto "
        "UNION SELECT position FROM fact_members WHERE member = :member AND position <= :upto "
        "UNION SELECT position FROM journal WHERE member = :member AND fact = position "
        "UNION SELECT position FROM moves WHERE member = :member AND fact = position ORDER BY position"
    )
    params = {"stream": f"member/{member}", "member": member, "upto": upto}
    return [row[0] for row in fetch_rows(connection, sql, params)]


_Found = tuple[tuple[int, ...], Kind, int | None, Any]
"""(position, rank, when, kind, number), what it is, when it was booked, the row."""


def _facts(connection: Connection, positions: Sequence[int]) -> Iterator[_Found]:
    for start in range(0, len(positions), _PAGE_ROWS):
        marks = ", ".join(map(str, positions[start : start + _PAGE_ROWS]))
        sql = (
            "SELECT position, stream, topic, occurred_us, state FROM facts "  # noqa: S608 - integers
            f"WHERE position IN ({marks}) ORDER BY position"
        )
        for row in fetch_rows(connection, sql):
            yield (row[0], _FACT), "fact", row[3], row


def _entries(connection: Connection, member: str) -> Iterator[_Found]:
    sql = f"SELECT {', '.join(Entry._fields)} FROM journal WHERE member = :member ORDER BY entry"  # noqa: S608
    for row in stream_rows(connection, sql, {"member": member}):
        entry = Entry._make(row)
        yield (*_rank(entry), 0, entry.entry), "entry", entry.booked_us, entry


def _moves(connection: Connection, member: str) -> Iterator[_Found]:
    sql = (
        f"SELECT {', '.join(MoveRow._fields)} FROM moves WHERE member = :member "  # noqa: S608 - our names
        "ORDER BY position, booked_us, ladder, number"
    )
    found = [MoveRow._make(row) for row in fetch_rows(connection, sql, {"member": member})]
    yield from sorted(((*_rank(m), 1, n), "move", m.booked_us, m) for n, m in enumerate(found))


def _flags(connection: Connection, member: str) -> Iterator[_Found]:
    # A flag has no time of its own; a rule that also recommends something says the same of both.
    sql = (
        "SELECT f.position, f.rule, f.flag, f.reason, min(a.fact), min(a.booked_us) FROM flags f "
        "LEFT JOIN actions a ON a.member = f.member AND a.position = f.position AND a.rule = f.rule "
        "AND a.reason = f.reason WHERE f.member = :member "
        "GROUP BY f.position, f.rule, f.flag, f.reason ORDER BY f.position, f.rule, f.flag"
    )
    for number, row in enumerate(fetch_rows(connection, sql, {"member": member})):
        flag = FlagStep._make(row)
        is_timed = flag.fact is not None and flag.fact != flag.position
        rank, when = (_BEFORE, flag.booked_us or 0) if is_timed else (_AFTER, 0)
        yield (flag.position, rank, when, 2, number), "flag", flag.booked_us, flag


def _actions(connection: Connection, member: str) -> Iterator[_Found]:
    sql = (
        f"SELECT {', '.join(ActionStep._fields)} FROM actions "  # noqa: S608 - our names
        "WHERE member = :member AND rule <> '' ORDER BY position, booked_us, action"
    )
    found = [ActionStep._make(row) for row in fetch_rows(connection, sql, {"member": member})]
    yield from sorted(((*_rank(a), 3, n), "action", a.booked_us, a) for n, a in enumerate(found))


def _rank(row: Entry | MoveRow | ActionStep) -> tuple[int, int, int]:
    is_timed = row.fact != row.position
    return row.position, _BEFORE if is_timed else _AFTER, row.booked_us if is_timed else 0


def advances(connection: Connection, upto: int) -> list[tuple[int, int]]:
    """Return (position, to which instant) of every ``clock.advanced``, in order."""
    rows = connection.execute(
        text(
            "SELECT position, state FROM facts WHERE stream = 'programme' AND topic = 'clock.advanced' "
            "AND position <= :upto ORDER BY position"
        ), {"upto": upto},
    )  # fmt: skip
    return [(position, instant_us(told(bytes(state)).data["to"])) for position, state in rows]
