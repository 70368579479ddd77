"""What rules recommend that a person should do (``actions list``)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from ..calendar import DAY_US, HOUR_US, Zone, rfc3339
from .footer import Footer, footer
from .member import is_known, unknown_member
from .timeline import advances
from .typesetting import counted, day, minute, set_lines, zone_of


@dataclass(frozen=True, kw_only=True)
class ActionList:
    """Actions, the most urgent first.

    Attributes:
        clock_us: The latest instant the views have seen, by a fact or an advance: what is due by then is
            overdue.
    """

    rows: list[dict[str, Any]]
    clock_us: int
    zone: Zone
    footer: Footer

    def fields(self) -> dict[str, Any]:
        """Return the list for programs; the keys are an interface."""
        return {
            "actions": [
                {
                    **{
                        name.removesuffix("_us"): _instant(value) if name.endswith("_us") else value
                        for name, value in row.items()
                    },
                    "is_overdue": self._is_overdue(row),
                } for row in self.rows
            ],
            "clock": rfc3339(self.clock_us) if self.rows else None,
            "footer": self.footer.fields(),
        }  # fmt: skip

    def lines(self) -> Iterator[str]:
        """Yield the list for people, at most 80 columns."""
        for row in self.rows:
            yield from set_lines(f"{row['member']}: {row['action']}", lead=f"{self._when(row):<18}")
            since = f"since {day(row['booked_us'], self.zone)}"
            if row["status"] == "open" and row["reason"]:
                yield from set_lines(f"{row['reason']} ({row['rule']}, {since})", lead=f"{'':18}")
            elif row["status"] == "done":
                yield from set_lines(self._done(row), lead=f"{'':18}")
        overdue = sum(self._is_overdue(row) for row in self.rows)
        count = sum(row["status"] == "open" for row in self.rows)
        words = f"{counted(count, 'open action')}" if count else "nothing to do"
        words += f", {overdue:,} overdue at {minute(self.clock_us, self.zone)}" if overdue else ""
        yield from (*[""] * bool(self.rows), words, "", self.footer.line())

    def _is_overdue(self, row: dict[str, Any]) -> bool:
        return row["status"] == "open" and row["due_us"] is not None and row["due_us"] <= self.clock_us

    def _when(self, row: dict[str, Any]) -> str:
        if row["status"] != "open":
            return str(row["status"])
        if row["due_us"] is None:
            return "no deadline"
        if self._is_overdue(row):
            late_us = self.clock_us - row["due_us"]
            if late_us >= DAY_US:
                return f"{counted(late_us // DAY_US, 'day')} late"
            return f"{counted(late_us // HOUR_US, 'hour')} late" if late_us >= HOUR_US else "due now"
        return minute(row["due_us"], self.zone)

    def _done(self, row: dict[str, Any]) -> str:
        outcome = f": {row['outcome']}" if row["outcome"] else ""
        staff = f", by {row['staff']}" if row["staff"] else ""
        return f"{day(row['done_us'], self.zone)}{staff}{outcome}"


def action_list(connection: Connection, *, member: str | None = None, is_all: bool = False) -> ActionList:
    """Return the actions that are open, or all there ever were.

    Args:
        connection: Of a reading.
        member: Only this member's.
        is_all: Also those done, and those whose recommendation was taken back.

    Raises:
        LoyaltyError: no fact names the member.
    """
    foot = footer(connection)
    if member is not None and not is_known(connection, member):
        raise unknown_member(member)
    conditions = ["member = :member"] * (member is not None) + ["status = 'open'"] * (not is_all)
    where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
    rows = connection.execute(
        text(
            "SELECT member, action, status, due_us, booked_us, reason, rule, position, fact, "  # noqa: S608
            f"done_us, done_position, outcome, staff FROM actions {where}"
            "ORDER BY CASE WHEN status = 'open' THEN 0 ELSE 1 END, "
            "CASE WHEN due_us IS NULL THEN 1 ELSE 0 END, due_us, booked_us, member, action"
        ), {} if member is None else {"member": member},
    )  # fmt: skip
    found = [dict(row._mapping) for row in rows]
    return ActionList(
        rows=found, clock_us=_clock(connection, foot.position) if found else 0, zone=zone_of(connection),
        footer=foot,
    )  # fmt: skip


def _clock(connection: Connection, upto: int) -> int:
    booked_us = connection.execute(text("SELECT max(clock_us) FROM member_states")).scalar()
    return max([at_us for _, at_us in advances(connection, upto)] + [int(booked_us or 0)])


def _instant(at_us: int | None) -> str | None:
    return None if at_us is None else rfc3339(at_us)
