"""The log: facts go in once, in one order without gaps, hashed, and never change.

Every append locks the head row first, so positions rise in the order of commits and a reader that has seen
position n has seen everything before it. All of an append is one transaction of the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from ..errors import LoyaltyError
from ..facts import Draft
from ..tables import fact_members, facts
from ..tables import head as head_table
from .admission import ADMIT_ALL, Admission, Outcome
from .bulk import execute, fetch_rows, insert_rows
from .database import Database
from .differences import differing_fields
from .leaf import hasher
from .lists import among, as_list, listed
from .merkle import frontier_extend, root_of
from .reading import Head, head_of

_CACHED_STREAMS = 50_000


class Log:
    """Appends facts. One object may serve many threads and transactions."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._versions: dict[str, int] = {}
        # The log, by its tree, for which the versions hold: another writer or a rollback makes another tree.
        self._versions_at: bytes | None = None

    def create(self, connection: Connection, *, ledger_id: str, now_us: int) -> None:
        """Make the empty log.

        Args:
            connection: Of a writing.
            ledger_id: Part of every leaf hash, for ever.
            now_us: The time, microseconds since 1970.

        Raises:
            LoyaltyError: there is one already.
        """
        if fetch_rows(connection, "SELECT id FROM head"):
            raise LoyaltyError("database holds a ledger already", hint="name another database")
        insert_rows(connection, head_table, [(1, ledger_id, 0, now_us, b"")])

    def lock(self, connection: Connection) -> Head:
        """Keep other writers out until the end of the transaction; return the end of the log.

        Raises:
            HistoryError: the ledger has not been made.
        """
        held = connection.info.get(_HELD)
        if held and held[0] is connection.get_transaction() and not connection.in_nested_transaction():
            head: Head = held[1]
            return head
        head = head_of(connection, is_locked=True)
        connection.info[_HELD] = connection.get_transaction(), head
        return head

    def append(
        self, connection: Connection, drafts: Sequence[Draft], *, now_us: int, import_id: int | None = None,
        admission: Admission = ADMIT_ALL,
    ) -> list[Outcome]:  # fmt: skip
        """Append the drafts that are new and admitted, in the caller's transaction; answer for each.

        Args:
            connection: Of a writing.
            drafts: Checked facts in the order they shall have.
            now_us: The time, microseconds since 1970. The facts of one call are recorded at one instant,
                later than every fact before.
            import_id: The import they come from.
            admission: The programme's policies.

        Raises:
            HistoryError: the ledger has not been made.
        """
        head = self.lock(connection)
        recorded_us = max(head.recorded_us + 1, now_us)
        known = _stored(connection, drafts)
        versions = self.versions(
            connection, head, (d.stream for d in drafts if (d.source, d.event_id) not in known)
        )
        position = head.position
        fresh: list[tuple[Draft, int]] = []
        outcomes: list[Outcome] = []
        for draft in drafts:
            key = (draft.source, draft.event_id)
            if key in known:
                outcomes.append(_repeated(draft, *known[key]))
                continue
            version = versions.get(draft.stream, 0) + 1
            if error := admission.refusal(draft, recorded_us, is_first=version == 1):
                outcomes.append(Outcome("refused", None, error=error))
                continue
            position += 1
            versions[draft.stream] = version
            known[key] = position, draft.state
            fresh.append((draft, version))
            outcomes.append(Outcome("created", position))
        self.write(connection, head, fresh, recorded_us=recorded_us, import_id=import_id)
        return outcomes

    def versions(self, connection: Connection, head: Head, streams: Iterable[str]) -> dict[str, int]:
        """Return the last version of streams at *head*; those without facts are left out."""
        if self._versions_at != head.frontier or len(self._versions) > _CACHED_STREAMS:
            self._versions = {}
            self._versions_at = head.frontier
        asked = dict.fromkeys(streams)
        missing = [stream for stream in asked if stream not in self._versions]
        if missing and head.position:
            sql = (
                "SELECT value, (SELECT max(version) FROM facts WHERE stream = value)"  # noqa: S608
                f" FROM {listed(connection, 'streams')} AS asked"
            )
            rows = fetch_rows(connection, sql, {"streams": as_list(connection, missing)})
            self._versions.update(row for row in rows if row[1] is not None)
        return {stream: self._versions[stream] for stream in asked if stream in self._versions}

    def write(
        self, connection: Connection, head: Head, drafts: Sequence[tuple[Draft, int]], *, recorded_us: int,
        import_id: int | None = None,
    ) -> Head:  # fmt: skip
        """Write drafts, each with its version, behind *head*; return the new head.

        Raises:
            sqlalchemy.exc.IntegrityError or the driver's: a version or an identity is there already.
        """
        if not drafts:
            return head
        leaf = hasher(head.ledger_id, recorded_us)
        rows, members, leaves = [], [], []
        position = head.position
        for draft, version in drafts:
            event_id, source, topic, stream, occurred_us, actor, named, state = draft
            position += 1
            hashed = leaf(position, stream, version, topic, state, occurred_us, actor, source, event_id)
            leaves.append(hashed)
            rows.append((
                position, stream, version, topic, state, source, event_id, occurred_us, recorded_us,
                import_id, None, hashed,
            ))  # fmt: skip
            if named:
                subject = stream[7:] if stream.startswith("member/") else named[0]
                members += [(member, position, subject) for member in named]
        frontier = frontier_extend(head.frontier, head.position, leaves)
        new = Head(head.ledger_id, position, recorded_us, frontier)
        execute(
            connection,
            "UPDATE head SET position = :position, recorded_us = :at, frontier = :frontier WHERE id = 1",
            {"position": position, "at": recorded_us, "frontier": frontier},
        )
        insert_rows(connection, facts, rows)
        insert_rows(connection, fact_members, members)
        connection.info[_HELD] = connection.get_transaction(), new
        if self._versions_at == head.frontier:
            self._versions.update((draft.stream, version) for draft, version in drafts)
            self._versions_at = frontier
        return new

    def last_position_of(self, connection: Connection, members: Sequence[str]) -> int:
        """Return the last position that concerns these members or the programme, 0 if there is none.

        A command that folded up to a position at or above it has decided on all there is to know.
        """
        sql = (
            "SELECT max(last) FROM (SELECT (SELECT position FROM facts WHERE stream = value"  # noqa: S608
            f" ORDER BY version DESC LIMIT 1) AS last FROM {listed(connection, 'streams')} AS s"
            " UNION ALL SELECT (SELECT max(position) FROM fact_members WHERE member = value) AS last"
            f" FROM {listed(connection, 'members')} AS m) AS every"
        )
        streams = ["programme", *(f"member/{member}" for member in members)]
        params = {"streams": as_list(connection, streams), "members": as_list(connection, members)}
        return fetch_rows(connection, sql, params)[0][0] or 0

    def root(self, connection: Connection) -> bytes:
        """Return the root of the Merkle tree over every fact, 32 bytes (RFC 6962)."""
        head = head_of(connection)
        return root_of(head.frontier, head.position)


_HELD = "loyalty_head"


def _stored(connection: Connection, drafts: Sequence[Draft]) -> dict[tuple[str, str], tuple[int, bytes]]:
    by_source: dict[str, list[str]] = {}
    for draft in drafts:
        by_source.setdefault(draft.source, []).append(draft.event_id)
    sql = (
        "SELECT event_id, position FROM facts WHERE source = :source"  # noqa: S608
        f" AND event_id {among(connection, 'ids')}"
    )
    found: dict[tuple[str, str], tuple[int, bytes]] = {}
    for source, ids in by_source.items():
        hits = fetch_rows(connection, sql, {"source": source, "ids": as_list(connection, ids)})
        positions = ", ".join(str(position) for _, position in hits)
        if positions:
            sql_of_states = f"SELECT position, state FROM facts WHERE position IN ({positions})"  # noqa: S608
            by_position = dict(fetch_rows(connection, sql_of_states))
            found.update(((source, key), (position, by_position[position])) for key, position in hits)
    return found


def _repeated(draft: Draft, position: int, state: bytes) -> Outcome:
    if state == draft.state:
        return Outcome("duplicate", position)
    return Outcome("conflict", position, differing_fields(state, draft.state))


__all__ = ["Admission", "Head", "Log", "Outcome"]
