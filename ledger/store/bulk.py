"""Many rows at once, by the raw driver: SQLAlchemy's own way costs more than the database's work.

SQL is written once for both databases: ``:name`` with a mapping of parameters. A sequence of parameters is
passed on in the driver's own style (``?`` or ``%s``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any

from sqlalchemy import BigInteger, Boolean, Connection, Integer, LargeBinary, Table, Text

Parameters = Mapping[str, object] | Sequence[object]
# COPY has a fixed cost of about as much as so many rows.
_COPY_ROWS = 8
# SQLite takes so many narrow rows in one statement in a third less time than one by one; rows with bytes in
# them take longer so.
_VALUES_ROWS = 50
_STREAM_ROWS = 500
_numbers = itertools.count()


def insert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows that hold every column of *table* in its order.

    Raises:
        sqlalchemy.exc.IntegrityError or the driver's: a row breaks a constraint.
    """
    if not rows:
        return
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        rest = len(rows) % _VALUES_ROWS if _is_narrow(table) else len(rows)
        whole = len(rows) - rest
        if whole:
            statement = _insert(table, "?", _VALUES_ROWS)
            for start in range(0, whole, _VALUES_ROWS):
                driver.execute(statement, tuple(chain.from_iterable(rows[start : start + _VALUES_ROWS])))
        if rest:
            driver.executemany(_insert(table, "?"), rows[whole:])
        return
    with driver.cursor() as cursor:
        if len(rows) < _COPY_ROWS:
            cursor.execute(_insert(table, "%s", len(rows)), [value for row in rows for value in row])
        else:
            _copy(cursor, table.name, table, rows)


def upsert_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows, or replace those that have the same primary key; of equal keys in *rows* the last wins."""
    if not rows:
        return
    driver = _driver(connection)
    if connection.dialect.name == "sqlite":
        driver.executemany(_insert(table, "?") + _on_conflict(table), rows)
        return
    rows = list({tuple(row[key] for key in _keys(table)): row for row in rows}.values())
    with driver.cursor() as cursor:
        if len(rows) < _COPY_ROWS:
            values = [value for row in rows for value in row]
            cursor.execute(_insert(table, "%s", len(rows)) + _on_conflict(table), values)
            return
        # COPY knows no conflicts: by way of a table that lasts as long as the transaction.
        stage = f"stage_{table.name}"
        cursor.execute(
            f'CREATE TEMP TABLE IF NOT EXISTS "{stage}" (LIKE "{table.name}") ON COMMIT DELETE ROWS'
        )
        _copy(cursor, stage, table, rows)
        cursor.execute(f'INSERT INTO "{table.name}" TABLE "{stage}"' + _on_conflict(table))
        cursor.execute(f'TRUNCATE "{stage}"')


def fetch_rows(connection: Connection, sql: str, params: Parameters = ()) -> list[tuple[Any, ...]]:
    """Return every row of a query that yields few."""
    with _closing(_driver(connection).cursor()) as cursor:
        cursor.execute(driver_sql(connection, sql, params), params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows


def execute(connection: Connection, sql: str, params: Parameters = ()) -> None:
    """Run a statement that yields no rows."""
    with _closing(_driver(connection).cursor()) as cursor:
        cursor.execute(driver_sql(connection, sql, params), params)


def stream_rows(connection: Connection, sql: str, params: Parameters = ()) -> Iterator[tuple[Any, ...]]:
    """Return an iterator over a query's rows as the driver gives them, a few at a time."""
    driver = _driver(connection)
    statement = driver_sql(connection, sql, params)
    if connection.dialect.name == "sqlite":
        # The cursor itself: a generator around it would cost a tenth of reading a row.
        rows: Iterator[tuple[Any, ...]] = driver.cursor().execute(statement, params)
        return rows
    return _stream_served(driver, statement, params)


def _stream_served(driver: Any, statement: str, params: Parameters) -> Iterator[tuple[Any, ...]]:
    with driver.cursor(name=f"rows_{next(_numbers)}") as cursor:
        cursor.itersize = _STREAM_ROWS
        cursor.execute(statement, params, binary=True)
        yield from cursor


def driver_sql(connection: Connection, sql: str, params: Parameters) -> str:
    """Return *sql* with its ``:name`` parameters as the driver of *connection* writes them."""
    if connection.dialect.name == "sqlite" or not isinstance(params, Mapping):
        return sql
    return _named(sql)


@lru_cache(maxsize=512)
def _named(sql: str) -> str:
    return re.sub(r"(?<!:):([a-z_]\w*)", r"%(\1)s", sql.replace("%", "%%"))


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


class _closing:  # noqa: N801 - contextlib.closing costs more than a small query
    __slots__ = ("cursor",)

    def __init__(self, cursor: Any) -> None:
        self.cursor = cursor

    def __enter__(self) -> Any:
        return self.cursor

    def __exit__(self, *_: object) -> None:
        self.cursor.close()


@lru_cache(maxsize=64)
def _is_narrow(table: Table) -> bool:
    return not any(isinstance(column.type, LargeBinary) for column in table.columns)


@lru_cache(maxsize=512)
def _insert(table: Table, mark: str, rows: int = 1) -> str:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    row = f"({', '.join([mark] * len(table.columns))})"
    return f'INSERT INTO "{table.name}" ({columns}) VALUES {", ".join([row] * rows)}'  # noqa: S608 - our names


@lru_cache(maxsize=256)
def _keys(table: Table) -> tuple[int, ...]:
    return tuple(index for index, column in enumerate(table.columns) if column.primary_key)


@lru_cache(maxsize=256)
def _on_conflict(table: Table) -> str:
    keys = ", ".join(f'"{column.name}"' for column in table.primary_key)
    others = [column.name for column in table.columns if not column.primary_key]
    if not others:
        return f" ON CONFLICT ({keys}) DO NOTHING"
    return f" ON CONFLICT ({keys}) DO UPDATE SET " + ", ".join(
        f'"{name}" = excluded."{name}"' for name in others
    )


def _copy(cursor: Any, name: str, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    columns = ", ".join(f'"{column.name}"' for column in table.columns)
    with cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN (FORMAT BINARY)') as copy:
        copy.set_types(_types(table))
        write = copy.write_row
        for row in rows:
            write(row)


@lru_cache(maxsize=256)
def _types(table: Table) -> list[str]:
    return [next(name for kind, name in _TYPES if isinstance(column.type, kind)) for column in table.columns]


_TYPES = ((LargeBinary, "bytea"), (Boolean, "bool"), (Text, "text"), (BigInteger, "int8"), (Integer, "int4"))
