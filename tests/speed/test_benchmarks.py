"""Every benchmark runs on a small input and says what it should; how fast is nobody's business here."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from benchmarks import bare, grocer, ours
from benchmarks.measuring import Reading, paired
from benchmarks.rows import WIDTH, Finding, Row
from benchmarks.suite import BENCHES
from loyalty_ledger.ledger.store.database import open_database

ROOT = Path(__file__).parents[2]
ROWS = {
    "import": ["import, SQLite, 1 process", "import, PostgreSQL, 1 process"],
    "rebuild": [
        "fold and write, nothing live to compare with", "  beside a floor that makes each row anew",
        "the first, with every rule of standing on", "fold, write, compare with live, swap",
        "the same in 2 processes", "  beside 1 process", "the first `project run`",
        "PostgreSQL: fold, write, compare, swap",
    ],
    "library": ["all views / the library's one table"],
    "command": [
        f"{where}, {facts} facts, {how}" for where in ("SQLite", "PostgreSQL") for facts in (10, 30)
        for how in ("full fold", "from the kept state", "same desk again")
    ],
    "memory": [
        f"{what}, {how}" for how in ("10x members", "10x facts a member")
        for what in ("import, peak", "import, speed", "rebuild, peak", "rebuild, speed")
    ],
    "groups": [
        f"{history}: rebuild, {what}"
        for history in ("chain, 10", "one member, 20") for what in ("peak", "speed")
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("benchmark")
    words = ["--facts", "30", "--repeat", "1", "--json", "--folder", str(folder)]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not list(folder.iterdir()), "a benchmark leaves nothing behind"
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_every_benchmark_has_its_rows_listed_here() -> None:
    assert list(ROWS) == list(BENCHES)


@pytest.mark.slow
@pytest.mark.parametrize("name", ROWS)
def test_a_benchmark_prints_its_rows(told: dict[str, Any], name: str) -> None:
    finding = told["findings"][list(BENCHES).index(name)]

    assert [row["what"] for row in finding["rows"]] == ROWS[name]
    assert all(row["ours"] > 0 and row["beside"] > 0 and row["ratio"] > 0 for row in finding["rows"])
    assert finding["notes"]


@pytest.mark.slow
def test_the_machine_is_named_with_its_versions_and_its_load(told: dict[str, Any]) -> None:
    assert list(told) == ["machine", "python", "sqlite", "load", "postgresql", "folder", "findings"]
    assert "fsync on" in told["postgresql"]


@pytest.mark.slow
def test_lines_fit_a_hundred_columns(told: dict[str, Any]) -> None:
    for finding in told["findings"]:
        rows = [Row(**row) for row in finding["rows"]]
        lines = Finding(finding["title"], rows, finding["notes"]).lines()

        assert [line for line in lines if len(line) > WIDTH] == []


def test_the_bare_loop_stores_the_very_bytes_we_store(tmp_path: Path) -> None:
    path, url = str(tmp_path / "small.parquet"), f"sqlite:///{tmp_path / 'ours.db'}"
    assert grocer.write_parquet(path=path, baskets=200, copies=1, growth="members") == 200
    ours.import_file(url=url, path=path)

    database = open_database(url)
    with database.reading() as connection:
        rows = connection.execute(text("SELECT event_id, state FROM facts WHERE topic = 'purchase.recorded'"))
        stored = {row.event_id: row.state for row in rows}
    database.close()

    assert bare.states(path) == stored


@pytest.mark.parametrize(("growth", "members", "most_facts"), [("members", 36, 2), ("facts", 12, 6)])
def test_copies_bring_other_members_or_more_facts_for_each(
    tmp_path: Path, growth: grocer.Growth, members: int, most_facts: int
) -> None:
    """The first 14 baskets are of 12 households, two of which come twice: 3 x 12, or 12 with 3 x 2."""
    path, url = str(tmp_path / "copies.parquet"), f"sqlite:///{tmp_path / 'copies.db'}"
    assert grocer.write_parquet(path=path, baskets=14, copies=3, growth=growth) == 3 * 14
    ours.import_file(url=url, path=path)

    database = open_database(url)
    with database.reading() as connection:
        counts = [row[0] for row in connection.execute(
            text("SELECT count(*) FROM facts WHERE stream LIKE 'member/%' GROUP BY stream")
        )]  # fmt: skip
    database.close()

    assert (len(counts), max(counts), sum(counts)) == (members, most_facts, 3 * 14)


def test_ratios_are_taken_inside_each_turn() -> None:
    """A machine that gets ten times slower from the first turn to the last leaves the ratio as it is: 1/2."""

    def turn(slow: float) -> tuple[Reading, Reading]:
        return Reading(100, 2.0 * slow, 2.0, 50.0), Reading(100, 1.0 * slow, 1.0, 30.0)

    turns = [turn(slow) for slow in (1.0, 3.0, 10.0)]

    pair = paired(turns)

    assert (pair.ratio, pair.cpu_ratio, pair.ours.per_s) == (0.5, 0.5, 100 / 6.0)
