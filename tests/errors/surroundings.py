"""What a case can be surrounded by: databases nobody can write, other programs, plugins that fail.

Each word of the vocabulary is a function here; its docstring is what the gallery says about it.
"""

from __future__ import annotations

import os
import resource
import shutil
import socket
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest

from loyalty_ledger.ledger.store import database

NOBODY = 65534
SERVER = "postgresql://shop@db.example/ledger"
"""How the database on PostgreSQL is called in the gallery."""


class Place(NamedTuple):
    """Where a case happens."""

    folder: Path
    url: str
    patch: pytest.MonkeyPatch

    @property
    def file(self) -> Path:
        """The SQLite file."""
        return self.folder / "loyalty.db"

    @property
    def name(self) -> str:
        """What the server calls the database."""
        with psycopg.connect(self.url) as server:
            return server.info.dbname

    def execute(self, statement: str) -> None:
        """Change the database behind the program's back."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.file)) as connection, connection:
                connection.execute(statement)
        else:
            with psycopg.connect(self.url) as server:
                server.execute(statement.encode())


Surrounding = Callable[[Place], AbstractContextManager[object]]
WORDS: dict[str, Surrounding] = {}


def _word(name: str) -> Callable[[Surrounding], Surrounding]:
    def named(made: Surrounding) -> Surrounding:
        WORDS[name] = made
        return made

    return named


def surrounded(stack: ExitStack, place: Place, words: str) -> None:
    """Enter a surrounding until *stack* ends."""
    stack.enter_context(WORDS[words](place))


def _sql(name: str, *statements: str) -> None:
    @contextmanager
    def changed(place: Place) -> Iterator[None]:
        for statement in statements:
            place.execute(statement)
        yield

    WORDS[name] = changed


_sql("the database was made by a newer program", "UPDATE alembic_version SET version_num = '9999'")
_sql("the database was made by an older program", "UPDATE alembic_version SET version_num = '0001'")
_sql("one stored fact was altered behind the program's back",
     "DROP TRIGGER IF EXISTS facts_no_update",
     "UPDATE facts SET state = replace(CAST(state AS TEXT), '\"amount_minor\":40', '\"amount_minor\":90') "
     "WHERE position = 2")  # fmt: skip
_sql("a balance was altered behind the program's back", "UPDATE balances__a SET points = points + 1")
_sql("a runner on another machine is projecting",
     "INSERT INTO lease VALUES ('projection', 'theirs', 'till-7', 4711, 1780315260000000)")  # fmt: skip


@_word("nobody may write the database and its folder")
@contextmanager
def _read_only(place: Place) -> Iterator[None]:
    paths = [*place.folder.iterdir(), place.folder]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in paths}
    try:
        for path in paths:
            path.chmod(0o555 if path.is_dir() else 0o444)
        with _as_nobody():
            yield
    finally:
        for path, mode in modes.items():
            path.chmod(mode)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Nothing is read-only to root: be another user for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@_word("the disk is full")
@contextmanager
def _full(place: Place) -> Iterator[None]:
    place.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with closing(sqlite3.connect(place.file)) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connect = sqlite3.connect

    def connected(file: str, *rest: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(file, *rest, **options)
        if place.file.name in str(file):
            connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", connected)
        yield


@_word("no file may grow beyond 40 KiB")
@contextmanager
def _limited(place: Place) -> Iterator[None]:
    place.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40 * 1024, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@_word("another program is writing the database")
@contextmanager
def _locked(place: Place) -> Iterator[None]:
    defaults = database.open_database.__kwdefaults__
    assert defaults, "a test waits for a tenth of a second, not half a minute"
    place.patch.setitem(defaults, "lock_timeout_s", 0.1)
    if place.url.startswith("sqlite"):
        with closing(sqlite3.connect(place.file, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
    else:
        with psycopg.connect(place.url) as server:
            server.execute("SELECT * FROM head FOR UPDATE")
            yield


@_word("a runner that died on this machine held the lease")
@contextmanager
def _dead_runner(place: Place) -> Iterator[None]:
    host = socket.gethostname().replace("'", "''")
    place.execute(f"INSERT INTO lease VALUES ('projection', 'dead', '{host}', 4194303, 9000000000000000)")
    yield


@_word("the server has no such database")
@contextmanager
def _no_database(place: Place) -> Iterator[None]:
    place.patch.setenv("LOYALTY_DB", place.url.replace(f"/{place.name}?", "/nowhere?"))
    yield


@_word("the user may only read")
@contextmanager
def _reader(place: Place) -> Iterator[None]:
    place.execute("CREATE ROLE reader LOGIN")
    try:
        place.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader")
        place.patch.setenv("LOYALTY_DB", place.url.replace("//postgres:", "//reader:"))
        yield
    finally:
        place.execute("DROP OWNED BY reader")
        place.execute("DROP ROLE reader")


@_word("the database is a file of random bytes")
@contextmanager
def _garbage(place: Place) -> Iterator[None]:
    place.file.write_bytes(bytes(range(7, 256)) * 40)
    yield


@_word("the database is cut in half")
@contextmanager
def _cut(place: Place) -> Iterator[None]:
    place.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    content = place.file.read_bytes()
    place.file.write_bytes(content[: len(content) // 2 // 4096 * 4096])
    yield


@_word("the database belongs to another program")
@contextmanager
def _foreign(place: Place) -> Iterator[None]:
    place.file.unlink(missing_ok=True)
    place.execute("CREATE TABLE songs (title TEXT)")
    yield


@_word("a byte of ledger.backup was altered")
@contextmanager
def _damaged(place: Place) -> Iterator[None]:
    path = place.folder / "ledger.backup"
    content = bytearray(path.read_bytes())
    content[-8] ^= 0xFF  # of the check sum: what a damaged middle gives depends on its bytes
    path.write_bytes(bytes(content))
    yield


@_word("ledger.backup was cut in half")
@contextmanager
def _cut_backup(place: Place) -> Iterator[None]:
    path = place.folder / "ledger.backup"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    yield


@_word("the database file is moved away")
@contextmanager
def _moved(place: Place) -> Iterator[None]:
    place.file.rename(place.folder / "elsewhere.db")
    yield


@_word("the plugin was uninstalled since")
@contextmanager
def _uninstalled(place: Place) -> Iterator[None]:
    shutil.rmtree(place.folder / "stranger")
    yield


@_word("one line of the plugin was altered since")
@contextmanager
def _altered(place: Place) -> Iterator[None]:
    path = next((place.folder / "stranger").glob("*.py"))
    path.write_text(path.read_text() + "\n# an innocent comment\n")
    yield
