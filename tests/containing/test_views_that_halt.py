"""A view of a plugin that does not come to an end stops the run, and is named."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

VIEW = '''
from loyalty_ledger.rules import View, hookimpl


class Odd(View):
    """Does what a purchase's points say."""

    name = "odd"
    columns = {"points": int}

    def rows(self, entry):
        if entry.points == 13:
            while True:
                pass
        if entry.points == 14:
            return self.rows(entry)
        return [{"points": entry.points}]


@hookimpl
def loyalty_views():
    return [Odd]
'''
PROGRAMME = 'programme = "P"\nzone = "UTC"\ncurrency = "EUR"\n[rules.points_per_spend]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules/odd.py").write_text(VIEW)
    (tmp_path / "p.toml").write_text(PROGRAMME)
    return tmp_path


def loyalty(folder: Path, line: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {
        "LOYALTY_DB": f"sqlite:///{folder / 'l.db'}", "LOYALTY_RULES_DIR": str(folder / "rules"),
        "LOYALTY_RULE_SECONDS": "0.5",
    }  # fmt: skip
    command = [str(Path(sys.executable).with_name("loyalty")), *line.split()]
    return subprocess.run(
        command, env=env, cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )


def buy(folder: Path, member: str, amount: int) -> None:
    words = f"--set amount={amount}.00 --set currency=EUR --at 2026-03-01T12:00:00Z"
    assert loyalty(folder, f"record purchase.recorded {member} {words}").returncode == 0


def test_a_view_that_loops_stops_the_run_and_is_named(folder: Path) -> None:
    loyalty(folder, "init --programme p.toml --trust odd")
    buy(folder, "ann", 13)

    done = loyalty(folder, "project run --json")

    assert done.returncode == 4
    error = json.loads(done.stderr)
    assert error["error"] == "rule odd did not come to an end in 0.5 s and was stopped"
    assert error["at"] == "member 'ann', position 3"


def test_a_view_that_recurses_leaves_a_row_that_says_so(folder: Path) -> None:
    loyalty(folder, "init --programme p.toml --trust odd")
    buy(folder, "bob", 14)

    assert loyalty(folder, "project run").returncode == 0
    (row,) = json.loads(loyalty(folder, "report odd --json").stdout)["rows"]
    assert row["error"].startswith("RecursionError")
    assert "all is well" in loyalty(folder, "check").stdout
