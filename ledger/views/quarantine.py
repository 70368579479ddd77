"""Quarantine: members set aside because a rule failed, and the position from which they are not folded."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from ..store.bulk import fetch_rows


class QuarantineRow(NamedTuple):
    """A member set aside, in the columns of the table ``quarantine``."""

    member: str
    position: int
    """The fact or advance that failed, or from which on an operator left it out; nothing of it was kept."""
    rule: str
    error: str


def members_aside(connection: Connection, slot: str) -> dict[str, int]:
    """Return every member set aside, and from which position on."""
    return dict(fetch_rows(connection, f"SELECT member, position FROM quarantine__{slot}"))  # noqa: S608


def rows_aside(connection: Connection, slot: str) -> list[QuarantineRow]:
    """Return every member set aside, by name."""
    sql = f"SELECT member, position, rule, error FROM quarantine__{slot} ORDER BY member"  # noqa: S608
    return [QuarantineRow._make(row) for row in fetch_rows(connection, sql)]
