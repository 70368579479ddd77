"""The rules that the probes are tried on are real: each loads as a plugin, and its rules give points."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
IMPURE, GOOD = sorted((HERE / "impure").glob("*.py")), sorted((HERE / "good").glob("*.py"))


@pytest.fixture(scope="module")
def given() -> dict[str, dict[str, list[int]]]:
    """By file and rule, the points of its entries; one process for all, for some of them spoil theirs."""
    command = [sys.executable, str(HERE / "tellings.py"), *map(str, [*GOOD, *IMPURE])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, dict[str, list[int]]] = json.loads(ended.stdout)
    return found


def test_there_are_forty_impure_rules_and_twenty_good_ones() -> None:
    assert (len(IMPURE), len(GOOD)) == (40, 20)


@pytest.mark.parametrize("file", [*IMPURE, *GOOD], ids=lambda file: file.stem)
def test_each_loads_and_each_of_its_rules_gives_points(
    file: Path, given: dict[str, dict[str, list[int]]]
) -> None:
    by_rule = given[file.stem]

    assert file.stem in {cited.rpartition("@")[0] for cited in by_rule}
    for cited, points in by_rule.items():
        assert sum(points) > 0, f"{cited} gave nothing"


@pytest.mark.parametrize("file", IMPURE, ids=lambda file: file.stem)
def test_an_impure_file_has_one_rule_and_says_what_is_impure(
    file: Path, given: dict[str, dict[str, list[int]]]
) -> None:
    said = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""

    assert said.startswith("Impure: ")
    assert "\n" not in said
    assert len(given[file.stem]) == 1


def test_the_list_names_every_file_with_its_own_words() -> None:
    listed = dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", (HERE / "README.md").read_text("utf-8"), re.M))
    said = {
        file.stem: (ast.get_docstring(ast.parse(file.read_text("utf-8"))) or "").partition(": ")[2]
        for file in [*IMPURE, *GOOD]
    }

    assert listed == said
