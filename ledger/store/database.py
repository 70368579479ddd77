"""One SQLAlchemy engine on SQLite or PostgreSQL: opening, reading, writing, upgrading.

A reading is one snapshot and changes nothing; a writing is one transaction, alone on SQLite from its first
statement. Whatever a driver reports about files, locks, disks and servers comes out as a ``LoyaltyError``.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, text
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ..errors import HistoryError, LoyaltyError
from .engines import parsed, postgres_engine, sqlite_engine
from .faults import explained

REVISIONS = ("0001", "0002", "0003", "0004")
"""Every schema revision in order; the last is this program's own."""
_MIGRATIONS = Path(__file__).parents[2] / "migrations"
_LOCK_TIMEOUT_S = 30.0


class Database:
    """An open database.

    Attributes:
        url: As given; it may hold a password and is never shown.
        name: The URL to show, without password.
        engine: For what ``reading`` and ``writing`` do not cover.
        dialect: "sqlite" or "postgresql".
    """

    def __init__(self, url: URL, engine: Engine, hasty: Engine, *, is_read_only: bool) -> None:
        self.url = url.render_as_string(hide_password=False)
        self.name = url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)
        self.engine = engine
        self._hasty = hasty
        """Another engine on the same place, whose commits do not wait for the disk."""
        self.dialect = engine.dialect.name
        self.is_read_only = is_read_only
        driver = engine.dialect.loaded_dbapi
        self._faults: tuple[type[Exception], ...] = (SQLAlchemyError, driver.Error)
        self._broken_rules: tuple[type[Exception], ...] = (IntegrityError, driver.IntegrityError)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Yield a connection that sees one snapshot; what it would change is undone.

        Raises:
            LoyaltyError: the database cannot be read.
        """
        with self._transaction(self.engine, **_READING.get(self.dialect, {})) as connection:
            if self.dialect == "postgresql":
                # For this transaction only: the server's own default goes on ruling the writings.
                connection.exec_driver_sql("SET TRANSACTION READ ONLY")
            yield connection

    @contextmanager
    def writing(self, *, is_durable: bool = True) -> Iterator[Connection]:
        """Yield a connection whose changes are kept, all or none, when the block ends well.

        Args:
            is_durable: They are on disk when the block ends. If not, a power cut may undo them, until
                a durable writing has ended after them: for rows that nobody reads before.

        Raises:
            LoyaltyError: the database is read-only, full, locked or cannot be reached.
        """
        if self.is_read_only:
            raise LoyaltyError("database was opened for reading only", at=self.name)
        engine = self.engine if is_durable else self._hasty
        with self._transaction(engine, **_WRITING.get(self.dialect, {})) as connection:
            yield connection
            connection.commit()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()
        self._hasty.dispose()

    @contextmanager
    def _transaction(self, engine: Engine, **options: Any) -> Iterator[Connection]:
        try:
            with engine.connect() as connection:
                connection.execution_options(**options).begin()
                try:
                    yield connection
                except self._broken_rules:
                    raise
                except self._faults:
                    # Whatever state the fault left the connection in, the next transaction opens a new one.
                    connection.invalidate()
                    raise
        except self._faults as error:
            if explanation := explained(error, self.name):
                raise explanation from error
            raise


_READING = {"postgresql": {"isolation_level": "REPEATABLE READ"}}
_WRITING = {"sqlite": {"sqlite_begin": "BEGIN IMMEDIATE"}}


def open_database(
    url: str, *, is_read_only: bool = False, lock_timeout_s: float = _LOCK_TIMEOUT_S
) -> Database:
    """Return the database at *url*, which must have this program's schema.

    Args:
        url: ``sqlite:///file.db`` or ``postgresql://user@host/name``.
        is_read_only: The database itself refuses every change.
        lock_timeout_s: How long to wait for another writer, in seconds.

    Raises:
        UsageError: no such kind of database.
        HistoryError: missing, no database, older or newer than this program.
        LoyaltyError: locked or without permission.
    """
    place = parsed(url)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        raise HistoryError(
            f"no such database: {place.database!r}", at=str(place), hint="loyalty init makes it"
        )
    database = _connected(place, mode="ro" if is_read_only else "rw", lock_timeout_s=lock_timeout_s)
    try:
        with database.reading() as connection:
            _check_revision(_revision(connection), database.name)
    except BaseException:
        database.close()
        raise
    return database


def upgrade_database(url: str) -> str:
    """Create the database's tables, or bring them to this program's schema; return the revision.

    Raises:
        UsageError: no such kind of database.
        HistoryError: no database, newer than this program, or full of another program's tables.
        LoyaltyError: locked, read-only, full or without permission.
    """
    from alembic import command
    from alembic.config import Config

    database = _connected(parsed(url), mode="rwc", lock_timeout_s=_LOCK_TIMEOUT_S)
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    try:
        with database.writing() as connection:
            if database.dialect == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('loyalty-ledger schema'))"))
            found = _revision(connection)
            if found not in (None, *REVISIONS):
                _check_revision(found, database.name)
            if found is None and database.engine.dialect.get_table_names(connection):
                raise HistoryError(
                    "database holds the tables of another program",
                    at=database.name,
                    hint="name an empty database",
                )
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        database.close()
    return REVISIONS[-1]


def _check_revision(found: str | None, where: str) -> None:
    if found == REVISIONS[-1]:
        return
    if found is None:
        raise HistoryError("database holds no ledger", at=where, hint="loyalty init makes one")
    if found in REVISIONS:
        raise HistoryError(
            f"database is older than this program: schema {found!r}, not {REVISIONS[-1]!r}",
            at=where, hint="loyalty db upgrade",
        )  # fmt: skip
    raise HistoryError(
        f"database is newer than this program: schema {found!r}, not {REVISIONS[-1]!r}",
        at=where, hint="pip install --upgrade loyalty-ledger",
    )  # fmt: skip


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, "alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _connected(place: URL, *, mode: str, lock_timeout_s: float) -> Database:
    is_sqlite = place.get_backend_name() == "sqlite"
    make = partial(
        sqlite_engine if is_sqlite else postgres_engine, place, mode=mode, lock_timeout_s=lock_timeout_s
    )
    return Database(place, make(), make(is_durable=False), is_read_only=mode == "ro")


__all__ = ["REVISIONS", "Database", "open_database", "upgrade_database"]
