"""What is typed and what is answered: one readable scenario for each command, on both databases."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from errors.fixtures import Play
from errors.golden import assert_golden, is_updating
from errors.script import read_case

HERE = Path(__file__).parent
SCENARIOS = sorted((HERE / "scenarios").glob("*.case"))
_FOR_80_COLUMNS = re.compile(
    r"loyalty (member|explain|rejects|quarantine|advance|redeem|check|project)\b(?!.*--json)"
)


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_goes_as_written(path: Path, play: Play, pytestconfig: pytest.Config) -> None:
    now = play(read_case(path))

    assert_golden(path, now.text(), config=pytestconfig)
    for answer in now.typed:
        assert "\x1b" not in answer.stdout + answer.stderr, "no colours where nobody asked"
        if _FOR_80_COLUMNS.match(answer.command):
            assert max(map(len, answer.stdout.splitlines()), default=0) <= 80, answer.command


@pytest.mark.parametrize("name", ["shopping", "records", "programmes", "restating"])
def test_a_scenario_goes_the_same_on_postgresql(name: str, play: Play, pytestconfig: pytest.Config) -> None:
    case = read_case(HERE / "scenarios" / f"{name}.case")
    if is_updating(pytestconfig):
        pytest.skip("golden files are written on SQLite")

    now = play(replace(case, given=["on PostgreSQL", *case.given]))

    assert now.typed == case.typed
    assert now.left == case.left
