"""What a check is, and what it found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Check(NamedTuple):
    """One thing that must hold.

    Attributes:
        name: Its stable name.
        promise: What holds, in one sentence.
        sql: Selects the exceptions: *member* and *position* (either may be null), *place*, *what*.
        is_note: An exception is worth knowing, but no fault.
    """

    name: str
    promise: str
    sql: str
    is_note: bool = False


class Finding(NamedTuple):
    """One exception.

    Attributes:
        check: Name of the check.
        what: What is wrong, with the values.
        at: The table, and the row in it.
        member: Whose, or None.
        position: The fact concerned, or None.
    """

    check: str
    what: str
    at: str
    member: str | None
    position: int | None

    def line(self) -> str:
        """Return the finding as people read it."""
        whose = f"member {self.member!r}, " if self.member is not None else ""
        where = f", position {self.position}" if self.position is not None else ""
        return f"{whose}{self.at}{where}: {self.what}"


class Result(NamedTuple):
    """What one check found.

    Attributes:
        check: The check.
        total: How many exceptions there are.
        examples: The first of them, by position and member.
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
        "findings": [finding._asdict() for finding in findings],
        "notes": [note._asdict() for note in notes],
    }


def check_lines(findings: Findings) -> list[str]:
    """Return what was found as people read it."""
    lines = [line for result in findings.results for line in result.lines()]
    failed = sum(1 for result in findings.results if result.total and not result.check.is_note)
    verdict = f"{failed} found something" if failed else "all is well"
    return [*lines, f"{len(findings.results)} checks: {verdict}"]
