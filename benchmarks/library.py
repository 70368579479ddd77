"""The eventsourcing library's own projection: one table of balances, one transaction an event.

As its documentation has it: a tracking recorder that is the view, ``process_event`` by type, rows and
position in one transaction. Its SQLite recorder has no subscriptions (``NotImplementedError``), so the loop
that pulls is ours; it asks for pages of a thousand.
"""

from __future__ import annotations

from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.dispatch import singledispatchmethod
from eventsourcing.domain import Aggregate, event
from eventsourcing.persistence import Tracking
from eventsourcing.projection import Projection
from eventsourcing.sqlite import SQLiteDatastore, SQLiteTrackingRecorder

from loyalty_ledger.ledger.store.bulk import stream_rows
from loyalty_ledger.ledger.store.database import open_database

from .measuring import Reading, Watch

_PAGE = 1_000


class Shopper(Aggregate):
    """A member in the library's own style."""

    def __init__(self, member: str) -> None:
        self.member = member
        self.points = 0

    @event("Earned")
    def earn(self, points: int, member: str) -> None:  # noqa: ARG002 - the event carries it to the projection
        """Add points."""
        self.points += points


class Shoppers(Application[UUID]):
    """The library's application over its own SQLite recorder."""

    log_section_size = _PAGE


class Balances(SQLiteTrackingRecorder):
    """The view: a balance for each member."""

    def construct_create_table_statements(self) -> list[str]:
        """Return the statements of the library and one more."""
        made = super().construct_create_table_statements()
        return [*made, "CREATE TABLE balances (member TEXT PRIMARY KEY, points INTEGER) WITHOUT ROWID"]

    def add(self, member: str, points: int, tracking: Tracking) -> None:
        """Add points and note the position, in one transaction."""
        with self.datastore.transaction(commit=True) as cursor:
            self._insert_tracking(cursor, tracking)
            cursor.execute(
                "INSERT INTO balances VALUES (?, ?)"
                " ON CONFLICT (member) DO UPDATE SET points = points + excluded.points",
                (member, points),
            )


class BalanceProjection(Projection[Balances]):
    """Adds up what members earned."""

    name = "balances"

    @singledispatchmethod
    def process_event(self, domain_event: object, tracking: Tracking) -> None:  # noqa: ARG002 - the library's
        """Note the position of what concerns no balance."""
        self.view.insert_tracking(tracking)

    @process_event.register
    def _(self, domain_event: Shopper.Earned, tracking: Tracking) -> None:  # type: ignore[name-defined]
        self.view.add(domain_event.member, domain_event.points, tracking)


def project(*, url: str, file: str) -> Reading:
    """Store the journal's accruals as the library's events (not timed), then project them one by one."""
    app = Shoppers(env={"PERSISTENCE_MODULE": "eventsourcing.sqlite", "SQLITE_DBNAME": file})
    _store(app, url)
    last = app.recorder.max_notification_id() or 0
    view = Balances(SQLiteDatastore(f"{file}-view"))
    view.create_table()
    projection = BalanceProjection(view)
    with Watch() as watch:
        start = 1
        while start <= last:
            for notification in app.notification_log.select(start, _PAGE):
                found = app.mapper.to_domain_event(notification)
                projection.process_event(found, Tracking(app.name, notification.id))
                start = notification.id + 1
    app.close()
    return watch.reading(last)


def _store(app: Shoppers, url: str) -> None:
    shoppers: dict[str, Shopper] = {}
    database = open_database(url)
    with database.reading() as connection:
        for member, points in stream_rows(connection, "SELECT member, points FROM journal ORDER BY position"):
            shopper = shoppers.get(member) or shoppers.setdefault(member, Shopper(member))
            shopper.earn(points, member)
    database.close()
    app.save(*shoppers.values())
