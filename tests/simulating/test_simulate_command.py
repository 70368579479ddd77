"""`loyalty simulate` typed: the same bytes every time and everywhere, and nothing left by a killed one."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from engine import tales
from loyalty_ledger import cli
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from ops.logs import Fresh
from rules_of_standing.linked_history import START_US, history
from simulating.what_if import tell

STRICT = tales.STRICT.replace("    [rules.friends]\n", "")


def told(url: str, seed: int = 0) -> str:
    """Make a ledger; return its URL."""
    database = open_database(url)
    try:
        with database.writing() as connection:
            Log(database).create(connection, ledger_id="shop", now_us=START_US)
        tell(database, history(seed))
    finally:
        database.close()
    return url


def typed(*words: str, exit_code: int = 0) -> str:
    """Type a command and return what it says on stdout."""
    result = CliRunner().invoke(cli.main, words, catch_exceptions=False)
    assert result.exit_code == exit_code, result.stderr
    return result.stdout


def hashes(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.iterdir())}


@pytest.fixture
def candidate(tmp_path: Path) -> str:
    path = tmp_path / "candidate.toml"
    path.write_text(STRICT)
    return str(path)


def test_the_same_inputs_give_the_same_bytes_in_one_process_or_two_on_both_databases(
    sqlite_url: str, postgres_url: str, candidate: str, tmp_path: Path
) -> None:
    """Planted bugs seen to fail here: pieces kept in the order they are done; `sorted` left out of rules."""
    for url in (sqlite_url, postgres_url):
        told(url)
    before = Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
    pages, files = set(), []
    for number, (url, processes) in enumerate(
        [(sqlite_url, "1"), (sqlite_url, "1"), (sqlite_url, "2"), (postgres_url, "1"), (postgres_url, "2")]
    ):
        out = tmp_path / f"out-{number}"
        words = ("simulate", "--programme", candidate, "--db", url, "--processes", processes)
        pages.add(typed(*words, "--point-value", "0.01", "--out", str(out)))
        files.append(hashes(out))

    assert len(pages) == 1
    assert all(found == files[0] for found in files)
    assert sorted(files[0]) == ["distribution.svg", "members.csv", "members.json", "summary.json"]
    assert Path(sqlite_url.removeprefix("sqlite:///")).read_bytes() == before


def test_files_and_answer_say_the_same(sqlite_url: str, candidate: str, tmp_path: Path) -> None:
    url, out = told(sqlite_url), tmp_path / "out"

    answer = json.loads(
        typed("simulate", "--programme", candidate, "--db", url, "--out", str(out), "--json", "--top", "60")
    )

    assert answer == json.loads((out / "summary.json").read_text())
    # Whatever piece was done first.
    assert list(answer["rules"]) == sorted(answer["rules"])
    assert answer["ladders"] == sorted(answer["ladders"], key=lambda row: list(row.values())[:3])
    members = json.loads((out / "members.json").read_text())
    named = {row["member"]: row for row in [*answer["winners"], *answer["losers"]]}
    assert {row["member"]: row for row in members if row["kind"] in {"won", "lost"}} == named
    assert (len(members), len((out / "members.csv").read_text().splitlines())) == (60, 61)
    for name, total in answer["totals"].items():
        for side in ("recorded", "candidate", "difference"):
            assert total[side] == sum(row[name][side] for row in members)
    assert sum(found["points"] for found in answer["distribution"]) == sum(r["change"] for r in members)


def test_files_that_are_there_are_kept_unless_asked(sqlite_url: str, candidate: str, tmp_path: Path) -> None:
    url, out = told(sqlite_url), tmp_path / "out"
    words = ("simulate", "--programme", candidate, "--db", url, "--out", str(out))
    typed(*words)
    before = hashes(out)

    typed(*words, "--members", "m01", exit_code=1)
    assert hashes(out) == before
    typed(*words, "--members", "m01", "--overwrite")
    assert hashes(out) != before


def test_it_cannot_write_to_the_ledger(
    database_url: str, candidate: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever opens the database for it opens it for reading only."""
    url, opened = told(database_url), []
    made = Database.__init__

    def watching(self: Database, *args: Any, is_read_only: bool) -> None:
        opened.append(is_read_only)
        made(self, *args, is_read_only=is_read_only)

    monkeypatch.setattr(Database, "__init__", watching)
    typed("simulate", "--programme", candidate, "--db", url)

    assert opened
    assert all(opened)


def test_killed_half_way_it_leaves_nothing(fresh_sqlite: Fresh, candidate: str, tmp_path: Path) -> None:
    url, work = told(fresh_sqlite()), tmp_path / "work"
    ledger = Path(url.removeprefix("sqlite:///"))
    before, temporary = ledger.read_bytes(), tmp_path / "temporary"
    work.mkdir()
    temporary.mkdir()
    # The child says when it has folded something, and goes on until it is killed.
    code = (
        "import sys, time\n"
        "from loyalty_ledger.cli import main\n"
        "from loyalty_ledger.rules.simulating import gathering, running\n"
        "add = gathering.Gathered.add\n"
        "def slow(self, found):\n"
        "    add(self, found)\n"
        "    print('folded', flush=True)\n"
        "    time.sleep(60)\n"
        "gathering.Gathered.add = slow\n"
        "if __name__ == '__main__':\n"
        "    main(sys.argv[1:])\n"
    )
    script = tmp_path / "child.py"
    script.write_text(code)
    words = (
        "simulate",
        "--programme",
        candidate,
        "--db",
        url,
        "--processes",
        "2",
        "--out",
        str(work / "out"),
    )
    with subprocess.Popen(
        [sys.executable, str(script), *words], cwd=work, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(temporary)}, start_new_session=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdout.readline() == "folded\n"
        child.send_signal(signal.SIGKILL)
        child.wait()
        ended = time.monotonic() + 20
        while _group_lives(child.pid) and time.monotonic() < ended:
            time.sleep(0.05)
        assert not _group_lives(child.pid), "its processes end with it"

    assert ledger.read_bytes() == before
    assert list(work.iterdir()) == []
    assert list(temporary.rglob("*")) == []
    database = open_database(url)
    with database.reading() as connection:
        assert connection.execute(text("SELECT count(*) FROM generations")).scalar() == 0
    database.close()
    typed("simulate", "--programme", candidate, "--db", url)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
