"""The demo is the first thing anybody sees: its whole transcript, as a person reads it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from errors.golden import assert_golden
from errors.stage import typed
from loyalty_ledger import cli
from loyalty_ledger.ledger import demo
from loyalty_ledger.ledger.calendar import instant_us

HERE = Path(__file__).parent


@pytest.fixture
def in_november(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The demo lets time pass until November 2026: it must be later than that."""
    monkeypatch.setattr(cli, "now_us", lambda: instant_us("2026-11-02T12:00:00Z"))
    monkeypatch.setenv("LOYALTY_DB", "sqlite:///loyalty-demo.db")  # what the demo sets goes with the test
    return folder


def test_the_demo_tells_a_shop_from_its_files_to_its_points(
    in_november: Path, pytestconfig: pytest.Config
) -> None:
    answer = typed(["demo"])

    assert (answer.exit_code, answer.stderr) == (0, "")
    text = answer.stdout.replace(str(demo.FOLDER), "…/demo")
    assert "\x1b" not in text
    assert_golden(HERE / "demo.txt", text, config=pytestconfig)


def test_the_demo_fits_a_terminal_of_eighty_columns(in_november: Path) -> None:
    text = typed(["demo"]).stdout.replace(str(demo.FOLDER), "…/demo")

    assert [line for line in text.splitlines() if len(line) > 80] == []


def test_every_command_of_the_demo_can_be_copied_and_typed(in_november: Path) -> None:
    text = typed(["demo"]).stdout.replace(" \\\n", " ")
    shown = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ loyalty ")]

    expected = [f"loyalty {words.format(demo='…/demo')}" for _, words in demo.STEPS]
    assert [" ".join(line.split()) for line in shown] == expected


def test_the_demo_leaves_its_database_and_what_it_says_to_type_next_works(in_november: Path) -> None:
    answer = typed(["demo"])
    assert os.environ["LOYALTY_DB"] == "sqlite:///loyalty-demo.db"

    tail = answer.stdout[answer.stdout.index("# All this is in") :]
    next_lines = [line[2:].split("  ")[0] for line in tail.splitlines() if line.startswith("  loyalty ")]
    assert len(next_lines) >= 4
    for line in next_lines:
        assert typed(line.split()[1:]).exit_code == 0, line
    assert [path.name for path in in_november.iterdir()] == ["loyalty-demo.db"]


def test_the_demo_can_be_run_again(in_november: Path) -> None:
    first, second = typed(["demo"]).stdout, typed(["demo"]).stdout

    assert len(first.splitlines()) == len(second.splitlines())
    assert typed(["demo", "--keep"]).exit_code == 1
