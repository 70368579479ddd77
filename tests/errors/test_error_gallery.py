"""Each kind of bad input, typed for real: what is said, the exit code, and that nothing is half-written."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from errors.fixtures import Play
from errors.gallery import gallery
from errors.golden import assert_golden
from errors.script import Typed, read_case

HERE = Path(__file__).parent
CASES = sorted(HERE.rglob("*.case"))
_ERROR = re.compile(r"loyalty: error: (?P<what>.*[^.])\n  at   (?P<at>.+)\n  try  (?P<hint>.*[^.])\n")
_CLASS_NAME = re.compile(
    r"\b(Loyalty|Usage|History|Fact|Rule|Plugin|Findings|Validation|Integrity|Operational)Error\b"
)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_bad_input_is_answered_as_the_gallery_says(
    path: Path, play: Play, pytestconfig: pytest.Config
) -> None:
    now = play(read_case(path))

    assert_golden(path, now.text(), config=pytestconfig)
    for answer in now.typed:
        assert_well_said(answer)
    is_noticed = any(answer.exit_code or "set aside" in answer.stdout for answer in now.typed)
    assert is_noticed != (path.parent.name == "no_error")


def assert_well_said(answer: Typed) -> None:
    """What an error looks like, STYLE 7.5: what, at, try; no traceback, no class name, no full stop."""
    assert "Traceback" not in answer.stderr + answer.stdout
    if "loyalty: error:" not in answer.stderr:
        return
    message = answer.stderr[answer.stderr.index("loyalty: error:") :]
    match = _ERROR.fullmatch(message)
    assert match, f"not of the form what, at, try:\n{message}"
    assert not re.match(r"[A-Z][a-z]", match["what"]), "starts in lower case"
    assert not _CLASS_NAME.search(match["what"]), "shows the name of a class"


def test_the_gallery_is_current(pytestconfig: pytest.Config) -> None:
    assert_golden(HERE / "README.md", gallery(HERE), config=pytestconfig)


@pytest.mark.parametrize("path", CASES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_case_is_written_the_one_way(path: Path) -> None:
    assert read_case(path).text() == path.read_text("utf-8")
