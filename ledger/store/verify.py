"""Verifying: every leaf hash, the tree and the order of the log, computed again from the stored bytes.

Nothing the database says about itself is believed but the head's frontier; whoever keeps a root elsewhere can
compare it with the one found here.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from .bulk import fetch_rows, stream_rows
from .leaf import Hasher, hasher
from .merkle import frontier_extend, root_of
from .reading import Head, head_of

MISSING = "fact is missing"
ALTERED = "stored fact is not the one that was hashed"
UNREADABLE = "stored text is not UTF-8"
OUT_OF_TIME = "recorded before the fact in front of it"
BEYOND = "fact lies beyond the head"
OTHER_TREE = "facts do not give the root the head tells"

_COLUMNS = "position, stream, version, topic, state, source, event_id, occurred_us, recorded_us, leaf_hash"
_CHUNK = 5_000
_CACHED_HASHERS = 1_000

Row = tuple[Any, ...]
Progress = Callable[[int, int], None]
"""Told how many facts are done, and how many there are."""


class Fault(NamedTuple):
    """Neighbouring positions with the same fault.

    Attributes:
        what: One of the faults above.
        first: The first position.
        last: The last position.
    """

    what: str
    first: int
    last: int

    def line(self) -> str:
        """Return the fault as people read it."""
        if self.first == self.last:
            return f"position {self.first}: {self.what}"
        return f"positions {self.first} to {self.last}: {self.what}"


class VerifyReport(NamedTuple):
    """What a verification found.

    Attributes:
        ledger_id: Of the ledger.
        facts: How many facts were read.
        root: Root of the tree over the stored bytes, 32 bytes.
        head_root: Root the head tells, 32 bytes; b"" if its frontier fits no tree.
        faults: Every fault, by kind and then by position.
    """

    ledger_id: str
    facts: int
    root: bytes
    head_root: bytes
    faults: tuple[Fault, ...]

    @property
    def is_sound(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def fields(self) -> dict[str, object]:
        """Return the report as programs read it."""
        return {
            "ledger_id": self.ledger_id, "is_sound": self.is_sound, "facts": self.facts,
            "root": self.root.hex(), "head_root": self.head_root.hex(),
            "faults": [fault._asdict() for fault in self.faults],
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the report as people read it."""
        if self.is_sound:
            return [f"{self.facts:,} facts verified, root {self.root.hex()}"]
        return [fault.line() for fault in self.faults]


class LeafReader:
    """Computes leaf hashes from rows as they are stored; what cannot be hashed gives b""."""

    def __init__(self, ledger_id: str) -> None:
        self._ledger_id = ledger_id
        self._hashers: dict[int, Hasher] = {}

    def leaf(self, columns: Sequence[Any]) -> bytes:
        """Return the leaf hash of a fact, given by the columns of ``facts`` from *position* to *recorded_us*.

        Columns behind those are let be.
        """
        position, stream, version, topic, state, source, event_id, occurred_us, recorded_us, *_ = columns
        try:
            leaf = self._hashers.get(recorded_us) or self._hasher(recorded_us)
            actor = _actor(state, event_id) if b'"actor"' in state else None
            return leaf(position, stream, version, topic, state, occurred_us, actor, source, event_id)
        except (AttributeError, TypeError, UnicodeError, struct.error):
            return b""

    def _hasher(self, recorded_us: int) -> Hasher:
        if len(self._hashers) >= _CACHED_HASHERS:
            self._hashers.clear()
        made = self._hashers[recorded_us] = hasher(self._ledger_id, recorded_us)
        return made


def verify_log(connection: Connection, *, progress: Progress | None = None) -> VerifyReport:
    """Read the whole log and return every fault; memory stays flat however long it is.

    Args:
        connection: Of a reading.
        progress: Told about every few thousand facts.

    Raises:
        HistoryError: the ledger has not been made.
    """
    head = head_of(connection)
    leaf_of, runs = LeafReader(head.ledger_id).leaf, _Runs()
    rows = _rows(connection, runs)
    frontier, size, last, last_us = b"", 0, 0, -(2**63)
    while chunk := list(islice(rows, _CHUNK)):
        leaves = []
        for *columns, stored in chunk:
            position = columns[0]
            if position != last + 1:
                runs.add(MISSING, last + 1, position - 1)
            last = position
            leaf = leaf_of(columns)
            leaves.append(leaf)
            if leaf != stored:
                runs.add(ALTERED, position)
                continue
            recorded_us = columns[8]
            if recorded_us < last_us:
                runs.add(OUT_OF_TIME, position)
            last_us = recorded_us
        frontier = frontier_extend(frontier, size, leaves)
        size += len(leaves)
        if progress:
            progress(size, head.position)
    _check_end(runs, head, last)
    if frontier != head.frontier:
        runs.add(OTHER_TREE, head.position)
    return VerifyReport(head.ledger_id, size, root_of(frontier, size), _head_root(head), runs.faults())


def _check_end(runs: _Runs, head: Head, last: int) -> None:
    if last < head.position:
        runs.add(MISSING, last + 1, head.position)
    elif last > head.position:
        runs.add(BEYOND, head.position + 1, last)


def _head_root(head: Head) -> bytes:
    try:
        return root_of(head.frontier, head.position)
    except ValueError:
        return b""


def _rows(connection: Connection, runs: _Runs) -> Iterator[Row]:
    after = -(2**63)
    sql = f"SELECT {_COLUMNS} FROM facts WHERE position > :after ORDER BY position"  # noqa: S608 - our own names
    while True:
        try:
            for row in stream_rows(connection, sql, {"after": after}):
                after = row[0]
                yield row
        except sqlite3.OperationalError as error:
            if "decode" not in str(error):
                raise
            # Python reads SQLite's text as UTF-8; a flipped bit must not hide what stands behind it.
            next_one = "SELECT min(position) FROM facts WHERE position > :after"
            after = fetch_rows(connection, next_one, {"after": after})[0][0]
            runs.add(UNREADABLE, after)
            yield (after, *[None] * 8, b"unreadable")
        else:
            return


class _Runs:
    """Faults, neighbours put together as they come."""

    def __init__(self) -> None:
        self._runs: dict[str, list[list[int]]] = {}

    def add(self, what: str, first: int, last: int | None = None) -> None:
        runs = self._runs.setdefault(what, [])
        if runs and runs[-1][1] + 1 == first:
            runs[-1][1] = last or first
        else:
            runs.append([first, last or first])

    def faults(self) -> tuple[Fault, ...]:
        return tuple(Fault(what, *run) for what, runs in self._runs.items() for run in runs)


class _Envelope(msgspec.Struct):
    id: str
    actor: str | None = None


_decode = msgspec.json.Decoder(_Envelope).decode


def _actor(state: bytes, event_id: str) -> str | None:
    try:
        envelope = _decode(state)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    # An event of the library's own kind may say "actor" in its state; its name is not in there.
    return envelope.actor if envelope.id == event_id else None
