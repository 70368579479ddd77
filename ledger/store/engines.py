"""SQLAlchemy engines as the ledger needs them: durable, bounded in memory, one snapshot a reading."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from ..errors import LoyaltyError, UsageError

# Flat memory at any size: the cache, and the sorter, which spills to a file beyond as much again.
_CACHE_KIB = 16_384
# Python's driver would look for a way to store each bool anew: it is an int like any other.
sqlite3.register_adapter(bool, int)
# Pages of 4 KiB: index pages touched by many batches are written back once, and the log stays below 64 MiB.
_CHECKPOINT_PAGES = 8_000


def parsed(url: str) -> URL:
    """Return a database's URL, checked and in SQLAlchemy's own form.

    Raises:
        UsageError: no such kind of database, or no file.
    """
    try:
        place = make_url(url)
        backend = place.get_backend_name()
    except (ArgumentError, ValueError) as error:
        raise UsageError(f"no database URL: {url!r}", hint="write sqlite:///ledger.db") from error
    if backend == "sqlite":
        if place.database in (None, "", ":memory:") or place.host:
            raise UsageError(f"no file in the database URL: {url!r}", hint="write sqlite:///ledger.db")
        return URL.create("sqlite", database=place.database)
    if backend in ("postgresql", "postgres"):
        return place.set(drivername="postgresql+psycopg")
    raise UsageError(
        f"no such kind of database: {backend!r}", hint="write sqlite:///ledger.db or postgresql://host/name"
    )


def sqlite_engine(place: URL, *, mode: str, lock_timeout_s: float, is_durable: bool = True) -> Engine:
    """Return an engine on a file.

    Args:
        place: Its URL.
        mode: "ro" to read, "rw" to write what exists, "rwc" to make it, too.
        lock_timeout_s: How long to wait for another writer, in seconds.
        is_durable: A commit waits until the disk has it.
    """
    synchronous = "PRAGMA synchronous = FULL" if is_durable else "PRAGMA synchronous = NORMAL"
    path = Path(place.database or "").absolute()

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path))}?mode={mode}", uri=True, timeout=lock_timeout_s, isolation_level=None,
            check_same_thread=False, cached_statements=256,
        )  # fmt: skip
        try:
            for pragma in _PRAGMAS if mode == "ro" else (*_PRAGMAS, *_WRITER_PRAGMAS, synchronous):
                connection.execute(pragma)
            if mode == "ro":
                connection.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        return connection

    engine = create_engine(place, creator=connect)

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get("sqlite_begin", "BEGIN")
        connection.connection.cursor().execute(statement)  # in a third of exec_driver_sql's time

    return engine


_PRAGMAS = (f"PRAGMA cache_size = -{_CACHE_KIB}", "PRAGMA temp_store = FILE", "PRAGMA foreign_keys = ON")
_WRITER_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}",
    "PRAGMA journal_size_limit = 67108864",
)


def postgres_engine(place: URL, *, mode: str, lock_timeout_s: float, is_durable: bool = True) -> Engine:
    """Return an engine on a server, by psycopg 3.

    Args:
        place: Its URL.
        mode: As for SQLite; with "ro" the server refuses every change.
        lock_timeout_s: How long to wait for another writer, in seconds.
        is_durable: A commit waits until the disk has it.

    Raises:
        LoyaltyError: the driver is not installed.
    """
    settings = f"-c lock_timeout={round(lock_timeout_s * 1000)}"
    is_read_only = mode == "ro"
    if not is_durable:
        settings += " -c synchronous_commit=off"
    if is_read_only:
        settings += " -c default_transaction_read_only=on"
    options = " ".join((str(place.query.get("options", "")), settings)).strip()
    arguments: dict[str, Any] = {"options": options, "application_name": "loyalty"}
    if "connect_timeout" not in place.query:
        arguments["connect_timeout"] = 10
    try:
        return create_engine(
            place.difference_update_query(["options"]), connect_args=arguments, pool_pre_ping=True,
            isolation_level="READ COMMITTED", use_native_hstore=False,
            # SQLAlchemy begins READ WRITE after a reading unless told, whatever the server's default.
            execution_options={"postgresql_readonly": True} if is_read_only else {},
        )  # fmt: skip
    except ModuleNotFoundError as error:
        raise LoyaltyError(
            f"driver for PostgreSQL is not installed: {error.name!r}",
            hint="pip install 'loyalty-ledger[postgres]'",
        ) from error
