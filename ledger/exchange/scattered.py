"""Files whose basket rows stand apart: rows are brought together in a temporary file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any

import msgspec

from .chunk import Chunk, Fault
from .columns import CellColumn, Column

CHUNK_ROWS = 32_768
_pack = msgspec.msgpack.encode
_unpack = msgspec.msgpack.decode


def brought_together(
    chunks: Iterable[Chunk], keys: tuple[str, ...], is_sure: Callable[[Chunk, int], bool]
) -> Iterator[Chunk]:
    """Yield the same rows with those of a basket together, baskets in the order of their first rows.

    Args:
        chunks: The rows in the order of the file.
        keys: The columns that make rows a basket.
        is_sure: Whether these cells of a row that could not be read are to be believed; if not, the row is
            a basket of its own.
    """
    store = sqlite3.connect("", isolation_level=None)
    try:
        store.execute("PRAGMA journal_mode=OFF")
        store.execute("PRAGMA cache_size=-8192")
        store.execute("BEGIN")
        store.execute(
            "CREATE TABLE rows(basket BLOB, number INTEGER PRIMARY KEY, line INTEGER, cells BLOB, raw BLOB)"
        )
        store.execute("CREATE TABLE first(basket BLOB PRIMARY KEY, number INTEGER) WITHOUT ROWID")
        names: list[str] = []
        faults: dict[int, Fault] = {}
        total = 0
        for chunk in chunks:
            names = list(chunk.columns)
            faults |= {total + row: fault for row, fault in chunk.faults.items()}
            store.executemany("INSERT INTO rows VALUES (?, ?, ?, ?, ?)", _packed(chunk, keys, total, is_sure))
            total += len(chunk)
        store.execute("INSERT INTO first SELECT basket, min(number) FROM rows GROUP BY basket")
        rows = store.execute(
            "SELECT r.number, r.line, r.cells, r.raw FROM rows r JOIN first f ON f.basket = r.basket"
            " ORDER BY f.number, r.number"
        )
        while part := list(islice(rows, CHUNK_ROWS)):
            yield _chunk(part, names, faults)
    finally:
        store.close()


def _packed(
    chunk: Chunk, keys: tuple[str, ...], total: int, is_sure: Callable[[Chunk, int], bool]
) -> Iterator[tuple[Any, ...]]:
    table = zip(*(column.cells() for column in chunk.columns.values()), strict=True)
    baskets = zip(*(chunk.columns[key].cells() for key in keys), strict=True)
    raw: Iterable[bytes | None] = chunk.raw if chunk.raw is not None else [None] * len(chunk)
    for row, (line, cells, basket, content) in enumerate(zip(chunk.lines, table, baskets, raw, strict=True)):
        is_known = row not in chunk.faults or is_sure(chunk, row)
        name = _pack(basket) if is_known else b"\xc1%d" % (total + row)
        yield name, total + row, line, _pack(cells), content


def _chunk(part: list[tuple[Any, ...]], names: list[str], faults: dict[int, Fault]) -> Chunk:
    cells = zip(*(_unpack(row[2]) for row in part), strict=True)
    columns: dict[str, Column] = {
        name: CellColumn([tuple(cell) if isinstance(cell, list) else cell for cell in column])
        for name, column in zip(names, cells, strict=True)
    }
    raw = None if part[0][3] is None else [row[3] for row in part]
    here = {at: faults[row[0]] for at, row in enumerate(part) if row[0] in faults}
    return Chunk([row[1] for row in part], columns, raw, here)
