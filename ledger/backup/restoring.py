"""Restoring a backup: into an empty database, in one transaction, after the whole file was found sound.

A restore that is killed leaves an empty database, so the same command can be given again.
"""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

import msgspec
from sqlalchemy import Connection, Table

from ..errors import HistoryError, LoyaltyError
from ..store.bulk import execute, fetch_rows, insert_rows
from ..store.database import REVISIONS, open_database, upgrade_database
from ..store.merkle import frontier_extend, root_of
from ..store.verify import LeafReader, Progress
from ..tables import fact_members, facts, head, imports, rejects
from .lines import (
    FORMAT,
    EndLine,
    FactLine,
    FormatLine,
    ImportLine,
    MemberLine,
    RejectLine,
    decode_format,
    decode_line,
    fact_row,
    reject_row,
)

_LINE_BYTES = 64 * 1024 * 1024
_CHUNK_LINES = 5_000
_LAST_KIND = 3
_TABLES: tuple[Table, ...] = (facts, fact_members, imports, rejects)


class RestoreReport(NamedTuple):
    """What was restored.

    Attributes:
        ledger_id: Of the ledger.
        facts: How many facts.
        root: Root of the tree over them, 32 bytes.
        imports: How many imports.
        rejects: How many rejected rows.
    """

    ledger_id: str
    facts: int
    root: bytes
    imports: int
    rejects: int

    def fields(self) -> dict[str, object]:
        """Return the report as programs read it."""
        return {**self._asdict(), "root": self.root.hex()}

    def lines(self) -> list[str]:
        """Return the report as people read it."""
        counts = f"{self.facts:,} facts, {self.imports:,} imports and {self.rejects:,} rejects"
        return [f"{counts} of ledger {self.ledger_id!r}", f"root {self.root.hex()}"]


def restore_backup(path: Path, url: str, *, progress: Progress | None = None) -> RestoreReport:
    """Restore a backup with its positions and its root; the views are to be rebuilt after it.

    Args:
        path: A file written by ``write_backup``.
        url: An empty database, or a place for one.
        progress: Told how many facts are restored, and how many there are.

    Raises:
        HistoryError: no backup, truncated, altered or of a newer program: the database is as before.
        LoyaltyError: the database is not empty or cannot be written.
    """
    with _damage_named(path):
        _check_whole(path)
    upgrade_database(url)
    database = open_database(url)
    driver = database.engine.dialect.loaded_dbapi
    try:
        with _damage_named(path), database.writing() as connection:
            _check_empty(connection, database.name)
            return _Restoration(connection, path, progress).run()
    except (driver.DataError, driver.IntegrityError) as error:
        raise HistoryError(f"backup does not fit the database: {error}", at=str(path)) from error
    finally:
        database.close()


class _Restoration:
    """The second reading of the file: every line into its table."""

    def __init__(self, connection: Connection, path: Path, progress: Progress | None) -> None:
        self._connection, self._path, self._progress = connection, path, progress
        self._frontier = b""
        self._counts = [0] * len(_TABLES)

    def run(self) -> RestoreReport:
        lines = _lines(self._path)
        first = _format(next(lines, b""))
        insert_rows(self._connection, head, [(1, first.ledger_id, 0, first.recorded_us, b"")])
        leaf_of = LeafReader(first.ledger_id).leaf
        kind, end = 0, None
        while end is None:
            chunk = [decode_line(line) for line in islice(lines, _CHUNK_LINES)]
            if not chunk:
                raise HistoryError("backup has no end")
            if isinstance(chunk[-1], EndLine):
                end = chunk.pop()
            batches: list[list[tuple[Any, ...]]] = [[] for _ in _TABLES]
            for line in chunk:
                at, row = _row(line)
                if at < kind:
                    raise HistoryError("lines of the backup are out of order")
                kind = at
                batches[at].append(row)
            self._write_facts(batches[0], leaf_of, first)
            for table, rows in zip(_TABLES[1:], batches[1:], strict=True):
                insert_rows(self._connection, table, rows)
            self._counts = [count + len(rows) for count, rows in zip(self._counts, batches, strict=True)]
        return self._report(first, end)

    def _write_facts(self, rows: list[tuple[Any, ...]], leaf_of: Any, first: FormatLine) -> None:
        if not rows:
            return
        size = self._counts[0]
        for number, row in enumerate(rows, size + 1):
            if row[0] != number or leaf_of(row) != row[11]:
                raise HistoryError("fact is not the one that was hashed", at=f"position {number}")
        self._frontier = frontier_extend(self._frontier, size, [row[11] for row in rows])
        # The database lets facts in only up to the head's position.
        execute(
            self._connection, "UPDATE head SET position = :position, frontier = :frontier WHERE id = 1",
            {"position": size + len(rows), "frontier": self._frontier},
        )  # fmt: skip
        insert_rows(self._connection, facts, rows)
        if self._progress:
            self._progress(size + len(rows), first.facts)

    def _report(self, first: FormatLine, end: EndLine) -> RestoreReport:
        count = self._counts
        root = root_of(self._frontier, count[0])
        if (first.facts, first.root) != (count[0], root.hex()):
            raise HistoryError(f"backup has another root than it tells: {root.hex()!r}, not {first.root!r}")
        if count != [end.facts, end.members, end.imports, end.rejects]:
            raise HistoryError("backup has other counts than it tells")
        return RestoreReport(first.ledger_id, count[0], root, count[2], count[3])


