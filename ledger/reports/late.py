"""Facts that were told late, or retracted where that is restated, and what each changed (``report late``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from ..calendar import DAY_US, Zone, rfc3339
from .footer import Footer, footer
from .typesetting import counted, day, minute, set_lines, zone_of

_ENTRIES = """
    SELECT j.position, j.member, f.topic, f.occurred_us, min(j.booked_us) AS booked_us, count(*) AS entries,
        sum(CASE WHEN j.points + j.pending > 0 THEN j.points + j.pending ELSE 0 END) AS given_points,
        -sum(CASE WHEN j.points + j.pending < 0 THEN j.points + j.pending ELSE 0 END) AS taken_points
    FROM journal j JOIN facts f ON f.position = j.position
    WHERE j.is_late AND j.position > :since
    GROUP BY j.position, j.member, f.topic, f.occurred_us
"""
_MOVES = """
    SELECT m.position, m.member, f.topic, f.occurred_us, m.booked_us, m.ladder, m.old, m.rung
    FROM moves m JOIN facts f ON f.position = m.position
    WHERE m.is_late AND m.position > :since ORDER BY m.position, m.member, m.ladder, m.number
"""


@dataclass(frozen=True, kw_only=True)
class LateReport:
    """What late facts changed, in the order they were told.

    Attributes:
        rows: A fact and a member each: when it happened, when it was booked, points given and taken, moves.
    """

    rows: list[dict[str, Any]]
    zone: Zone
    footer: Footer

    def fields(self) -> dict[str, Any]:
        """Return the report for programs; the keys are an interface."""
        return {
            "late": [
                {
                    **{name: row[name] for name in ("position", "member", "topic", "entries")},
                    "occurred": rfc3339(row["occurred_us"]), "booked": rfc3339(row["booked_us"]),
                    "given_points": row["given_points"], "taken_points": row["taken_points"],
                    "moves": [
                        {"ladder": ladder, "old": old or None, "rung": rung or None}
                        for ladder, old, rung in row["moves"]
                    ],
                } for row in self.rows
            ],
            "footer": self.footer.fields(),
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """Yield the report for people, at most 80 columns."""
        for row in self.rows:
            late_days = (row["booked_us"] - row["occurred_us"]) // DAY_US
            behind = f", booked {counted(late_days, 'day')} later" if late_days else ""
            yield from set_lines(
                f"{row['member']}: {row['topic']} of {minute(row['occurred_us'], self.zone)}{behind}",
                lead=f"{row['position']:>8,}  ",
            )  # fmt: skip
            yield from set_lines(self._changes(row), lead=f"{'':10}")
        given, taken = (sum(row[name] for row in self.rows) for name in ("given_points", "taken_points"))
        facts = len({row["position"] for row in self.rows})
        if facts:
            yield f"{counted(facts, 'late fact')}: {given:,} points given, {taken:,} taken"
        else:
            yield "nothing that was told late has changed anything"
        yield self.footer.line()

    def _changes(self, row: dict[str, Any]) -> str:
        told = []
        if row["given_points"]:
            told.append(f"+{row['given_points']:,} points")
        if row["taken_points"]:
            told.append(f"-{row['taken_points']:,} points")
        told += [f"{ladder} {old or 'none'} -> {rung or 'none'}" for ladder, old, rung in row["moves"]]
        return f"{', '.join(told) or 'no change of points'} on {day(row['booked_us'], self.zone)}"


def late_report(connection: Connection, *, since: int = 0) -> LateReport:
    """Return what late facts behind a position changed.

    Raises:
        HistoryError: nothing has been projected yet.
    """
    foot = footer(connection)
    rows: dict[tuple[int, str], dict[str, Any]] = {}
    for found in connection.execute(text(_ENTRIES), {"since": since}).mappings():
        numbers = {name: int(found[name]) for name in ("entries", "given_points", "taken_points")}
        rows[found["position"], found["member"]] = {**found, **numbers, "moves": []}
    for move in connection.execute(text(_MOVES), {"since": since}):
        key = move.position, move.member
        row = rows.setdefault(key, {
            "position": move.position, "member": move.member, "topic": move.topic,
            "occurred_us": move.occurred_us, "booked_us": move.booked_us, "entries": 0, "given_points": 0,
            "taken_points": 0, "moves": [],
        })  # fmt: skip
        row["moves"].append((move.ladder, move.old, move.rung))
    ordered = [rows[key] for key in sorted(rows)]
    return LateReport(rows=ordered, zone=zone_of(connection), footer=foot)
