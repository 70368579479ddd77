"""Opening, and every fault of a database said as a user can act on it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import DBAPIError

from loyalty_ledger.ledger.errors import HistoryError, LoyaltyError, UsageError
from loyalty_ledger.ledger.facts import Draft
from loyalty_ledger.ledger.store.bulk import fetch_rows
from loyalty_ledger.ledger.store.database import Database, open_database, upgrade_database
from loyalty_ledger.ledger.store.faults import explained
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.store.reading import head_of

Make = Callable[..., Draft]


def refusal(url: str, **options: bool) -> LoyaltyError:
    with pytest.raises(LoyaltyError) as caught:
        open_database(url, **options).close()
    return caught.value


def test_a_missing_file_is_not_made(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/shop.db"

    error = refusal(url)

    assert isinstance(error, HistoryError)
    assert str(error) == f"no such database: '{tmp_path}/shop.db'\n  at   {url}\n  try  loyalty init makes it"
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "shop.db").write_bytes(b"order,amount\n1,2\n" * 100)

    error = refusal(f"sqlite:///{tmp_path}/shop.db")

    assert (error.what, error.exit_code) == ("file is no database", 3)


def test_a_damaged_database_is_named(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    content = bytearray(path.read_bytes())
    content[100:4000] = bytes(3900)
    path.write_bytes(content)

    assert refusal(sqlite_url).what == "database is damaged"


def test_a_truncated_database_is_named(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.write_bytes(path.read_bytes()[:5000])

    assert refusal(sqlite_url).what == "database is damaged"


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    assert refusal(f"sqlite:///{tmp_path}").what == f"no such database: {str(tmp_path)!r}"


def test_a_missing_folder_cannot_hold_a_database(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match="cannot be opened") as caught:
        upgrade_database(f"sqlite:///{tmp_path}/none/shop.db")

    assert caught.value.hint == "check that the folder exists, and its permissions"


@pytest.mark.parametrize(
    ("url", "what"),
    [
        ("shop.db", "no database URL: 'shop.db'"),
        ("sqlite://", "no file in the database URL: 'sqlite://'"),
        ("sqlite:///:memory:", "no file in the database URL: 'sqlite:///:memory:'"),
        ("mysql://localhost/shop", "no such kind of database: 'mysql'"),
        ("postgresql://localhost:port/shop", "no database URL: 'postgresql://localhost:port/shop'"),
    ],
)
def test_a_url_of_another_kind_is_refused(url: str, what: str) -> None:
    error = refusal(url)

    assert isinstance(error, UsageError)
    assert error.what == what


def test_a_database_without_a_ledger_says_so(tmp_path: Path, empty_postgres_url: str) -> None:
    sqlite3.connect(tmp_path / "shop.db").close()
    (tmp_path / "shop.db").touch()

    for url in (f"sqlite:///{tmp_path}/shop.db", empty_postgres_url):
        assert refusal(url).what == "database holds no ledger"


def test_another_programs_tables_are_left_alone(tmp_path: Path, empty_postgres_url: str) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("CREATE TABLE orders (id)")
    connection.close()
    with psycopg.connect(empty_postgres_url) as server:
        server.execute("CREATE TABLE orders (id int)")

    for url in (f"sqlite:///{tmp_path}/shop.db", empty_postgres_url):
        with pytest.raises(HistoryError, match="tables of another program"):
            upgrade_database(url)


@pytest.mark.parametrize(
    ("revision", "what", "hint"),
    [
        (
            "9999", "database is newer than this program: schema '9999', not '0001'",
            "pip install --upgrade loyalty-ledger",
        ),
        ("0000", "database is older than this program: schema '0000', not '0001'", "loyalty db upgrade"),
    ],
)  # fmt: skip
def test_another_schema_is_refused(
    database_url: str, monkeypatch: pytest.MonkeyPatch, revision: str, what: str, hint: str
) -> None:
    database = open_database(database_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": revision})
    database.close()
    monkeypatch.setattr("loyalty_ledger.ledger.store.database.REVISIONS", ("0000", "0001"))

    error = refusal(database_url)

    assert (error.what, error.hint, error.exit_code) == (what, hint, 3)


def test_a_newer_database_is_not_upgraded(database_url: str) -> None:
    database = open_database(database_url)
    with database.writing() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()

    with pytest.raises(HistoryError, match="newer than this program"):
        upgrade_database(database_url)


def test_a_locked_database_says_so_and_works_again(database_url: str, purchase: Make) -> None:
    database = open_database(database_url, lock_timeout_s=0.05)
    log = Log(database)
    with database.writing() as connection:
        log.create(connection, ledger_id="test-ledger", now_us=0)
    with database.writing() as first:
        log.lock(first)
        with pytest.raises(LoyaltyError) as caught, database.writing() as second:
            log.append(second, [purchase("a")], now_us=0)
    assert caught.value.what == "database is locked by another program"
    assert caught.value.exit_code == 1

    with database.writing() as third:
        assert log.append(third, [purchase("a")], now_us=0)[0].position == 1
    database.close()


def test_reading_goes_on_while_another_writes(ledger_database: Database, purchase: Make) -> None:
    log = Log(ledger_database)
    with ledger_database.writing() as writing:
        log.append(writing, [purchase("a")], now_us=0)
        with ledger_database.reading() as reading:
            assert head_of(reading).position == 0


def test_the_database_itself_refuses_writes_when_opened_for_reading(database_url: str) -> None:
    database = open_database(database_url, is_read_only=True)
    with pytest.raises(LoyaltyError, match="opened for reading only"), database.writing():
        pass
    with database.engine.connect() as connection, pytest.raises(DBAPIError) as caught:
        connection.execute(text("DELETE FROM imports"))
    database.close()

    explanation = explained(caught.value, "here")
    assert explanation is not None
    assert explanation.what == "database is read-only"


def test_a_server_that_does_not_answer_says_so_without_the_password() -> None:
    error = refusal("postgresql://joe:secret@127.0.0.1:1/shop")

    assert error.what == "database server does not answer"
    assert error.at == "postgresql://joe:***@127.0.0.1:1/shop"
    assert "secret" not in str(error)


def test_a_database_the_server_does_not_have_is_named(postgres_url: str) -> None:
    assert refusal(postgres_url.replace("/ledger_", "/nowhere_")).what == "no such database on the server"


def test_after_the_server_dropped_us_the_next_append_works(postgres_url: str, purchase: Make) -> None:
    database = open_database(postgres_url)
    log = Log(database)
    with database.writing() as connection:
        log.create(connection, ledger_id="test-ledger", now_us=0)
    with pytest.raises(HistoryError) as caught, database.writing() as connection:  # noqa: PT012 - the story
        log.append(connection, [purchase("a")], now_us=0)
        _terminate(postgres_url)
        log.append(connection, [purchase("b")], now_us=0)
    assert caught.value.what == "database server ended the connection"

    _terminate(postgres_url)
    with database.writing() as connection:
        outcomes = log.append(connection, [purchase("b"), purchase("a")], now_us=0)
    assert [(outcome.status, outcome.position) for outcome in outcomes] == [("created", 1), ("created", 2)]
    database.close()


def _terminate(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_after_a_fault_of_the_disk_the_next_append_works(sqlite_url: str, purchase: Make) -> None:
    """A limit on the size of files stands for a full disk; SQLite's own pool stayed locked for ever."""
    script = f"""
import resource, signal
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.facts import Draft
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log

def drafts(start, count):
    numbers = range(start, start + count)
    return [Draft(str(n), "shop", "t", "member/1", 0, None, (), b"x" * 2000) for n in numbers]

database = open_database({sqlite_url!r})
log = Log(database)
with database.writing() as connection:
    log.create(connection, ledger_id="l", now_us=0)
    log.append(connection, drafts(0, 10), now_us=0)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, hard))
for attempt in range(3):
    try:
        with database.writing() as connection:
            log.append(connection, drafts(10, 1000), now_us=0)
        print("no fault")
    except LoyaltyError as error:
        print(error.what)
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
with database.writing() as connection:
    outcomes = log.append(connection, drafts(5, 20), now_us=0)
print([outcome.position for outcome in outcomes] == list(range(6, 26)))
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False, env=_environment()
    )

    assert done.stdout.splitlines() == ["disk cannot be read or written"] * 3 + ["True"], done.stderr


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / ".src")}


def test_a_fault_while_opening_does_not_last(tmp_path: Path, sqlite_url: str, purchase: Make) -> None:
    """The regression of TRUST.md, finding 1: the path is bad first, then good, in one process."""
    database = open_database(sqlite_url)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    database.close()
    path.rename(tmp_path / "away.db")
    for _ in range(3):
        with pytest.raises(HistoryError, match="cannot be opened"), database.writing():
            pass
    (tmp_path / "away.db").rename(path)

    with database.writing() as connection:
        Log(database).create(connection, ledger_id="test-ledger", now_us=0)
        assert Log(database).append(connection, [purchase("a")], now_us=0)[0].status == "created"
    database.close()


def test_commits_survive_a_loss_of_power(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.writing() as connection:
        settings = [
            fetch_rows(connection, f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys")
        ]
    database.close()

    assert settings == ["wal", 2, 1]  # 2 is FULL (sqlite.org/pragma.html#pragma_synchronous)


def test_a_path_of_any_characters_is_opened(tmp_path: Path, sqlite_url: str) -> None:
    path = tmp_path / "müller & co?mode=ro#1 100%.db"
    shutil.copyfile(sqlite_url.removeprefix("sqlite:///"), path)

    database = open_database(URL.create("sqlite", database=str(path)).render_as_string())
    with database.writing() as connection:
        Log(database).create(connection, ledger_id="test-ledger", now_us=0)
    database.close()
    assert not [entry for entry in tmp_path.iterdir() if entry.name == "müller & co"]


def test_an_open_database_can_be_opened_again_by_its_url(database: Database) -> None:
    """As the processes of a parallel rebuild do."""
    again = open_database(database.url)
    with again.reading() as connection:
        assert fetch_rows(connection, "SELECT count(*) FROM facts") == [(0,)]
    again.close()
