"""The index of the members that facts name: what folds and reports find the facts of others by."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import Connection

from ..projection.prefix import Decoders
from ..store.bulk import stream_rows
from ..store.lists import among, as_list
from ..store.reading import FactRow
from .finding import Check, Finding
from .of_rows import Columns, Row

CHECK = Check("named-members-are-facts", "The index of members named by facts is what the facts name.")
_COLUMNS = Columns(CHECK, "fact_members", ("position", "member", "subject"), 2)


def differing_names(connection: Connection, decoders: Decoders, upto: int) -> Iterator[Finding]:
    """Yield where the index is not what the facts up to a position name.

    Raises:
        HistoryError: a stored fact cannot be read.
    """
    source = "(SELECT * FROM fact_members WHERE position <= :upto) AS named"
    stored = stream_rows(connection, _COLUMNS.select(source), {"upto": upto})
    return _COLUMNS.differences(stored, _named(connection, decoders, upto))


def _named(connection: Connection, decoders: Decoders, upto: int) -> Iterator[Row]:
    sql = (
        "SELECT position, stream, topic, occurred_us, state FROM facts WHERE position <= :upto"  # noqa: S608
        f" AND topic {among(connection, 'topics')} ORDER BY position"
    )
    params = {"upto": upto, "topics": as_list(connection, sorted(decoders.naming))}
    for raw in stream_rows(connection, sql, params):
        row = FactRow._make(raw)
        named = decoders.fact(row).data.members()
        subject = row.stream[7:] if row.stream.startswith("member/") else None
        for member in sorted({member for member in named if member != subject}):
            yield row.position, member, named[0] if subject is None else subject
