"""Golden histories: a history, and beside it the journal it must come to, for people to read and review.

``tests/histories/saturday.history`` is told by hand (:mod:`.history`), ``saturday.journal`` is written by
``pytest --update``: every fact, what the rules answered to it, why they gave nothing, and every balance.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path

from ...ledger.calendar import Zone
from ...ledger.reports.typesetting import minute
from .answering import plugins
from .history import told_history
from .outcome import Outcome, Step, folded, happened_us, standing, told

_WIDTH = 18


def journal_of(history: Path) -> Path:
    """Return where the journal of a history stands."""
    return history.with_suffix(".journal")


def journal_text(history: Path, rules_dir: Path | None = None) -> str:
    """Return what a history comes to under the installed rules, and those of a folder.

    Raises:
        LoyaltyError: the history cannot be read, or a rule failed.
    """
    telling = told_history(history, plugins(rules_dir))
    steps, group = folded(telling.story)
    zone = telling.zone
    lines = [f"# {history.name}: times of {zone.name}. Written by pytest --update.", ""]
    for step in steps[1:]:
        lines += _step_lines(step, zone)
    lines += ["", "in the end"]
    return "\n".join([*lines, *(f"{'':{_WIDTH}}{out.line(zone)}" for out in standing(group))]) + "\n"


def _step_lines(step: Step, zone: Zone) -> Iterator[str]:
    """Yield what had been due before a fact, the fact, and what it led to: each with its minute, once."""
    outcomes = [out for out in step.outcomes if out.kind != "noted"]
    at_us = happened_us(step.fact)
    due = [out for out in outcomes if out.booked_us is not None and out.booked_us < at_us]
    shown = ""
    for words, out in [
        *_worded(due, zone),
        (told(step.fact), None),
        *_worded(outcomes[len(due) :], zone),
    ]:
        minute_ = minute(at_us if out is None or out.booked_us is None else out.booked_us, zone)
        yield f"{minute_ if out is None or minute_ != shown else '':{_WIDTH}}{words}"
        shown = minute_


def _worded(outcomes: list[Outcome], zone: Zone) -> list[tuple[str, Outcome | None]]:
    return [(f"  {out.line(zone)}", out) for out in outcomes]


def difference(history: Path, rules_dir: Path | None = None) -> str:
    """Return how a history differs from the journal beside it, as a unified diff; '' if it does not.

    Raises:
        LoyaltyError: the history cannot be read, or a rule failed.
    """
    file, now = journal_of(history), journal_text(history, rules_dir)
    then = file.read_text(encoding="utf-8") if file.exists() else ""
    return "\n".join(
        difflib.unified_diff(then.splitlines(), now.splitlines(), str(file.name), "now", lineterm="", n=3)
    )


def write_journal(history: Path, rules_dir: Path | None = None) -> None:
    """Write what a history comes to now beside it, unless it stands there already."""
    file, now = journal_of(history), journal_text(history, rules_dir)
    if not file.exists() or file.read_text(encoding="utf-8") != now:
        file.write_text(now, encoding="utf-8")
