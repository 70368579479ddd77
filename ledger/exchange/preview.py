"""What an append would answer, found out without writing: the dry run of an import."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from sqlalchemy import Connection

from ..facts import Draft
from ..store.bulk import fetch_rows
from ..store.differences import differing_fields
from ..store.lists import as_list, listed
from ..store.log import Admission, Log, Outcome
from ..store.reading import head_of
from .chunk import digest_of


class Preview:
    """Answers for drafts as the log would, remembering those before in a temporary file."""

    def __init__(self, log: Log, admission: Admission) -> None:
        self._log, self._admission = log, admission
        self._claims = sqlite3.connect("", isolation_level=None)
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-8192"):
            self._claims.execute(f"PRAGMA {pragma}")
        self._claims.execute("CREATE TABLE facts(name BLOB PRIMARY KEY, state BLOB) WITHOUT ROWID")
        self._claims.execute("CREATE TABLE streams(stream TEXT PRIMARY KEY) WITHOUT ROWID")
        self._claims.execute("BEGIN")

    def answer(self, connection: Connection, drafts: Sequence[Draft], *, now_us: int) -> list[Outcome]:
        """Return what ``Log.append`` would, positions left out.

        Args:
            connection: Of a reading.
            drafts: In the order of the file.
            now_us: The time, microseconds since 1970.
        """
        stored = _stored(connection, drafts)
        head = head_of(connection)
        recorded_us = max(head.recorded_us + 1, now_us)
        known: set[str] = set()
        if self._admission.must_enrol:
            known = set(self._log.versions(connection, head, (draft.stream for draft in drafts)))
        return [self._one(draft, stored, known, recorded_us) for draft in drafts]

    def _one(
        self, draft: Draft, stored: dict[tuple[str, str], bytes], known: set[str], recorded_us: int
    ) -> Outcome:
        name = digest_of(draft.source.encode(), draft.event_id.encode())
        state = stored.get((draft.source, draft.event_id))
        if state is not None:
            if state == draft.state:
                return Outcome("duplicate", None)
            return Outcome("conflict", None, differing_fields(state, draft.state))
        digest = digest_of(draft.state)
        claimed = self._claims.execute("SELECT state FROM facts WHERE name = ?", (name,)).fetchone()
        if claimed is not None:
            return Outcome("duplicate" if claimed[0] == digest else "conflict", None)
        error = self._admission.refusal(draft, recorded_us, is_first=self._is_first(draft, known))
        if error is not None:
            return Outcome("refused", None, error=error)
        self._claims.execute("INSERT INTO facts VALUES (?, ?)", (name, digest))
        if self._admission.must_enrol:
            self._claims.execute("INSERT OR IGNORE INTO streams VALUES (?)", (draft.stream,))
        return Outcome("created", None)

    def _is_first(self, draft: Draft, known: set[str]) -> bool:
        """Return whether the draft's stream is empty; asked only where enrolment is required."""
        if not self._admission.must_enrol or draft.stream in known:
            return False
        claimed = self._claims.execute("SELECT 1 FROM streams WHERE stream = ?", (draft.stream,))
        return claimed.fetchone() is None

    def close(self) -> None:
        """Remove the temporary file."""
        self._claims.close()


def _stored(connection: Connection, drafts: Sequence[Draft]) -> dict[tuple[str, str], bytes]:
    ids: dict[str, list[str]] = {}
    for draft in drafts:
        ids.setdefault(draft.source, []).append(draft.event_id)
    sql = (
        "SELECT event_id, state FROM facts WHERE source = :source"  # noqa: S608 - our own words
        f" AND event_id IN {listed(connection, 'ids')}"
    )
    found: dict[tuple[str, str], bytes] = {}
    for source, names in ids.items():
        rows = fetch_rows(connection, sql, {"source": source, "ids": as_list(connection, names)})
        found.update(((source, event_id), bytes(state)) for event_id, state in rows)
    return found
