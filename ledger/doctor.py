"""The doctor: one row for each thing an operator would look at first, bad ones with what to try."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Literal, NamedTuple

from sqlalchemy import Connection, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

from .calendar import SECOND_US, rfc3339, tzdata_version
from .errors import LoyaltyError
from .projection import status
from .store.database import REVISIONS, Database, open_database
from .store.merkle import root_of
from .store.reading import head_of
from .tables import imports, rejects

Status = Literal["ok", "warn", "bad"]
Plugin = tuple[str, str, str, str | None, bool]
"""Name, version, fingerprint, why it cannot be used, or None, and whether it is trusted."""

_MIB = 1024 * 1024
_SPARE_BYTES = 256 * _MIB
_CLOCK_SLACK_US = 60 * SECOND_US
_LOCK_TIMEOUT_S = 5.0
_SYNCHRONOUS = {0: "off", 1: "normal", 2: "full", 3: "extra"}


class Row(NamedTuple):
    """One thing examined.

    Attributes:
        name: What.
        value: How it is.
        status: "ok", "warn" if something may go wrong, "bad" if something has.
        hint: What to try, or None.
    """

    name: str
    value: str
    status: Status = "ok"
    hint: str | None = None

    def fields(self) -> dict[str, str | None]:
        """Return the row as programs read it."""
        return self._asdict()

    def lines(self) -> list[str]:
        """Return the row as people read it."""
        line = f"{self.status:<5}{self.name:<12} {self.value}"
        return [line, f"{'try':>16}   {self.hint}"] if self.hint else [line]


def examine(url: str, *, plugins: Iterable[Plugin] = (), now_us: int | None = None) -> list[Row]:
    """Return what is found about program, database, ledger and plugins; nothing is changed or raised.

    Args:
        url: The database; its password is not shown.
        plugins: As the caller's registry knows them.
        now_us: The time, microseconds since 1970, to compare with; None compares nothing.
    """
    return [*_program(url), *_database(url, now_us), *map(_plugin, sorted(plugins))]


def has_wal_reset_bug(version: tuple[int, ...]) -> bool:
    """Return whether this SQLite can damage a database that two connections write at one instant.

    Fixed in 3.51.3, and in 3.50.7 and 3.44.6 of older lines (sqlite.org/wal.html, "the WAL-reset bug").
    """
    fixed = ((3, 44, 6), (3, 50, 7))
    if any(since[:2] == version[:2] and since <= version for since in fixed):
        return False
    return (3, 7, 0) <= version < (3, 51, 3)


def _program(url: str) -> Iterator[Row]:
    yield Row("program", f"loyalty-ledger {metadata.version('loyalty-ledger')}, tzdata {tzdata_version()}")
    is_old = sys.version_info < (3, 11)
    hint = "use Python 3.11 or later" if is_old else None
    yield Row("python", platform.python_version(), "bad" if is_old else "ok", hint)
    if not url.startswith("sqlite"):
        return
    if has_wal_reset_bug(sqlite3.sqlite_version_info):
        yield Row(
            "sqlite", f"{sqlite3.sqlite_version}, which has the WAL-reset bug", "warn",
            "use a Python with SQLite 3.51.3 or later, or PostgreSQL; verify the log after a crash",
        )  # fmt: skip
    else:
        yield Row("sqlite", sqlite3.sqlite_version)


def _database(url: str, now_us: int | None) -> Iterator[Row]:
    try:
        database = open_database(url, lock_timeout_s=_LOCK_TIMEOUT_S)
    except LoyaltyError as error:
        yield Row("database", error.what, "bad", error.hint)
        return
    try:
        for name, examination in _EXAMINATIONS:
            try:
                with database.reading() as connection:
                    yield from examination(database, connection, now_us)
            except LoyaltyError as error:
                yield Row(name, error.what, "bad", error.hint)
            except (SQLAlchemyError, database.engine.dialect.loaded_dbapi.Error) as error:
                yield Row(name, str(error).splitlines()[0], "bad", "loyalty check")
    finally:
        database.close()


def _place(database: Database, connection: Connection, _now_us: int | None) -> Iterator[Row]:
    yield Row("database", database.name)
    yield Row("schema", f"{REVISIONS[-1]}, the program's own")
    if database.dialect == "sqlite":
        yield from _sqlite_settings(connection)
        yield _disk(Path(make_url(database.url).database or ""))
    else:
        yield from _postgres_settings(connection)


def _sqlite_settings(connection: Connection) -> Iterator[Row]:
    mode = _asked(connection, "PRAGMA journal_mode")
    yield Row("journal", mode, "ok" if mode == "wal" else "warn", None if mode == "wal" else _UNSAFE)
    level = int(_asked(connection, "PRAGMA synchronous"))
    named = _SYNCHRONOUS.get(level, str(level))
    yield Row("synchronous", named, "ok" if level >= 2 else "warn", None if level >= 2 else _UNSAFE)


_UNSAFE = "a loss of power can lose facts: open the database with this program only"


def _postgres_settings(connection: Connection) -> Iterator[Row]:
    yield Row("server", f"PostgreSQL {_asked(connection, 'SHOW server_version')}")
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        value = _asked(connection, f"SHOW {setting}")
        is_safe = value != "off"
        hint = None if is_safe else f"a crash of the server can lose facts: set {setting} = on"
        yield Row(setting, value, "ok" if is_safe else "warn", hint)
    encoding = _asked(connection, "SHOW server_encoding")
    is_utf8 = encoding == "UTF8"
    hint = None if is_utf8 else "create the database in UTF8"
    yield Row("encoding", encoding, "ok" if is_utf8 else "bad", hint)
    size = int(_asked(connection, "SELECT pg_database_size(current_database())"))
    yield Row("size", f"{size / _MIB:,.0f} MiB")


def _asked(connection: Connection, sql: str) -> str:
    return str(connection.exec_driver_sql(sql).scalar())


def _disk(path: Path) -> Row:
    size = sum(part.stat().st_size for part in (path, Path(f"{path}-wal")) if part.exists())
    free = shutil.disk_usage(path.absolute().parent).free
    value = f"{free / _MIB:,.0f} MiB free, the database has {size / _MIB:,.0f} MiB"
    if free >= size + _SPARE_BYTES:
        return Row("disk", value)
    return Row("disk", value, "warn", "make room: a rebuild or a backup needs about as much as the database")


def _ledger(_database: Database, connection: Connection, now_us: int | None) -> Iterator[Row]:
    head = head_of(connection)
    yield Row("ledger", head.ledger_id)
    try:
        root = root_of(head.frontier, head.position).hex()
        yield Row("log", f"{head.position:,} facts, root {root}")
    except ValueError as error:
        yield Row("log", str(error), "bad", "restore a backup with loyalty restore")
    ahead_us = 0 if now_us is None else head.recorded_us - now_us
    if ahead_us > _CLOCK_SLACK_US:
        yield Row(
            "clock", f"last fact was recorded at {rfc3339(head.recorded_us)}, which is to come", "warn",
            "set the clock of this machine: facts to come are recorded later than that",
        )  # fmt: skip


def _views(_database: Database, connection: Connection, now_us: int | None) -> Iterator[Row]:
    found = status(connection)
    if found.generation is None:
        yield Row("views", "not built yet", "warn" if found.head else "ok", "loyalty project run")
    else:
        lag, place = found.lag_facts, f"generation {found.generation.number} at position {found.position:,}"
        hint = "loyalty project run" if lag else None
        yield Row("views", f"{place}, {lag:,} facts behind", "warn" if lag else "ok", hint)
    holder = found.holder
    if holder is None:
        yield Row("lease", "free")
    else:
        value = f"held by process {holder.pid} on {holder.host!r} until {rfc3339(holder.expires_us)}"
        is_over = now_us is not None and holder.expires_us < now_us
        hint = "the runner has gone; the next run takes over" if is_over else None
        yield Row("lease", value, "warn" if is_over else "ok", hint)
    is_clean = not found.quarantined
    value = f"{found.quarantined:,} members set aside"
    yield Row(
        "quarantine", value, "ok" if is_clean else "bad", None if is_clean else "loyalty quarantine list"
    )


def _imports(_database: Database, connection: Connection, _now_us: int | None) -> Iterator[Row]:
    files = connection.scalars(select(imports.c.file).where(imports.c.finished_us.is_(None)).limit(5)).all()
    if files:
        named = ", ".join(map(repr, files))
        yield Row("imports", f"begun and not finished: {named}", "warn", "give the same import command again")
    else:
        yield Row("imports", "all finished")
    is_open = rejects.c.retried_us.is_(None)
    count = connection.scalar(select(func.count()).select_from(rejects).where(is_open)) or 0
    yield Row(
        "rejects", f"{count:,} open", "warn" if count else "ok", "loyalty rejects list" if count else None
    )


_Examination = Callable[[Database, Connection, int | None], Iterator[Row]]
_EXAMINATIONS: tuple[tuple[str, _Examination], ...] = (
    ("database", _place), ("ledger", _ledger), ("views", _views), ("imports", _imports),
)  # fmt: skip


def _plugin(plugin: Plugin) -> Row:
    name, version, fingerprint, error, is_trusted = plugin
    if not is_trusted:
        return Row(
            "plugin", f"{name} {version}, not trusted: not in use", "warn", f"loyalty rules trust {name}"
        )
    if error:
        return Row("plugin", f"{name}: {error}", "bad", "repair or remove it; loyalty rules list")
    return Row("plugin", f"{name} {version}, code {fingerprint[:12]}")
