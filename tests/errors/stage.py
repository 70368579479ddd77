"""Runs a case: its folder, its surroundings, its commands through the real command line, and what is left."""

from __future__ import annotations

import importlib
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import count
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from errors.content import written
from errors.script import Case, Typed
from errors.surroundings import SERVER, Place, surrounded
from loyalty_ledger import cli
from loyalty_ledger.ledger.calendar import instant_us

NOW = "2026-06-01T12:00:00Z"
SHOP = Path(__file__).parent / "shop"
_ALONE = "in a process of its own"
# What differs from one version of a plugin to the next, and says nothing to a reader.
_CHANGING = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<64 hex digits>"),
    (re.compile(r"\b[0-9a-f]{12}…"), "<12 hex digits>…"),
    (re.compile(r"\b[\d,]+ bytes"), "<n> bytes"),
    (re.compile(r"\b0x[0-9a-f]{6,8}\b"), "<CRC>"),
)
_CHOICES = ("no ledger", "on PostgreSQL", _ALONE)


class FixedUuids:
    """Counts instead of drawing lots, so that a transcript can be compared."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def uuid4(self) -> uuid.UUID:
        """Return the next id."""
        return uuid.UUID(int=0x4000_8000_0000_0000_0000 + next(self._numbers))


def still(patch: pytest.MonkeyPatch) -> None:
    """Let the command line see a fixed time and ids in their order."""
    patch.setattr(cli, "now_us", lambda: instant_us(NOW))
    patch.setattr(cli, "uuid", FixedUuids())
    patch.setenv("COLUMNS", "100")


def typed(words: list[str]) -> Typed:
    """Run one command line in this process and return what it answered."""
    for name in [name for name in sys.modules if name.startswith("stranger_")]:
        # Another command is another process: it imports plugins anew.
        del sys.modules[name]
    importlib.invalidate_caches()
    result = CliRunner().invoke(cli.main, words, prog_name="loyalty", catch_exceptions=True)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise AssertionError(f"a traceback at: loyalty {shlex.join(words)}") from result.exception
    return Typed(shlex.join(["loyalty", *words]), result.stdout, result.stderr, result.exit_code)


def typed_alone(words: list[str]) -> Typed:
    """Run one command line in a process of its own."""
    command = Path(sys.executable).with_name("loyalty")
    done = subprocess.run([command, *words], capture_output=True, text=True, check=False, timeout=60)
    return Typed(shlex.join(["loyalty", *words]), done.stdout, done.stderr, done.returncode)


class Stage:
    """Where a case is played: a folder that is the current one, with the files of the shop."""

    def __init__(self, case: Case, place: Place, template: Path) -> None:
        self.case, self.place = case, place
        for path in SHOP.iterdir():
            shutil.copy(path, place.folder)
        self._write_files()
        if "no ledger" not in case.given and place.url.startswith("sqlite"):
            shutil.copy(template, place.file)
        elif "no ledger" not in case.given:
            self._quietly("loyalty init --programme shop.toml")
            still(place.patch)

    def play(self) -> Case:
        """Run what the case says and return it as it went."""
        run = typed_alone if _ALONE in self.case.given else typed
        with ExitStack() as stack:
            for line in self.case.given:
                if line.startswith("loyalty "):
                    self._quietly(line)
                elif line not in _CHOICES:
                    surrounded(stack, self.place, line)
            said = [self._said(run(shlex.split(one.command)[1:]), one.command) for one in self.case.typed]
        return replace(self.case, typed=said, left=left(self.place))

    def _said(self, answer: Typed, command: str) -> Typed:
        stdout, stderr = (_ended(self._shown(text)) for text in (answer.stdout, answer.stderr))
        return Typed(command, stdout, stderr, answer.exit_code)

    def _shown(self, text: str) -> str:
        if not self.place.url.startswith("sqlite"):
            text = re.sub(r"postgresql://[^\s\"']+", SERVER, text)
        text = text.replace(str(self.place.folder), "…").replace(sys.prefix, "…/.venv")
        for pattern, shown in _CHANGING:
            text = pattern.sub(shown, text)
        return text

    def _write_files(self) -> None:
        for name, text in self.case.files.items():
            path, *words = [word.strip() for word in name.split("|")]
            target = self.place.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(written(text, words))
        for folder in {target.parent for target in self.place.folder.glob("*/*.dist-info")}:
            self.place.patch.syspath_prepend(str(folder))

    def _quietly(self, line: str) -> None:
        answer = typed(shlex.split(line)[1:])
        assert answer.exit_code in (0, 7), f"{line}: {answer.stderr}"


def _ended(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def left(place: Place) -> str:
    """Return what the database holds, in words, after checking that nothing is half-written."""
    try:
        rows = list(_counted(place))
    except (sqlite3.DatabaseError, psycopg.Error):
        return "no ledger"
    if rows is None or not rows:
        return "no ledger"
    facts, last, head, streams, rejected = rows
    assert facts == last == head == streams, f"half-written: {rows}"
    words = [f"{facts} fact{'s' * (facts != 1)}"]
    return ", ".join(words + [f"{rejected} reject{'s' * (rejected != 1)}"] * bool(rejected))


_COUNTS = (
    "SELECT count(*) FROM facts",
    "SELECT coalesce(max(position), 0) FROM facts",
    "SELECT position FROM head",
    "SELECT coalesce(sum(last), 0) FROM (SELECT max(version) AS last FROM facts GROUP BY stream) AS s",
    "SELECT count(*) FROM rejects WHERE retried_us IS NULL",
)


def _counted(place: Place) -> Iterator[int]:
    if not place.url.startswith("sqlite"):
        with psycopg.connect(place.url) as server:
            yield from (int(server.execute(query.encode()).fetchone()[0]) for query in _COUNTS)  # type: ignore[index]
    elif place.file.is_file():
        with closing(sqlite3.connect(place.file)) as connection:
            yield from (int(connection.execute(query).fetchone()[0]) for query in _COUNTS)


__all__ = ["NOW", "SHOP", "Stage", "left", "still", "typed", "typed_alone"]
