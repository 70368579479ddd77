"""The bare loop beside an import: read Parquet, group baskets, encode JSON, hash, insert.

What it stores is byte for byte what we store. It does nothing else: no field is checked, no duplicate looked
for, no tree of hashes kept, no reject, no summary.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import create_engine, make_url

from loyalty_ledger.ledger.tables import facts

from .measuring import Reading, Watch
from .ours import BATCH_FACTS

_CHUNK_ROWS = 32_768
_COLUMNS = (
    "basket_id", "household_id", "store_id", "transaction_timestamp", "product_id", "quantity", "sales_value"
)  # fmt: skip
PRAGMAS = ("journal_mode = WAL", "synchronous = FULL", "cache_size = -16384", "wal_autocheckpoint = 8000")
"""As ``ledger.store.engines`` sets them."""
Row = tuple[Any, ...]


class _Line(msgspec.Struct, omit_defaults=True, gc=False):
    amount_minor: int
    sku: str
    quantity: int = 1


class _Purchase(msgspec.Struct, gc=False):
    currency: str
    amount_minor: int
    order: str
    lines: list[_Line]
    store: str


class _Event(msgspec.Struct, gc=False):
    specversion: str
    id: str
    source: str
    type: str
    subject: str
    time: str
    data: _Purchase


_encode = msgspec.json.Encoder().encode


def import_sqlite(*, path: str, file: str) -> Reading:
    """Load a Parquet file into a new SQLite file with the columns, indexes and pragmas of ours."""
    _make_table(f"sqlite:///{file}")
    connection = sqlite3.connect(file, isolation_level=None)
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    statement = f"INSERT INTO facts VALUES ({', '.join('?' * len(facts.columns))})"

    def write(rows: list[Row]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(statement, rows)
        connection.execute("COMMIT")

    try:
        return _timed_load(path, write)
    finally:
        connection.close()


def import_postgres(*, path: str, url: str) -> Reading:
    """Load a Parquet file into a new table on PostgreSQL by binary COPY."""
    import psycopg

    _make_table(make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False))
    key, text, bytea = "int8", "text", "bytea"
    types = [key, text, key, text, bytea, text, text, key, key, key, bytea, bytea]
    with psycopg.connect(url) as connection:

        def write(rows: list[Row]) -> None:
            with connection.cursor() as cursor, cursor.copy("COPY facts FROM STDIN (FORMAT BINARY)") as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)
            connection.commit()

        return _timed_load(path, write)


def states(path: str) -> dict[str, bytes]:
    """Return what is stored of every basket, by its id."""
    return {row[6]: row[4] for row in _rows(path)}


def _make_table(url: str) -> None:
    engine = create_engine(url)
    facts.create(engine)
    engine.dispose()


def _timed_load(path: str, write: Callable[[list[Row]], None]) -> Reading:
    import pyarrow.compute
    import pyarrow.parquet  # noqa: F401 - loading the library is no part of an import

    with Watch() as watch:
        rows, count = _rows(path), 0
        while batch := list(islice(rows, BATCH_FACTS)):
            write(batch)
            count += len(batch)
    return watch.reading(count)


def _rows(path: str) -> Iterator[Row]:
    versions: dict[str, int] = {}
    for position, (basket, member, occurred_us, state) in enumerate(_baskets(Path(path)), start=1):
        stream = f"member/{member}"
        version = versions[stream] = versions.get(stream, 0) + 1
        hashed = hashlib.sha256(state).digest()
        yield (
            position, stream, version, "purchase.recorded", state, "complete-journey", basket, occurred_us, 0,
            1, None, hashed,
        )  # fmt: skip


def _baskets(path: Path) -> Iterator[tuple[str, str, int, bytes]]:
    import pyarrow
    import pyarrow.parquet as parquet

    rest: Any = None
    file = parquet.ParquetFile(path)
    for part in file.iter_batches(_CHUNK_ROWS, columns=list(_COLUMNS), use_threads=False):
        table = pyarrow.Table.from_batches([part])
        table = table if rest is None else pyarrow.concat_tables([rest, table])
        starts = _starts(table["basket_id"].to_pylist())
        rest = table.slice(starts[-1])
        if len(starts) > 1:
            yield from _events(table.slice(0, starts[-1]), starts)
    if rest is not None:
        yield from _events(rest, [0, len(rest)])


def _starts(baskets: list[int]) -> list[int]:
    return [0, *(row for row in range(1, len(baskets)) if baskets[row] != baskets[row - 1])]


def _events(table: Any, edges: list[int]) -> Iterator[tuple[str, str, int, bytes]]:
    import pyarrow
    import pyarrow.compute as arrow

    text, whole = pyarrow.string(), pyarrow.int64()
    cents = arrow.round(arrow.multiply(table["sales_value"], 100.0), round_mode="half_towards_infinity")
    amounts = cents.cast(whole).to_pylist()
    skus = table["product_id"].cast(text).to_pylist()
    lines = list(map(_Line, amounts, skus, table["quantity"].to_pylist()))
    first = table.take(edges[:-1])
    seconds = first["transaction_timestamp"].cast(pyarrow.timestamp("s"))
    heads = zip(
        first["basket_id"].cast(text).to_pylist(), first["household_id"].cast(text).to_pylist(),
        first["store_id"].cast(text).to_pylist(), seconds.cast(whole).to_pylist(),
        arrow.strftime(seconds, "%Y-%m-%dT%H:%M:%SZ").to_pylist(), pairwise(edges), strict=True,
    )  # fmt: skip
    for basket, member, store, second, time, (start, stop) in heads:
        data = _Purchase("USD", sum(amounts[start:stop]), basket, lines[start:stop], store)
        event = _Event("1.0", basket, "complete-journey", "purchase.recorded", member, time, data)
        yield basket, member, second * 1_000_000, _encode(event)
