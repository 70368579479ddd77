"""Member states: what the fold needs to go on from, written in the transaction of the rows it led to."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from ..store.bulk import fetch_rows
from .loading import rows_of_members


def load(connection: Connection, slot: str, members: Iterable[str]) -> dict[str, bytes]:
    """Return the stored states of *members*."""
    return {row[0]: row[4] for row in rows_of_members(connection, f"member_states__{slot}", members)}


def members_due(connection: Connection, slot: str, until_us: int) -> list[str]:
    """Return the members with something due up to an instant, set-aside ones left out."""
    rows = fetch_rows(
        connection,
        f"SELECT member FROM member_states__{slot} WHERE due_us <= :until_us"  # noqa: S608 - our own names
        f" AND member NOT IN (SELECT member FROM quarantine__{slot}) ORDER BY member",
        {"until_us": until_us},
    )
    return [row[0] for row in rows]
