"""After a fault is gone the same command goes on, and what comes out is as if there had been none."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from errors.stage import SHOP, left, typed
from errors.surroundings import Place, surrounded
from loyalty_ledger.ledger.store.log import Log

SALES = "receipt,member,sold,paid\n" + "".join(
    f"R-{n},m-{n % 90},2026-05-02 10:00:00,{n}.00\n" for n in range(1, 901)
)
IMPORT = ["import", "sales.csv", "--map", "till.toml", "--batch", "100"]


@pytest.fixture
def place(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    (folder / "sales.csv").write_text(SALES)
    (folder / "till.toml").write_text((SHOP / "till.toml").read_text())
    made = typed(["init", "--programme", str(SHOP / "shop.toml")])
    assert made.exit_code == 0, made.stderr
    return Place(folder, "sqlite:///loyalty.db", monkeypatch)


@pytest.mark.parametrize(
    "fault",
    [
        "the disk is full", "no file may grow beyond 40 KiB", "another program is writing the database",
        "nobody may write the database and its folder",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", [IMPORT, ["project", "run"], ["project", "rebuild"]], ids=" ".join)
def test_the_same_command_goes_on_after_a_fault(place: Place, fault: str, command: list[str]) -> None:
    if command != IMPORT:
        assert typed(IMPORT).exit_code == 0
    with ExitStack() as stack:
        surrounded(stack, place, fault)
        failed = typed(command)
    assert (failed.exit_code, failed.stderr.count("\n")) == (1, 3), failed.stderr

    again = typed(command)

    assert again.exit_code == 0, again.stderr
    assert typed(IMPORT).exit_code == 0
    assert typed(["project", "run"]).exit_code == 0
    assert typed(["check"]).exit_code == 0
    # 900 purchases of 1 to 900 EUR, a point a euro: 900 x 901 / 2.
    assert points_of_everybody(place) == 405_450


def points_of_everybody(place: Place) -> int:
    with closing(sqlite3.connect(place.file)) as connection:
        (points,) = connection.execute("SELECT sum(points) FROM balances").fetchone()
    return int(points)


def test_a_closed_pipe_is_no_traceback(place: Place) -> None:
    typed(IMPORT)
    shell = f"'{Path(sys.executable).with_name('loyalty')}' export | head -1"

    done = subprocess.run(["/bin/sh", "-c", shell], capture_output=True, text=True, check=False)

    assert done.stdout.startswith('{"specversion"')
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_an_interrupted_import_says_so_keeps_whole_batches_and_goes_on(place: Place) -> None:
    append = Log.append
    calls = count(1)

    def interrupted(*words: Any, **options: Any) -> Any:
        if next(calls) == 4:
            raise KeyboardInterrupt
        return append(*words, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Log, "append", interrupted)
        answer = typed(IMPORT)

    assert answer.exit_code == 130
    assert answer.stderr == "loyalty: interrupted; nothing is half-written, the same command goes on\n"
    # The programme and three batches of a hundred.
    assert left(place) == "301 facts"
    assert typed(IMPORT).exit_code == 0
    assert left(place) == "901 facts"
