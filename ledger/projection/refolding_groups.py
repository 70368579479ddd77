"""Folding one group anew, in the midst of live views: who was set aside from earlier on, or comes back.

What the views have of the group is taken out of them, and its facts are folded from the first one on. That is
what a rebuild comes to, for the one group.
"""

from __future__ import annotations

from sqlalchemy import Connection

from ..journal import Entry
from ..store.bulk import execute
from ..store.reading import facts_of
from ..tables import VIEWS
from ..views.loading import delete_of_members, rows_of_members
from ..views.quarantine import QuarantineRow
from .folding import Folder, Group
from .sheets import Sheets


def refold_group(
    connection: Connection, slot: str, group: Group, folder: Folder, sheets: Sheets
) -> list[QuarantineRow]:
    """Fold a group from its first fact on and replace its rows, in the caller's transaction.

    Args:
        connection: Of a writing.
        slot: Whose rows.
        group: All members who are connected at the position of the folder.
        folder: Folds up to the position of the views.
        sheets: Empty; they are so again at the end.

    Returns:
        Who of the group is set aside now.

    Raises:
        HistoryError: a stored fact cannot be read.
    """
    asides: list[QuarantineRow] = []
    _take_out(connection, slot, group, sheets)
    for harvest in folder.harvests(group, {}, facts_of(connection, group, upto=folder.upto), after=0):
        asides += harvest.asides
        sheets.write_more(harvest, connection, slot)
    sheets.update(connection, slot)
    # A day on which nobody else had an entry.
    execute(connection, f"DELETE FROM daily__{slot} WHERE entries = 0")  # noqa: S608 - our own names
    return asides


def _take_out(connection: Connection, slot: str, group: Group, sheets: Sheets) -> None:
    entries = map(Entry._make, rows_of_members(connection, VIEWS["journal"][slot].name, group))
    sheets.daily.take_out(entries)
    for tables in VIEWS.values():
        if "member" in tables[slot].columns:
            delete_of_members(connection, tables[slot].name, group)
