"""Backup and restore: nothing is lost, nothing is half there."""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loyalty_ledger.ledger.backup import restore_backup, write_backup
from loyalty_ledger.ledger.errors import HistoryError, LoyaltyError
from loyalty_ledger.ledger.facts import Draft, draft
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log, Outcome
from ops.logs import NOW_US, REGISTRY, Fresh, fill, logs, root_of, rows_of
from ops.views import forge

TABLES = ("facts", "fact_members", "head", "imports", "rejects")
Batches = list[list[Draft | bytes]]
_numbers = itertools.count(1)


def purchases(count: int) -> list[Draft | bytes]:
    return [
        draft(
            REGISTRY, event_id=f"e{number}", source="till", topic="purchase.recorded",
            subject=f"m{number % 7}", occurred_us=number,
            data={"order": f"o{number}", "amount_minor": number, "currency": "USD"},
        )
        for number in range(count)
    ]  # fmt: skip


def backup(url: str, path: Path, **options: Any) -> bytes:
    with closing(open_database(url)) as database:
        write_backup(database, path, **options)
    return path.read_bytes()


@pytest.fixture(scope="session")
def _saved(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("saved")
    shutil.copyfile(_sqlite_template, folder / "ledger.db")
    fill(f"sqlite:///{folder}/ledger.db", [purchases(3000)], kept=[b"one", b"\xff"])
    return backup(f"sqlite:///{folder}/ledger.db", folder / "saved.gz")


@pytest.fixture
def saved(_saved: bytes, tmp_path: Path) -> Path:
    """A backup of 3,000 facts."""
    path = tmp_path / "saved.jsonl.gz"
    path.write_bytes(_saved)
    return path


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs(), st.lists(st.binary(max_size=6), max_size=3))
def test_a_restored_backup_is_the_same_ledger(
    fresh_sqlite: Fresh, tmp_path: Path, batches: Batches, kept: list[bytes]
) -> None:
    _round_trip([fresh_sqlite, fresh_sqlite], tmp_path, batches, kept)


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs(), st.lists(st.binary(max_size=6), max_size=3))
def test_a_ledger_moves_from_sqlite_to_postgresql_and_back(
    fresh_sqlite: Fresh, fresh_postgres: Fresh, tmp_path: Path, batches: Batches, kept: list[bytes]
) -> None:
    _round_trip([fresh_sqlite, fresh_postgres, fresh_sqlite], tmp_path, batches, kept)


def _round_trip(kinds: list[Fresh], folder: Path, batches: Batches, kept: list[bytes]) -> None:
    first, *others = (kind() for kind in kinds)
    fill(first, batches, kept=kept)
    path = folder / f"{next(_numbers)}.jsonl.gz"
    content = backup(first, path)
    for url in others:
        report = restore_backup(path, url)
        assert report.root == root_of(url) == root_of(first)
        for table in TABLES:
            assert rows_of(url, table) == rows_of(first, table)
        path = folder / f"{next(_numbers)}.jsonl.gz"
        assert backup(url, path) == content


def test_facts_appended_meanwhile_are_left_for_the_next_backup(database_url: str, tmp_path: Path) -> None:
    fill(database_url, [purchases(5000)])
    before = root_of(database_url)

    with closing(open_database(database_url)) as database:
        appended: list[Outcome] = []

        def append(_done: int, _total: int) -> None:
            if not appended:
                late = purchases(5001)[5000:]
                with database.writing() as connection:
                    appended.extend(Log(database).append(connection, late, now_us=NOW_US))  # type: ignore[arg-type]

        report = write_backup(database, tmp_path / "b.gz", progress=append)

    assert appended[0].position == 5001
    assert (report.facts, report.root) == (5000, before)


def test_a_backup_is_its_owners_alone(fresh_sqlite: Fresh, tmp_path: Path) -> None:
    url = fresh_sqlite()
    fill(url, [])
    backup(url, tmp_path / "b.gz")
    assert stat.S_IMODE((tmp_path / "b.gz").stat().st_mode) == 0o600


def test_a_file_that_is_there_is_replaced_only_when_told(saved: Path, fresh_sqlite: Fresh) -> None:
    url = fresh_sqlite()
    fill(url, [])
    content = saved.read_bytes()

    with pytest.raises(LoyaltyError, match="exists already"):
        backup(url, saved)
    assert saved.read_bytes() == content
    assert backup(url, saved, is_overwriting=True) != content


def test_a_folder_or_device_is_no_place_for_a_backup(fresh_sqlite: Fresh, tmp_path: Path) -> None:
    url = fresh_sqlite()
    fill(url, [])
    for place in (tmp_path, Path("/dev/null")):
        with pytest.raises(LoyaltyError, match="no place"):
            backup(url, place, is_overwriting=True)
    with pytest.raises(LoyaltyError, match="cannot be written: No such file"):
        backup(url, tmp_path / "missing" / "b.gz")


def test_a_failed_backup_leaves_no_file(fresh_sqlite: Fresh, tmp_path: Path) -> None:
    url = fresh_sqlite()
    fill(url, [purchases(3000)])
    forge(url, ["UPDATE facts SET occurred_us = occurred_us + 1 WHERE position = 2500"])
    (tmp_path / "out").mkdir()

    with pytest.raises(HistoryError, match="not the one that was hashed") as caught:
        backup(url, tmp_path / "out" / "b.gz")
    assert caught.value.at == "position 2500"
    assert list((tmp_path / "out").iterdir()) == []


