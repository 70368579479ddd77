"""Quarantine: members set aside because a rule failed, and the position from which they are not folded."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from ..store.bulk import fetch_rows


class QuarantineRow(NamedTuple):
    """A member set aside, in the columns of the table ``quarantine``."""

    member: str
    position: int
    """The fact or advance that failed; nothing of it was kept."""
    rule: str
    error: str


def members_aside(connection: Connection, slot: str) -> set[str]:
    """Return every member set aside."""
    rows = fetch_rows(connection, f"SELECT member FROM quarantine__{slot}")  # noqa: S608 - our own names
    return {row[0] for row in rows}