def _row(line: object) -> tuple[int, tuple[Any, ...]]:
    """Return the number of the line's table, and the row."""
    if isinstance(line, FactLine):
        return 0, fact_row(line)
    if isinstance(line, MemberLine):
        return 1, msgspec.structs.astuple(line)
    if isinstance(line, ImportLine):
        return 2, msgspec.structs.astuple(line)
    if isinstance(line, RejectLine):
        return 3, reject_row(line)
    raise HistoryError("backup goes on behind its end")


def _check_empty(connection: Connection, where: str) -> None:
    if connection.dialect.name == "postgresql":
        execute(connection, "LOCK TABLE head IN SHARE ROW EXCLUSIVE MODE")
    for table in (head, *_TABLES):
        if fetch_rows(connection, f"SELECT 1 FROM {table.name} LIMIT 1"):  # noqa: S608 - our own names
            raise LoyaltyError("database holds a ledger already", at=where, hint="name a new database")


def _check_whole(path: Path) -> None:
    """Read the file once and compare it with its own hash."""
    lines, digest = _lines(path), hashlib.sha256()
    line = next(lines, b"")
    _format(line)
    for following in lines:
        digest.update(line)
        line = following
    end = decode_line(line)
    if not isinstance(end, EndLine):
        raise HistoryError("backup is truncated: it has no end")
    if end.sha256 != digest.hexdigest():
        raise HistoryError(f"backup was altered: its SHA-256 is {digest.hexdigest()!r}, not {end.sha256!r}")


def _format(line: bytes) -> FormatLine:
    try:
        first = decode_format(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"file is no backup: it begins with {line[:40]!r}") from error
    if first.format != FORMAT:
        raise HistoryError(f"backup has an unknown format: {first.format!r}, not {FORMAT!r}", hint=_UPGRADE)
    if first.schema not in REVISIONS:
        raise HistoryError(f"backup is newer than this program: schema {first.schema!r}", hint=_UPGRADE)
    return first


_UPGRADE = "pip install --upgrade loyalty-ledger"


def _lines(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        while line := file.readline(_LINE_BYTES):
            if not line.endswith(b"\n"):
                raise HistoryError("backup is truncated, or a line of it is too long")
            yield line


@contextmanager
def _damage_named(path: Path) -> Iterator[None]:
    """Turn what gzip and JSON say of a damaged file into one error that names it."""
    try:
        yield
    except HistoryError as error:
        _refuse(path, error.what, error)
    except FileNotFoundError as error:
        raise HistoryError(f"no such file: {str(path)!r}") from error
    except gzip.BadGzipFile as error:
        _refuse(path, f"file is no backup, or was altered: {error}", error)
    except EOFError as error:
        _refuse(path, "backup is truncated", error)
    except (zlib.error, msgspec.DecodeError, UnicodeDecodeError) as error:
        _refuse(path, f"backup was altered: {error}", error)
    except OSError as error:
        raise HistoryError(f"file cannot be read: {error.strerror or error}", at=str(path)) from error


def _refuse(path: Path, what: str, error: Exception) -> NoReturn:
    at = getattr(error, "at", None)
    at = f"{path}, {at}" if at else str(path)
    raise HistoryError(what, at=at, hint=getattr(error, "hint", None) or "use another backup") from error
