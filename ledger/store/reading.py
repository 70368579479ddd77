"""Facts out of the log: by position, by group, or everything by member."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple, cast

from sqlalchemy import Connection

from ..errors import HistoryError
from .bulk import fetch_rows, stream_rows
from .lists import among, as_list

_COLUMNS = "position, stream, topic, occurred_us, state"
_PAGE_ROWS = 500
# Sorts after every "member/…" in code-point order, before any other kind of stream.
_AFTER_MEMBERS = "member0"


RawFact = tuple[int, str, str, int, bytes]
"""A :class:`FactRow` as the driver gives it: where millions pass, names cost more than the reading."""


class FactRow(NamedTuple):
    """A fact as stored."""

    position: int
    stream: str
    topic: str
    occurred_us: int
    state: bytes


class Head(NamedTuple):
    """Where the log ends.

    Attributes:
        ledger_id: Made by ``init``, part of every leaf hash.
        position: Of the last fact, 0 if there is none.
        recorded_us: When the last fact was recorded, microseconds since 1970.
        frontier: Peaks of the Merkle tree, see ``merkle``.
    """

    ledger_id: str
    position: int
    recorded_us: int
    frontier: bytes


def head_of(connection: Connection, *, is_locked: bool = False) -> Head:
    """Return the end of the log.

    Args:
        connection: Of a reading, or of a writing.
        is_locked: Keep other writers out until the end of the transaction.

    Raises:
        HistoryError: the ledger has not been made, or facts were added behind its back.
    """
    columns, suffix = "ledger_id, position, recorded_us, frontier", ""
    if is_locked and connection.dialect.name == "sqlite":  # locked by BEGIN IMMEDIATE, but without a trigger
        columns += ", (SELECT coalesce(max(position), 0) FROM facts)"
    elif is_locked:
        suffix = " FOR UPDATE"
    rows = fetch_rows(connection, f"SELECT {columns} FROM head WHERE id = 1{suffix}")  # noqa: S608 - constants
    if not rows:
        raise HistoryError("database holds no ledger", hint="loyalty init makes one")
    head = Head(*rows[0][:4])
    if rows[0][4:] not in ((), (head.position,)):
        raise HistoryError(
            f"log ends at position {head.position}, but another program added facts up to {rows[0][4]}",
            at="table facts", hint="restore a backup with loyalty restore",
        )  # fmt: skip
    return head


def facts_after(connection: Connection, position: int, limit: int) -> list[FactRow]:
    """Return at most *limit* facts behind *position*, in the order of the log."""
    sql = f"SELECT {_COLUMNS} FROM facts WHERE position > :position ORDER BY position LIMIT :limit"  # noqa: S608
    return [FactRow._make(row) for row in fetch_rows(connection, sql, {"position": position, "limit": limit})]


def programme_facts(connection: Connection, upto: int) -> list[FactRow]:
    """Return the facts of the stream ``programme`` up to position *upto*, in order.

    Every ``plugins.trusted`` is among them wherever it stands: it speaks of the code, not of what happened.
    """
    sql = (
        f"SELECT {_COLUMNS} FROM facts WHERE stream = 'programme'"  # noqa: S608
        " AND (position <= :upto OR topic = 'plugins.trusted') ORDER BY position"
    )
    return [FactRow._make(row) for row in fetch_rows(connection, sql, {"upto": upto})]


def member_facts_since(connection: Connection, since_us: int) -> int:
    """Return how many facts about members are recorded that occurred at an instant or later."""
    sql = "SELECT count(*) FROM facts WHERE occurred_us >= :since AND stream LIKE 'member/%'"
    return int(fetch_rows(connection, sql, {"since": since_us})[0][0])


def facts_of_topics(
    connection: Connection, topics: Collection[str], *, after: int, upto: int
) -> Iterator[FactRow]:
    """Yield the facts of these types behind one position and up to another, in the order of the log."""
    sql = (
        f"SELECT {_COLUMNS} FROM facts WHERE position > :after AND position <= :upto"  # noqa: S608 - constants
        f" AND topic {among(connection, 'topics')} ORDER BY position"
    )
    params = {"after": after, "upto": upto, "topics": as_list(connection, sorted(topics))}
    yield from map(FactRow._make, stream_rows(connection, sql, params))


def facts_of(
    connection: Connection, members: Sequence[str], *, after: int = 0, upto: int | None = None
) -> Iterator[FactRow]:
    """Yield the facts of a group, each once, in the order of the log.

    Args:
        connection: Of a reading or a writing.
        members: The group: the facts of their streams and those that name them.
        after: Only facts behind this position; costs no more than the facts behind it.
        upto: Only facts up to this position; None for all.
    """
    positions = sorted(_positions_of(connection, members, after, 2**63 - 1 if upto is None else upto))
    for start in range(0, len(positions), _PAGE_ROWS):
        marks = ", ".join(map(str, positions[start : start + _PAGE_ROWS]))
        sql = f"SELECT {_COLUMNS} FROM facts WHERE position IN ({marks}) ORDER BY position"  # noqa: S608 - integers
        yield from map(FactRow._make, fetch_rows(connection, sql))


def _positions_of(connection: Connection, members: Sequence[str], after: int, upto: int) -> set[int]:
    # Positions rise with versions: the newest version at or before `after` bounds what is read of a stream.
    newer = (
        " AND version > coalesce((SELECT version FROM facts WHERE stream = :stream AND position <= :after"
        " ORDER BY version DESC LIMIT 1), -1)"
    )
    sql = "SELECT position FROM facts WHERE stream = :stream AND position > :after AND position <= :upto"
    found: set[int] = set()
    for member in members:
        bounds = {"stream": f"member/{member}", "after": after, "upto": upto}
        found.update(row[0] for row in fetch_rows(connection, sql + newer if after else sql, bounds))
    named = (
        "SELECT position FROM fact_members WHERE position > :after AND position <= :upto"  # noqa: S608
        f" AND member {among(connection, 'members')}"
    )
    params = {"after": after, "upto": upto, "members": as_list(connection, members)}
    found.update(row[0] for row in fetch_rows(connection, named, params))
    return found


def facts_by_member(
    connection: Connection, *, upto: int, low: str | None = None, high: str | None = None
) -> Iterator[RawFact]:
    """Yield every fact of the members' own streams, one member after the other, each in order.

    Every call reads the whole log in the order of the file and lets the database sort, by way of a file when
    memory is short: from a million facts on faster than the index, which jumps, and as fast when the log has
    outgrown memory. So ask for a few large ranges, not for many small ones.

    Args:
        connection: Of a reading.
        upto: Only facts up to this position.
        low: From this member on, in code-point order.
        high: Up to this member, without it.
    """
    from_stream = f"member/{low}" if low else "member/"
    to_stream = _AFTER_MEMBERS if high is None else f"member/{high}"
    scan = " NOT INDEXED" if connection.dialect.name == "sqlite" else ""
    sql = (
        f"SELECT {_COLUMNS} FROM facts{scan} WHERE stream >= :low AND stream < :high"  # noqa: S608 - constants
        " AND position <= :upto ORDER BY stream, position"
    )
    params = {"low": from_stream, "high": to_stream, "upto": upto}
    return cast(Iterator[RawFact], stream_rows(connection, sql, params))
