"""A history as a file: a programme and what happened under it, one line each.

::

    # Saturday evening in New York is Sunday in Greenwich.
    programme ../../programme.toml

    2026-03-07 22:30  purchase.recorded  ann  amount=31.00 order=A-1
    2026-03-09        purchase.returned  ann  order=A-1 reason="too small"
    2026-06-01        programme  ../../summer.toml
    2027-03-07        time passes

The programme is a file named from the folder of the history. A line is a day, or a day and a time, of the
programme's zone; the type of a fact; whom it is about; and its fields as ``loyalty record --set`` takes them.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ...ledger.errors import LoyaltyError, UsageError
from ...ledger.exchange.recording import data_of
from ...ledger.facts import Registry
from ..catalogue import Catalogue
from .telling import Happening, Telling, fact, programme, time_passes

_TIME = re.compile(r"\d\d:\d\d(:\d\d(\.\d+)?)?")


class Line(NamedTuple):
    """A line of a history that says something, in words."""

    number: int
    words: list[str]


def told_history(path: Path, catalogue: Catalogue) -> Telling:
    """Return the story a file tells.

    Raises:
        LoyaltyError: naming the file and the line that cannot be read.
    """
    lines = _lines(path)
    first = next(lines, None)
    if first is None or len(first.words) != 2 or first.words[0] != "programme":
        raise UsageError(
            "a history begins with its programme", at=f"{path}:{first.number if first else 1}",
            hint="write: programme FILE.toml",
        )  # fmt: skip
    telling = Telling(_file(path, first), catalogue)
    for line in lines:
        try:
            _happening(line.words, path, catalogue.registry).tell(telling)
        except LoyaltyError as error:
            error.at = f"{path}:{line.number}"
            raise
    return telling


def _lines(path: Path) -> Iterator[Line]:
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            words = shlex.split(text, comments=True)
        except ValueError as error:
            raise UsageError(f"cannot read {text!r}: {error}", at=f"{path}:{number}") from error
        if words:
            yield Line(number, words)


def _file(path: Path, line: Line) -> Path:
    found = Path(os.path.normpath(path.parent / line.words[-1]))
    if not found.is_file():
        raise UsageError(f"no programme {line.words[-1]!r}", at=f"{path}:{line.number}")
    return found


def _happening(words: list[str], path: Path, registry: Registry) -> Happening:
    at, *rest = words
    if rest and _TIME.fullmatch(rest[0]):
        at = f"{at} {rest.pop(0)}"
    if rest == ["time", "passes"]:
        return time_passes(to=at)
    if len(rest) == 2 and rest[0] == "programme":
        return programme(_file(path, Line(0, rest)), since=at)
    if not rest:
        raise UsageError(f"nothing happens at {at!r}", hint="write: DAY TYPE MEMBER FIELD=VALUE")
    return _fact(at, rest, registry)


def _fact(at: str, words: list[str], registry: Registry) -> Happening:
    topic, *rest = words
    kind = registry.type_of(topic)
    subject = rest.pop(0) if kind.about != "programme" and rest else None
    fields: dict[str, Any] = data_of(kind, rest)
    return fact(topic, subject, at=at, **fields)
