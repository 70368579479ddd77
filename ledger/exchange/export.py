"""Facts out again, byte for byte as they are stored: CloudEvents, one a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from ..store.bulk import stream_rows
from ..store.database import Database
from ..store.reading import facts_of


def export_facts(database: Database, out: BinaryIO, *, member: str | None = None, after: int = 0) -> int:
    """Write stored facts in the order of the log; return how many.

    Args:
        database: Where they are.
        out: What they are written to.
        member: Only the facts of this member, those of others that name the member included.
        after: Only facts behind this position.
    """
    written = 0
    with database.reading() as connection:
        states: Iterable[bytes]
        if member is None:
            sql = "SELECT state FROM facts WHERE position > :after ORDER BY position"
            states = (row[0] for row in stream_rows(connection, sql, {"after": after}))
        else:
            states = (fact.state for fact in facts_of(connection, [member], after=after))
        for state in states:
            out.write(bytes(state) + b"\n")
            written += 1
    return written
