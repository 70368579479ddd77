"""Rows from place to place by the database alone: a shard's file into a slot, a slot into the other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..store.bulk import execute, fetch_rows
from ..store.database import Database
from ..store.faults import explained
from ..tables import VIEWS
from .lease import Hold

_CHUNK_ROWS = 50_000
BY_MEMBER = tuple(name for name in VIEWS if name != "daily")


def merge_file(database: Database, hold: Hold, path: Path, slot: str) -> None:
    """Insert the rows of a shard's file into *slot*, in several short transactions.

    Raises:
        LoyaltyError: the database cannot be written, or the lease was lost.
    """
    with _attached(database, path) as connection:
        sources = {name: f"shard.{name}__{slot}" for name in BY_MEMBER}
        for low, high in _ranges(connection, sources):
            connection.execution_options(sqlite_begin="BEGIN IMMEDIATE").begin()
            hold.renew(connection)
            _insert(connection, sources, slot, low, high)
            connection.commit()


def copy_slot(database: Database, hold: Hold, source: str, target: str, names: Iterable[str]) -> None:
    """Insert the rows of some views of the slot *source* into the empty tables of *target*."""
    sources = {name: f"{name}__{source}" for name in names}
    with database.reading() as connection:
        ranges = _ranges(connection, sources)
    for low, high in ranges:
        with database.writing() as connection:
            hold.renew(connection)
            _insert(connection, sources, target, low, high)


def _insert(
    connection: Connection, sources: dict[str, str], slot: str, low: str | None, high: str | None
) -> None:
    bounds = {"low": low or ""}
    where = "member >= :low"
    if high is not None:
        bounds["high"], where = high, f"{where} AND member < :high"
    for name, source in sources.items():
        columns = ", ".join(f'"{column.name}"' for column in VIEWS[name][slot].columns)
        keys = ", ".join(column.name for column in VIEWS[name][slot].primary_key)
        execute(
            connection,
            f"INSERT INTO {name}__{slot} ({columns}) SELECT {columns} FROM {source}"  # noqa: S608 - our own names
            f" WHERE {where} ORDER BY {keys}",
            bounds,
        )


def _ranges(connection: Connection, sources: dict[str, str]) -> list[tuple[str | None, str | None]]:
    """Return ranges of members with about so many entries that a transaction is short."""
    states = sources["member_states"]
    members = fetch_rows(connection, f"SELECT count(*) FROM {states}")[0][0]  # noqa: S608 - our own names
    entries = fetch_rows(connection, f"SELECT count(*) FROM {sources['journal']}")[0][0]  # noqa: S608
    step = max(_CHUNK_ROWS * members // max(entries + members, 1), 1)
    sql = (
        f"SELECT member FROM (SELECT member, row_number() OVER (ORDER BY member) AS number"  # noqa: S608
        f" FROM {states}) AS numbered WHERE number % :step = 0 ORDER BY member"
    )
    bounds = [row[0] for row in fetch_rows(connection, sql, {"step": step})]
    return list(zip([None, *bounds], [*bounds, None], strict=True))


@contextmanager
def _attached(database: Database, path: Path) -> Iterator[Connection]:
    try:
        with database.engine.connect() as connection:
            driver = cast(sqlite3.Connection, connection.connection.driver_connection)
            driver.execute("ATTACH DATABASE ? AS shard", (str(path),))
            try:
                yield connection
            finally:
                connection.rollback()
                driver.execute("DETACH DATABASE shard")
    except (SQLAlchemyError, sqlite3.Error) as error:
        raise explained(error, database.url) or error from error
