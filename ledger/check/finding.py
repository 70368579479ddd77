"""What a check is, and what it found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Check(NamedTuple):
    """One thing that must hold.

    Attributes:
        name: Its stable name.
        promise: What holds, in one sentence.
        sql: Selects the exceptions: *member* and *position* (either may be null), *place*, *what*; '' where
            only folding the facts once more finds them.
        is_note: An exception is worth knowing, but no fault.
    """

    name: str
    promise: str
    sql: str = ""
    is_note: bool = False


class Cell(NamedTuple):
    """Where a stored row is not what the facts give.

    Attributes:
        table: The view, or the table of the log.
        key: The row's key, by column, the member left out.
        column: The column; None if the whole row is missing, or is one too many.
        stored: Its value, bytes in hexadecimal; of a whole row all values by column, None if it is missing.
        expected: The same of what the facts give.
    """

    table: str
    key: Mapping[str, object]
    column: str | None
    stored: object
    expected: object


class Finding(NamedTuple):
    """One exception.

    Attributes:
        check: Name of the check.
        what: What is wrong, with the values.
        at: The table, and the row in it.
        member: Whose, or None.
        position: The fact concerned, or None.
        cell: The stored and the expected value, or None if no row was compared.
    """

    check: str
    what: str
    at: str
    member: str | None
    position: int | None
    cell: Cell | None = None

    def line(self) -> str:
        """Return the finding as people read it."""
        whose = f"member {self.member!r}, " if self.member is not None else ""
        where = f", position {self.position}" if self.position is not None else ""
        return f"{whose}{self.at}{where}: {self.what}"

    def fields(self) -> dict[str, object]:
        """Return the finding as programs read it."""
        return {**self._asdict(), "cell": self.cell._asdict() if self.cell else None}


class Result(NamedTuple):
    """What one check found.

    Attributes:
        check: The check.
        total: How many exceptions there are.
        examples: The first of them, by position and member, or by the key of the row.
    """

    check: Check
    total: int
    examples: tuple[Finding, ...]

    def lines(self) -> list[str]:
        """Return the result as people read it; nothing if nothing was found."""
        if not self.total:
            return []
        kind = "note" if self.check.is_note else "found"
        lines = [f"{kind}: {self.check.name} ({self.total:,}) - {self.check.promise}"]
        lines += [f"  {example.line()}" for example in self.examples]
        if self.total > len(self.examples):
            lines.append(f"  and {self.total - len(self.examples):,} more")
        return lines


class Findings(list[Finding]):
    """The examples of every check that is no note: empty if all is well.

    Attributes:
        results: What each check found, notes too.
    """

    def __init__(self, results: Iterable[Result]) -> None:
        self.results = tuple(results)
        super().__init__(
            example for result in self.results if not result.check.is_note for example in result.examples
        )


def check_fields(findings: Findings) -> dict[str, object]:
    """Return what was found as programs read it."""
    notes = [example for result in findings.results if result.check.is_note for example in result.examples]
    return {
        "is_sound": not findings,
        "checks": [
            {"check": result.check.name, "promise": result.check.promise, "count": result.total}
            for result in findings.results
        ],
        "findings": [finding.fields() for finding in findings],
        "notes": [note.fields() for note in notes],
    }


def check_lines(findings: Findings) -> list[str]:
    """Return what was found as people read it."""
    lines = [line for result in findings.results for line in result.lines()]
    failed = sum(1 for result in findings.results if result.total and not result.check.is_note)
    verdict = f"{failed} found something" if failed else "all is well"
    return [*lines, f"{len(findings.results)} checks: {verdict}"]
