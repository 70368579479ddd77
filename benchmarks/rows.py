"""What a benchmark says: rows of figures, and what is not equal work."""

from __future__ import annotations

import os
import platform
import sqlite3
import textwrap
from collections.abc import Iterable
from typing import Any, NamedTuple

WIDTH = 100


class Row(NamedTuple):
    """One figure of ours and what stands beside it.

    Attributes:
        what: In words.
        unit: Of *ours* and *beside*.
        ours: Median.
        beside: Median of what stands beside it; None where nothing does.
        ratio: ours / beside, the median over turns measured one after the other.
        cpu_ratio: The same by the processor's time; None where it tells nothing.
        peak_mib: The most memory of any of our processes.
        goal: What issue 2 asks of *ratio*, in words.
    """

    what: str
    unit: str
    ours: float
    beside: float | None = None
    ratio: float | None = None
    cpu_ratio: float | None = None
    peak_mib: float | None = None
    goal: str = ""


class Finding(NamedTuple):
    """A benchmark's rows, and the notes without which they would mislead."""

    title: str
    rows: list[Row]
    notes: list[str]

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"title": self.title, "rows": [row._asdict() for row in self.rows], "notes": self.notes}

    def lines(self) -> list[str]:
        """Return it for people."""
        head = f"{self.title:<44}{'ours':>10}{'beside':>10} {'unit':<6}{'ratio':>7}{'CPU':>7}{'MiB':>5}  goal"
        notes = [line for note in self.notes for line in _wrapped(note)]
        return [head, "-" * WIDTH, *(_line(row) for row in self.rows), *notes, ""]


def machine() -> dict[str, str]:
    """Return what the figures were measured on, and how busy it was."""
    load = ", ".join(f"{load:.1f}" for load in os.getloadavg())
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} processors, {platform.platform(terse=True)}",
        "python": f"{platform.python_version()}, {platform.python_compiler()}",
        "sqlite": sqlite3.sqlite_version,
        "load": f"{load} (1, 5, 15 minutes)",
    }


def machine_lines(told: dict[str, str]) -> Iterable[str]:
    """Return it for people."""
    return (f"{name:<12}{what}" for name, what in told.items())


def _line(row: Row) -> str:
    figures = [_number(row.ours), _number(row.beside)]
    ratios = [_ratio(row.ratio), _ratio(row.cpu_ratio)]
    peak = f"{row.peak_mib:.0f}" if row.peak_mib else ""
    return (
        f"{row.what:<44}{figures[0]:>10}{figures[1]:>10} {row.unit:<6}{ratios[0]:>7}{ratios[1]:>7}{peak:>5}"
        f"  {row.goal}"
    ).rstrip()


def _number(number: float | None) -> str:
    if number is None:
        return ""
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:,.0f}x" if ratio >= 10 else f"{ratio:.3f}"


def _wrapped(note: str) -> list[str]:
    return textwrap.wrap(note, WIDTH, initial_indent="  * ", subsequent_indent="    ")
