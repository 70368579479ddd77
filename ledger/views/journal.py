"""The journal: every entry, as the fold yields it. All other views of points can be had from it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from sqlalchemy import Connection

from ..journal import Entry
from ..store.bulk import stream_rows


def entries_by_member(connection: Connection, slot: str) -> Iterator[Entry]:
    """Yield the rows of the journal in *slot*, member by member, in the order they were booked.

    The rows are plain tuples in the columns of :class:`Entry`.
    """
    sql = f"SELECT * FROM journal__{slot} ORDER BY member, entry"  # noqa: S608 - our own names
    return cast(Iterator[Entry], stream_rows(connection, sql))
