"""Writing a backup: one snapshot of the log, verified on its way out."""

from __future__ import annotations

import gzip
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from sqlalchemy import Connection, Table

from ..errors import HistoryError
from ..store.bulk import stream_rows
from ..store.database import REVISIONS, Database
from ..store.merkle import frontier_extend, root_of
from ..store.reading import Head, head_of
from ..store.verify import LeafReader, Progress
from ..tables import fact_members, facts, imports, rejects
from ..whole_file import whole_file
from .lines import FORMAT, EndLine, FormatLine, ImportLine, MemberLine, encode, fact_line, reject_line

_CHUNK_LINES = 2_000
# Level 6 takes twice as long here and saves an eighth of the size.
_COMPRESSION = 3
_HINT = "loyalty audit verify lists every fault"


class BackupReport(NamedTuple):
    """What was written.

    Attributes:
        path: Where.
        facts: How many facts.
        root: Root of the tree over them, 32 bytes.
        size: Of the file, in bytes.
    """

    path: Path
    facts: int
    root: bytes
    size: int

    def fields(self) -> dict[str, object]:
        """Return the report as programs read it."""
        return {"file": str(self.path), "facts": self.facts, "root": self.root.hex(), "size": self.size}

    def lines(self) -> list[str]:
        """Return the report as people read it."""
        return [f"{self.facts:,} facts in {str(self.path)!r}, {self.size:,} bytes", f"root {self.root.hex()}"]


def write_backup(
    database: Database, path: Path, *, is_overwriting: bool = False, progress: Progress | None = None
) -> BackupReport:
    """Write the log to a file while others go on appending; it holds what was there when it began.

    Args:
        database: To read from.
        path: The file, by custom ``*.jsonl.gz``; it appears when it is complete.
        is_overwriting: A file that is there may be replaced.
        progress: Told how many facts are written, and how many there are.

    Raises:
        HistoryError: the ledger has not been made, or a stored fact is not the one that was hashed.
        LoyaltyError: there is a file already, or it cannot be written.
    """
    with whole_file(path, is_overwriting=is_overwriting) as file, database.reading() as connection:
        head = head_of(connection)
        root = _root(head)
        with _Writer(file) as writer:
            recorded_us, schema = head.recorded_us, REVISIONS[-1]
            writer.write([FormatLine(FORMAT, head.ledger_id, head.position, root.hex(), recorded_us, schema)])
            try:
                counts = (
                    writer.write(_facts(connection, head, progress)),
                    writer.write(MemberLine(*row) for row in _rows(connection, fact_members)),
                    writer.write(ImportLine(*row) for row in _rows(connection, imports)),
                    writer.write(map(reject_line, _rows(connection, rejects))),
                )
            except sqlite3.OperationalError as error:
                if "decode" not in str(error):
                    raise
                raise HistoryError("stored text is not UTF-8", at=database.name, hint=_HINT) from error
            writer.write([EndLine(*counts, writer.sha256())])
        size = file.tell()
    return BackupReport(path, head.position, root, size)


class _Writer:
    """Lines through gzip into a file; the same lines always give the same bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._gzip = gzip.GzipFile("", "wb", _COMPRESSION, file, mtime=0)
        self._hash = hashlib.sha256()

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, *_: object) -> None:
        self._gzip.close()

    def write(self, lines: Iterable[object]) -> int:
        count, waiting = 0, iter(lines)
        while chunk := [encode(line) for line in islice(waiting, _CHUNK_LINES)]:
            content = b"\n".join(chunk) + b"\n"
            self._hash.update(content)
            self._gzip.write(content)
            count += len(chunk)
        return count

    def sha256(self) -> str:
        return self._hash.hexdigest()


def _facts(connection: Connection, head: Head, progress: Progress | None) -> Iterator[object]:
    """Yield the lines of the facts, each compared with its hash and all with the head's tree."""
    leaf_of = LeafReader(head.ledger_id).leaf
    rows, frontier, size = _rows(connection, facts), b"", 0
    while chunk := list(islice(rows, _CHUNK_LINES)):
        for number, row in enumerate(chunk, size + 1):
            if row[0] != number or leaf_of(row) != row[11]:
                raise HistoryError(
                    "stored fact is not the one that was hashed", at=f"position {number}", hint=_HINT
                )
            yield fact_line(row)
        frontier = frontier_extend(frontier, size, [row[11] for row in chunk])
        size += len(chunk)
        if progress:
            progress(size, head.position)
    if (frontier, size) != (head.frontier, head.position):
        raise HistoryError("facts do not give the root the head tells", at=f"position {size}", hint=_HINT)


def _rows(connection: Connection, table: Table) -> Iterator[tuple[Any, ...]]:
    order = ", ".join(f'"{column.name}"' for column in table.primary_key)
    return stream_rows(connection, f'SELECT * FROM "{table.name}" ORDER BY {order}')  # noqa: S608 - our own names


def _root(head: Head) -> bytes:
    try:
        return root_of(head.frontier, head.position)
    except ValueError as error:
        raise HistoryError(f"head is damaged: {error}", hint=_HINT) from error
