"""Who is simulated: everybody, some members by name, or a sample; always whole groups are folded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from heapq import nsmallest
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from ...ledger.errors import UsageError
from ...ledger.projection.set_asides import standing
from ...ledger.projection.shards import Plan, Shard, plan_shards
from ...ledger.reports.member import is_known, unknown_member
from ...ledger.store.bulk import stream_rows
from ...ledger.store.groups import groups_of

_STREAM = "member/"


class Scope(NamedTuple):
    """Who is folded, and who is reported.

    Attributes:
        plan: Pieces for one process each.
        reported: These members are reported, others of their groups only folded; None: all.
        known: How many members the ledger has, counted only for a sample.
    """

    plan: Plan
    reported: frozenset[str] | None
    known: int | None


def scope_of(
    connection: Connection, *, upto: int, processes: int, members: tuple[str, ...], sample: int | None
) -> Scope:
    """Return who is folded.

    Args:
        connection: Of a reading.
        upto: Facts up to this position.
        processes: How many will fold at a time.
        members: Only these; empty: all.
        sample: Only so many, the same in every ledger that has them; None: all.

    Raises:
        LoyaltyError: no fact names one of *members*.
    """
    known = None
    if sample is not None:
        counted = _Counted(_members(connection, upto))
        members = tuple(sorted(nsmallest(sample, counted, key=_lot)))
        known = counted.count
    for member in members:
        if not is_known(connection, member):
            raise unknown_member(member)
    asides = standing(connection)
    if not members and sample is None:
        return Scope(plan_shards(connection, upto=upto, processes=processes, asides=asides), None, None)
    groups = sorted(set(groups_of(connection, members, upto).values()))
    count = min(len(groups), 2 * processes if processes > 1 else 1)
    shards = [Shard("", "", tuple(groups[number::count])) for number in range(count)]
    linked = frozenset(member for group in groups for member in group)
    return Scope(Plan(shards, linked, upto, asides), frozenset(members), known)


def members_named(words: Iterable[str]) -> tuple[str, ...]:
    """Return the members that ``--members`` names: a file with one on each line, or ids between commas.

    Raises:
        UsageError: nobody is named, or the file cannot be read.
    """
    found: set[str] = set()
    for word in words:
        path = Path(word)
        try:
            parts = path.read_text("utf-8").splitlines() if path.is_file() else word.split(",")
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "no UTF-8"
            raise UsageError(f"cannot read the members: {why}", at=word, hint="one member a line") from error
        named = {part.strip() for part in parts} - {""}
        if not named:
            raise UsageError(f"no member in {word!r}", at="--members", hint="write ids, or name a file")
        found |= named
    return tuple(sorted(found))


class _Counted:
    """Counts what passes."""

    def __init__(self, words: Iterator[str]) -> None:
        self._words, self.count = words, 0

    def __iter__(self) -> Iterator[str]:
        for word in self._words:
            self.count += 1
            yield word


def _members(connection: Connection, upto: int) -> Iterator[str]:
    sql = (
        "SELECT stream FROM facts WHERE stream >= 'member/' AND stream < 'member0' AND position <= :upto"
        " UNION SELECT 'member/' || member FROM fact_members WHERE position <= :upto"
    )
    for (stream,) in stream_rows(connection, sql, {"upto": upto}):
        yield stream.removeprefix(_STREAM)


def _lot(member: str) -> bytes:
    """Return what is drawn for a member: as good as chance, and always the same."""
    return hashlib.sha256(f"sample/{member}".encode()).digest()
