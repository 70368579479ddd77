"""The recorder interfaces of the eventsourcing library, on the ledger's own tables.

What the library saves goes through the same lock, checks, hashes and positions as every other append; a
notification's id is the fact's position.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    IntegrityError,
    Notification,
    ProcessRecorder,
    StoredEvent,
    Tracking,
    TrackingRecorder,
)
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError as BrokenConstraint

from ..facts import Draft
from .bulk import fetch_rows
from .lists import among, as_list
from .log import Log
from .mapper import draft_of
from .reading import head_of
from .subscription import PollingSubscription

Clock = Callable[[], int]
"""Tells the time in microseconds since 1970."""


class LedgerAggregateRecorder(AggregateRecorder):
    """Inserts and selects the events of streams."""

    def __init__(self, log: Log, clock: Clock) -> None:
        self._log, self._clock = log, clock

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append events, all or none; keywords are the library's and unknown here.

        Raises:
            IntegrityError: a stream is not at the version before the event's.
        """
        with self._writing() as connection:
            self._insert(connection, stored_events)
        return None

    def select_events(
        self, originator_id: UUID | str, *, gt: int | None = None, lte: int | None = None, desc: bool = False,
        limit: int | None = None,
    ) -> list[StoredEvent]:  # fmt: skip
        """Return the events of a stream with versions above *gt* and up to *lte*."""
        sql = (
            "SELECT stream, version, topic, state FROM facts WHERE stream = :stream AND version > :above"  # noqa: S608
            f" AND version <= :upto ORDER BY version {'DESC' if desc else 'ASC'} LIMIT :limit"
        )
        params = {
            "stream": str(originator_id), "above": -1 if gt is None else gt, "upto": _or_end(lte),
            "limit": _or_end(limit),
        }  # fmt: skip
        with self._log.database.reading() as connection:
            return [StoredEvent(*row) for row in fetch_rows(connection, sql, params)]

    def _insert(self, connection: Connection, stored_events: Sequence[StoredEvent]) -> list[int]:
        if not stored_events:
            return []
        head = self._log.lock(connection)
        recorded_us = max(head.recorded_us + 1, self._clock())
        drafts = [draft_of(event, recorded_us) for event in stored_events]
        versions = self._log.versions(connection, head, (draft.stream for draft in drafts))
        numbered: list[tuple[Draft, int]] = []
        for draft, event in zip(drafts, stored_events, strict=True):
            version, last = event.originator_version, versions.get(draft.stream)
            if last is not None and version != last + 1:
                raise IntegrityError(f"stream {draft.stream!r} is at version {last}, not before {version}")
            versions[draft.stream] = version
            numbered.append((draft, version))
        self._log.write(connection, head, numbered, recorded_us=recorded_us)
        return list(range(head.position + 1, head.position + 1 + len(numbered)))

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _integrity(self._log), self._log.database.writing() as connection:
            yield connection


class LedgerApplicationRecorder(LedgerAggregateRecorder, ApplicationRecorder):
    """Selects the log as the library's notifications, too."""

    def insert_events(self, stored_events: Sequence[StoredEvent], **_: Any) -> Sequence[int] | None:
        """Append events, all or none; return their positions.

        Raises:
            IntegrityError: a stream is not at the version before the event's.
        """
        with self._writing() as connection:
            return self._insert(connection, stored_events)

    def select_notifications(
        self, start: int | None, limit: int, stop: int | None = None, topics: Sequence[str] = (), *,
        inclusive_of_start: bool = True,
    ) -> list[Notification]:  # fmt: skip
        """Return at most *limit* notifications from *start* to *stop*, of the topics named or of all."""
        with self._log.database.reading() as connection:
            chosen = f" AND topic {among(connection, 'topics')}" if topics else ""
            sql = (
                "SELECT stream, version, topic, state, position FROM facts WHERE position >= :start"  # noqa: S608
                f" AND position <= :stop{chosen} ORDER BY position LIMIT :limit"
            )
            params = {
                "start": (start or 0) + (not inclusive_of_start), "stop": _or_end(stop), "limit": limit,
                "topics": as_list(connection, topics),
            }  # fmt: skip
            return [Notification(*row) for row in fetch_rows(connection, sql, params)]

    def max_notification_id(self) -> int | None:
        """Return the last position, or None if there is no fact."""
        with self._log.database.reading() as connection:
            return head_of(connection).position or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> PollingSubscription:
        """Return an iterator over notifications behind *gt* that waits for more at the end."""
        return PollingSubscription(self, gt, topics)


class LedgerTrackingRecorder(TrackingRecorder):
    """Keeps how far each upstream application was read."""

    def __init__(self, log: Log) -> None:
        self._log = log

    def insert_tracking(self, tracking: Tracking) -> None:
        """Move a position forward.

        Raises:
            IntegrityError: it is there or further already.
        """
        with _integrity(self._log), self._log.database.writing() as connection:
            advance_tracking(connection, tracking.application_name, tracking.notification_id)

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the position, or None if nothing was read."""
        with self._log.database.reading() as connection:
            rows = fetch_rows(
                connection, "SELECT position FROM tracking WHERE name = :name", {"name": application_name}
            )
        return rows[0][0] if rows else None


class LedgerProcessRecorder(LedgerTrackingRecorder, LedgerApplicationRecorder, ProcessRecorder):
    """Appends events and moves a position in one transaction."""

    def __init__(self, log: Log, clock: Clock) -> None:
        LedgerApplicationRecorder.__init__(self, log, clock)

    def insert_events(
        self, stored_events: Sequence[StoredEvent], *, tracking: Tracking | None = None, **_: Any
    ) -> Sequence[int] | None:
        """Append events and move the position of *tracking*, all or none; return the events' positions.

        Raises:
            IntegrityError: a stream has moved on, or the position is there or further already.
        """
        with self._writing() as connection:
            positions = self._insert(connection, stored_events)
            if tracking:
                advance_tracking(connection, tracking.application_name, tracking.notification_id)
            return positions


def advance_tracking(connection: Connection, name: str, position: int) -> None:
    """Move the position of *name* forward, in the caller's transaction.

    One statement compares and sets, so of two that read the same facts only one commits.

    Raises:
        IntegrityError: it is there or further already.
    """
    sql = (
        "INSERT INTO tracking (name, position) VALUES (:name, :position) ON CONFLICT (name) DO UPDATE"
        " SET position = excluded.position WHERE tracking.position < excluded.position RETURNING position"
    )
    if not fetch_rows(connection, sql, {"name": name, "position": position}):
        raise IntegrityError(f"{name!r} was read up to {position} already")


@contextmanager
def _integrity(log: Log) -> Iterator[None]:
    try:
        yield
    except (BrokenConstraint, log.database.engine.dialect.loaded_dbapi.IntegrityError) as error:
        raise IntegrityError(str(error)) from error


def _or_end(number: int | None) -> int:
    return 2**62 if number is None else number
