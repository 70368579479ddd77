"""The members' differences in order, however many there are: beside the ledger, in a file without a name.

It is SQLite's own temporary database: in memory while it is small, then in the system's folder for such files
(``TMPDIR``), gone when it is closed or the process is killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec

from ...ledger.errors import LoyaltyError
from ...ledger.store.faults import explained
from .comparing import Compared, Measure

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Compared).decode


class Gathered:
    """Members by id and by what changes for them.

    Attributes:
        by: What decides who wins.
    """

    def __init__(self, connection: sqlite3.Connection, by: Measure) -> None:
        self._connection, self.by = connection, by
        connection.execute(
            "CREATE TABLE members (member TEXT PRIMARY KEY, kind TEXT NOT NULL, change INTEGER NOT NULL, "
            "compared BLOB NOT NULL) WITHOUT ROWID"
        )
        connection.execute("CREATE INDEX changes ON members (change, member) WHERE kind <> 'aside'")

    def add(self, found: Iterable[Compared]) -> None:
        """Keep some members.

        Raises:
            LoyaltyError: there is no room for them.
        """
        rows = ((row.member, row.kind(self.by), row.change(self.by), _encode(row)) for row in found)
        try:
            self._connection.executemany("INSERT INTO members VALUES (?, ?, ?, ?)", rows)
        except sqlite3.Error as error:
            if reason := explained(error, ""):
                raise LoyaltyError(
                    f"no room to simulate: {reason.what}", at="the system's folder for temporary files",
                    hint="set TMPDIR to a folder with room",
                ) from error  # fmt: skip
            raise

    def members(self) -> Iterator[Compared]:
        """Yield everybody in code-point order."""
        return self._yielded("ORDER BY member")

    def winners(self, most: int) -> list[Compared]:
        """Return those who win most, of equals the first by id."""
        return list(self._yielded("WHERE kind = 'won' ORDER BY change DESC, member LIMIT ?", most))

    def losers(self, most: int) -> list[Compared]:
        """Return those who lose most, of equals the first by id."""
        return list(self._yielded("WHERE kind = 'lost' ORDER BY change, member LIMIT ?", most))

    def aside(self, most: int) -> list[Compared]:
        """Return some of those for whom a rule failed."""
        return list(self._yielded("WHERE kind = 'aside' ORDER BY member LIMIT ?", most))

    def counts(self) -> dict[str, int]:
        """Return how many members there are of each kind."""
        return dict(self._rows("SELECT kind, count(*) FROM members GROUP BY kind"))

    def changes(self) -> Iterator[tuple[int, int]]:
        """Yield every change, rising, and how many members it is that of."""
        return self._rows(
            "SELECT change, count(*) FROM members WHERE kind <> 'aside' GROUP BY change ORDER BY 1"
        )

    def nth_change(self, number: int) -> int:
        """Return of the changes other than none, in order, the one at *number*, from 0."""
        sql = (
            "SELECT change FROM members WHERE kind <> 'aside' AND change <> 0"
            " ORDER BY change, member LIMIT 1 OFFSET ?"
        )
        return int(next(self._rows(sql, number))[0])

    def _yielded(self, rest: str, *params: int) -> Iterator[Compared]:
        for (compared,) in self._rows(f"SELECT compared FROM members {rest}", *params):  # noqa: S608 - constants
            yield _decode(compared)

    def _rows(self, sql: str, *params: int) -> Iterator[tuple[Any, ...]]:
        return iter(self._connection.execute(sql, params))


@contextmanager
def gathering(by: Measure) -> Iterator[Gathered]:
    """Yield an empty place that is gone at the end of the block."""
    connection = sqlite3.connect("", isolation_level=None)
    try:
        for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16384", "temp_store = FILE"):
            connection.execute(f"PRAGMA {pragma}").close()
        yield Gathered(connection, by)
    finally:
        connection.close()