def test_a_log_whose_newest_facts_were_deleted_is_not_backed_up(fresh_sqlite: Fresh, tmp_path: Path) -> None:
    url = fresh_sqlite()
    fill(url, [purchases(10)])
    forge(url, ["DELETE FROM facts WHERE position > 8"])

    with pytest.raises(HistoryError, match="do not give the root"):
        backup(url, tmp_path / "b.gz")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.99])
def test_a_truncated_backup_is_refused_unread(saved: Path, tmp_path: Path, share: float) -> None:
    content = saved.read_bytes()
    saved.write_bytes(content[: int(len(content) * share)])

    with pytest.raises(HistoryError):
        restore_backup(saved, f"sqlite:///{tmp_path}/new.db")
    assert not (tmp_path / "new.db").exists()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_flipped_bit_is_refused_or_changes_nothing(
    saved: Path, tmp_path: Path, data: st.DataObject
) -> None:
    content = bytearray(saved.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    flipped = tmp_path / "flipped.gz"
    flipped.write_bytes(content)
    url = f"sqlite:///{tmp_path}/flipped-{next(_numbers)}.db"

    try:
        report = restore_backup(flipped, url)
    except HistoryError:
        assert not Path(url.removeprefix("sqlite:///")).exists()
    else:  # gzip's own header has a time and flags that say nothing
        assert report.facts == 3000


def lines_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]


def rewrite(path: Path, change: Callable[[list[dict[str, Any]]], object]) -> None:
    """Change the lines as somebody would who knows the format, its hash included."""
    lines = lines_of(path)
    change(lines)
    body = b"".join(json.dumps(line).encode() + b"\n" for line in lines[:-1])
    lines[-1]["sha256"] = hashlib.sha256(body).hexdigest()
    path.write_bytes(gzip.compress(body + json.dumps(lines[-1]).encode() + b"\n"))


def _drop_last_fact(lines: list[dict[str, Any]]) -> None:
    lines.remove(next(line for line in reversed(lines) if line.get("kind") == "fact"))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda lines: lines[0].update(format="loyalty-ledger/backup/2"), "unknown format"),
        (lambda lines: lines[0].update(schema="9999"), "newer than this program"),
        (lambda lines: lines[0].update(root="0" * 64), "another root"),
        (lambda lines: lines[0].update(ledger_id="stolen"), "not the one that was hashed"),
        (lambda lines: lines[7].update(occurred_us=1), "not the one that was hashed"),
        (lambda lines: lines[7].update(position=2**64), "altered"),
        (lambda lines: lines[7].update(colour="red"), "altered"),
        (lambda lines: lines.insert(2, lines[1]), "not the one that was hashed"),
        (_drop_last_fact, "another root"),
        (lambda lines: lines.insert(1, {**lines[-2]}), "out of order"),
        (lambda lines: lines.pop(-2), "other counts"),
        (lambda lines: lines[-2].update(id=lines[-3]["id"]), "does not fit"),
    ],
)  # fmt: skip
def test_a_backup_altered_with_care_is_refused_and_nothing_half_visible(
    saved: Path, fresh: Fresh, change: Callable[[list[dict[str, Any]]], object], what: str
) -> None:
    url = fresh()
    rewrite(saved, change)

    with pytest.raises(HistoryError, match=what) as caught:
        restore_backup(saved, url)
    assert str(saved) in str(caught.value.at)
    assert all(rows_of(url, table) == [] for table in TABLES)


def test_a_line_altered_without_its_hash_is_noticed_first(saved: Path, tmp_path: Path) -> None:
    content = gzip.decompress(saved.read_bytes()).replace(b"no date", b"no time", 1)
    saved.write_bytes(gzip.compress(content))

    with pytest.raises(HistoryError, match="altered: its SHA-256"):
        restore_backup(saved, f"sqlite:///{tmp_path}/new.db")
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize("content", [b"", b"hello\n", gzip.compress(b""), gzip.compress(b"hello\n")])
def test_a_foreign_file_is_no_backup(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(content)
    with pytest.raises(HistoryError, match="no backup"):
        restore_backup(path, f"sqlite:///{tmp_path}/new.db")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HistoryError, match=r"no such file: '.*gone'"):
        restore_backup(tmp_path / "gone", f"sqlite:///{tmp_path}/new.db")


def test_a_restore_makes_a_missing_database(saved: Path, tmp_path: Path) -> None:
    assert restore_backup(saved, f"sqlite:///{tmp_path}/new.db").facts == 3000


def test_a_restore_refuses_a_database_that_holds_a_ledger(saved: Path, fresh: Fresh) -> None:
    url = fresh()
    fill(url, [purchases(3)])
    before = root_of(url)

    with pytest.raises(LoyaltyError, match="holds a ledger already"):
        restore_backup(saved, url)
    assert root_of(url) == before


KILLED = """
import os, signal, sys
from pathlib import Path
from loyalty_ledger.ledger.backup import restore_backup

def die(done, total):
    if done >= int(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

restore_backup(Path(sys.argv[1]), sys.argv[2], progress=die)
"""


def test_a_killed_restore_leaves_an_empty_database_and_can_be_started_again(
    fresh: Fresh, fresh_sqlite: Fresh, tmp_path: Path
) -> None:
    source, url = fresh_sqlite(), fresh()
    fill(source, [purchases(12_000)])
    content = backup(source, tmp_path / "b.gz")

    for done in (1, 10_000):
        command = [sys.executable, "-c", KILLED, str(tmp_path / "b.gz"), url, str(done)]
        killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": ".src"}, check=False)
        assert killed.returncode == -signal.SIGKILL
        assert all(rows_of(url, table) == [] for table in TABLES)

    restore_backup(tmp_path / "b.gz", url)
    assert backup(url, tmp_path / "again.gz") == content
