"""Timers: what rules have set and has not fired. The rows of a member the fold touched are replaced."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection

from ..fold import TimerRow
from .loading import delete_of_members


def rows_of(timers: Iterable[TimerRow]) -> list[TimerRow]:
    """Return the rows in the order of their key."""
    return sorted(timers)


def remove(connection: Connection, slot: str, members: Iterable[str]) -> None:
    """Delete the stored rows of *members*."""
    delete_of_members(connection, f"timers__{slot}", members)
