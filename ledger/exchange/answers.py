"""What an import and its rejects look like, for people and for programs."""

from __future__ import annotations

from typing import Any

from ..calendar import rfc3339
from ..units import money_text
from .rejects import Reject, Retried
from .summary import Summary

_SHOWN_BYTES = 200


def summary_fields(summary: Summary) -> dict[str, Any]:
    """Return an import's summary for programs; amounts in minor units by currency."""
    return {**summary._asdict(), "problems": [problem._asdict() for problem in summary.problems]}


def summary_lines(summary: Summary, file: str, *, is_dry_run: bool) -> list[str]:
    """Return an import's summary for people."""
    lines = [
        f"{file}: {counted(summary.rows, 'row')} read" + (", nothing stored (dry run)" if is_dry_run else "")
    ]
    things = "fact" if summary.imported == 1 else "facts"
    lines.append(f"  {'would import' if is_dry_run else 'imported':<13}{summary.imported:>12,} {things}")
    for label, count in (
        ("duplicates", summary.duplicates),
        ("conflicting", summary.conflicting),
        ("rejected", summary.rejected),
    ):
        lines.append(f"  {label:<13}{count:>12,}")
    for currency, minor in sorted(summary.totals_minor.items()):
        lines.append(f"  {'purchases':<13}{money_text(minor, currency):>15}")
    if summary.first_position is not None and not is_dry_run:
        lines.append(f"  {'positions':<13}{summary.first_position:>12,} to {summary.last_position:,}")
    for problem in summary.problems:
        column = f", column {problem.column}" if problem.column else ""
        lines.append(f"  line {problem.line:,}{column}: {problem.reason} ({problem.code})")
    rest = summary.rejected + summary.conflicting - len(summary.problems)
    return [*lines, f"  and {rest:,} more"] if rest > 0 else lines


def counted(number: int, thing: str) -> str:
    """Return a number of things, in words.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number:,} {thing}{'s' * (number != 1)}"


def reject_fields(reject: Reject) -> dict[str, Any]:
    """Return a reject for programs; bytes that are no UTF-8 are shown escaped."""
    fields = reject._asdict()
    fields["content"] = reject.content.decode(errors="backslashreplace")
    fields["rejected"] = rfc3339(fields.pop("rejected_us"))
    retried_us = fields.pop("retried_us")
    fields["retried"] = None if retried_us is None else rfc3339(retried_us)
    return fields


def reject_lines(reject: Reject) -> list[str]:
    """Return a reject for people: where, why, and the row as it was."""
    column = f", column {reject.column}" if reject.column else ""
    row = reject.content[:_SHOWN_BYTES].decode(errors="backslashreplace").rstrip("\n").splitlines()
    went_in = "" if reject.retried_us is None else "  went in since"
    shown = [f"    {line}" for line in row[:3]]
    more = [f"    … {len(row) - 3} rows more"] if len(row) > 3 else []
    return [
        f"{reject.id}  {reject.file}, line {reject.line:,}{column}{went_in}",
        f"    {reject.reason} ({reject.code})", *shown, *more,
    ]  # fmt: skip


def retried_fields(retried: Retried) -> dict[str, Any]:
    """Return a retry's result for programs."""
    return retried._asdict()


def retried_lines(retried: Retried) -> list[str]:
    """Return a retry's result for people."""
    return [f"{retried.tried:,} tried, {retried.passed:,} went in, {retried.still:,} stay rejected"]
