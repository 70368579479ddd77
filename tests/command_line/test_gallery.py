"""Small stories, told and explained: what an auditor reads, kept as text that people review."""

from __future__ import annotations

import shlex
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from errors.fixtures import Play
from errors.golden import assert_golden, is_updating
from errors.script import Case, read_case

GALLERY = Path(__file__).parent / "gallery"
STORIES = sorted(GALLERY.glob("*.case"))
WIDTH = 80
SIGNS = {"×"}
"""What pages may hold beside ASCII: the one sign of arithmetic that rules use."""


def recorded(number: int, line: str) -> str:
    """Return the command that records a line of a story: day, time, member, type, fields."""
    day, hour, *words = shlex.split(line)
    at = datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=ZoneInfo("Europe/Berlin")).isoformat()
    if words == ["advance"]:
        return shlex.join(["loyalty", "advance", "--to", at])
    member, topic, *fields = words
    if any(field.startswith(("amount=", "cost=")) for field in fields):
        fields.append("currency=EUR")
    options = [word for field in fields for word in ("--set", field)]
    return shlex.join(
        ["loyalty", "record", topic, member, "--at", at, "--id", f"T-{number}", "--source", "till", *options]
    )


def told(case: Case, play: Play, folder: Path, *more: str) -> Case:
    """Play a case whose story is lines of facts, under the club's programme."""
    shutil.copy(GALLERY / "club.toml", folder)
    story = [recorded(*numbered) for numbered in enumerate(case.files["story"].splitlines(), start=1)]
    given = [*more, "no ledger", "loyalty db upgrade", "loyalty init --programme club.toml", *story]
    now = play(replace(case, given=[*given, "loyalty project run"]))
    return replace(now, given=case.given)


def test_there_are_stories() -> None:
    assert len(STORIES) >= 9


@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.stem)
def test_a_story_reads_as_written(path: Path, play: Play, folder: Path, pytestconfig: pytest.Config) -> None:
    now = told(read_case(path), play, folder)

    assert [answer.stderr for answer in now.typed if answer.stderr] == []
    assert_golden(path, now.text(), config=pytestconfig)
    for answer in now.typed:
        for line in answer.stdout.splitlines():
            assert len(line) <= WIDTH, f"{answer.command}: {line}"
            assert {letter for letter in line if not letter.isascii()} <= SIGNS, line
            assert line == line.rstrip(), f"{answer.command}: blanks at the end of {line!r}"


@pytest.mark.parametrize("name", ["referral", "complaint_in_time", "late_week", "whole_club", "retraction"])
def test_a_story_reads_the_same_on_postgresql(
    name: str, play: Play, folder: Path, pytestconfig: pytest.Config
) -> None:
    case = read_case(GALLERY / f"{name}.case")
    if is_updating(pytestconfig):
        pytest.skip("golden files are written on SQLite")

    assert told(case, play, folder, "on PostgreSQL").typed == case.typed
