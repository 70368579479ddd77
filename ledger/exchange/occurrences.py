"""Ids for rows that have none: from their content, and from how often the same content came before."""

from __future__ import annotations

import sqlite3
from typing import Protocol

from .chunk import digest_of


class Naming(Protocol):
    """Gives an id to content that has none."""

    def name(self, content: bytes) -> str:
        """Return the id, 64 hexadecimal digits."""
        ...


class Occurrences:
    """Names content by itself and its occurrence number in one pass over a file.

    Equal rows stay apart, and the same file, or a longer one, gives the same names. Counts are kept in a
    temporary file of which only some pages are in memory.
    """

    def __init__(self) -> None:
        # "" names a temporary database on disk.
        self._seen = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "locking_mode=EXCLUSIVE", "cache_size=-8192"):
            self._seen.execute(f"PRAGMA {pragma}")
        self._seen.execute("CREATE TABLE seen(digest BLOB PRIMARY KEY, times INTEGER NOT NULL) WITHOUT ROWID")
        self._seen.execute("BEGIN")

    def name(self, content: bytes) -> str:
        """Return the id of the next occurrence of *content*."""
        digest = digest_of(content)
        (times,) = self._seen.execute(
            "INSERT INTO seen VALUES (?, 1)"
            " ON CONFLICT(digest) DO UPDATE SET times = times + 1 RETURNING times",
            (digest,),
        ).fetchone()
        return digest_of(digest, times.to_bytes(8, "big")).hex()

    def close(self) -> None:
        """Remove the temporary file."""
        self._seen.close()


class KeptName:
    """Gives back the id that content was given when it was rejected."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._given = 0

    def name(self, content: bytes) -> str:
        """Return the id; should the content make several facts, the others get ids derived from it."""
        self._given += 1
        if self._given == 1:
            return self._name
        return digest_of(self._name.encode(), self._given.to_bytes(8, "big"), content).hex()
