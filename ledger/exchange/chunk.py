"""What readers hand over: columns of cells with the place and the bytes of every row."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from ..errors import FactError
from ..facts import Draft
from .columns import Column


class Fault(NamedTuple):
    """Why a row cannot be read, and in which column."""

    error: FactError
    column: str | None = None


class Chunk:
    """Some rows of a file, column by column.

    Attributes:
        lines: The line (of a Parquet file: the row) each row starts at, from 1.
        columns: The cells of every column that is read.
        raw: The bytes of each row as they were; None where a file has no rows of bytes.
        faults: Rows that could not be read; their cells are what could be made out.
    """

    __slots__ = ("columns", "faults", "lines", "raw")

    def __init__(
        self, lines: Sequence[int], columns: dict[str, Column], raw: list[bytes] | None,
        faults: dict[int, Fault],
    ) -> None:  # fmt: skip
        self.lines, self.columns, self.raw, self.faults = lines, columns, raw, faults

    def __len__(self) -> int:
        return len(self.lines)

    def content(self, start: int, stop: int) -> bytes:
        """Return the bytes of some rows; those of a Parquet file as one JSON object a line."""
        if self.raw is not None:
            return b"".join(self.raw[start:stop])
        rows = zip(*(column.part(start, stop).cells() for column in self.columns.values()), strict=True)
        return b"".join(_json_row(list(self.columns), row) for row in rows)

    def tail(self, start: int) -> Chunk:
        """Return the rows from *start* on."""
        return Chunk(
            self.lines[start:],
            {name: column.part(start) for name, column in self.columns.items()},
            None if self.raw is None else self.raw[start:],
            {row - start: fault for row, fault in self.faults.items() if row >= start},
        )

    def followed_by(self, other: Chunk) -> Chunk:
        """Return the rows of both."""
        size = len(self)
        return Chunk(
            _joined(self.lines, other.lines),
            {name: column.followed_by(other.columns[name]) for name, column in self.columns.items()},
            None if self.raw is None or other.raw is None else self.raw + other.raw,
            self.faults | {row + size: fault for row, fault in other.faults.items()},
        )


def _joined(first: Sequence[int], second: Sequence[int]) -> Sequence[int]:
    if isinstance(first, range) and isinstance(second, range):
        return range(first.start, second.stop)
    return [*first, *second]


def _json_row(names: list[str], row: tuple[Any, ...]) -> bytes:
    # NaN and infinity have no JSON: their names are refused just as they are
    cells = (str(cell) if isinstance(cell, float) and cell - cell != 0 else cell for cell in row)
    return msgspec.json.encode(dict(zip(names, cells, strict=True))) + b"\n"


class Item(NamedTuple):
    """One fact to be, or the fault that prevents it, with its place in the file.

    Attributes:
        chunk: The rows around it.
        start: The first of its rows in the chunk.
        stop: The row after its last.
        at: The row with the fault, or the first.
        draft: The fact; None where there is a fault.
        fault: Why there is no fact.
        member: The subject, as far as it could be read.
        purchase: Currency and amount in minor units of a purchase.
        digest: The id its content and occurrence number give it; "" where the file has ids.
    """

    chunk: Chunk
    start: int
    stop: int
    at: int
    draft: Draft | None
    fault: Fault | None = None
    member: str | None = None
    purchase: tuple[str, int] | None = None
    digest: str = ""

    @property
    def line(self) -> int:
        """The line of the fault, or of the first row."""
        return self.chunk.lines[self.at]

    def content(self) -> bytes:
        """Return the bytes that were read."""
        return self.chunk.content(self.start, self.stop)


def digest_of(*parts: bytes) -> bytes:
    """Return a SHA-256 that no other split of the same bytes has."""
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "big"))
        total.update(part)
    return total.digest()
