"""The library's application and the log: one table, one order, one code path."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from eventsourcing.persistence import IntegrityError, Notification, ProgrammingError, StoredEvent, Tracking

from loyalty_ledger.ledger.errors import HistoryError
from loyalty_ledger.ledger.facts import Draft, Registry
from loyalty_ledger.ledger.store.application import LedgerApplication
from loyalty_ledger.ledger.store.bulk import fetch_rows
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.store.mapper import Proposal
from loyalty_ledger.ledger.store.recorder import LedgerProcessRecorder, LedgerTrackingRecorder
from loyalty_ledger.ledger.store.subscription import PollingSubscription

Make = Callable[..., Draft]


@pytest.fixture
def application(ledger_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[LedgerApplication]:
    monkeypatch.setenv("PERSISTENCE_MODULE", "eventsourcing.popo")
    ticks = itertools.count(1_000_000)
    application = LedgerApplication(Log(ledger_database), Registry(), lambda: next(ticks))
    yield application
    application.close()


def append(database: Database, *drafts: Draft) -> None:
    with database.writing() as connection:
        Log(database).append(connection, drafts, now_us=0)


def test_what_is_saved_and_what_is_appended_share_one_log(
    application: LedgerApplication, ledger_database: Database, purchase: Make
) -> None:
    append(ledger_database, purchase("a", "1"))
    recordings = application.save(Proposal(purchase("b", "1"), 2), Proposal(purchase("c", "2"), 1))
    append(ledger_database, purchase("b", "1"), purchase("d", "1"))

    assert [recording.notification.id for recording in recordings] == [2, 3]
    section = application.notification_log["1,10"]
    assert [(item.id, item.originator_id, item.originator_version) for item in section.items] == [
        (1, "member/1", 1),
        (2, "member/1", 2),
        (3, "member/2", 1),
        (4, "member/1", 3),
    ]
    assert section.items[1].state == purchase("b", "1").state


def test_saved_facts_are_hashed_as_appended_ones(
    application: LedgerApplication, ledger_database: Database, purchase: Make, referral: Make
) -> None:
    """Two ledgers of one id with the same facts at the same times have the same tree."""
    with ledger_database.writing() as connection:
        log = Log(ledger_database)
        log.append(connection, [purchase("a", "1"), referral("b", "1", "2")], now_us=1_000_000)
        expected = log.root(connection), fetch_rows(connection, "SELECT * FROM fact_members")
        connection.rollback()
        connection.begin()
        assert log.root(connection) != expected[0]

    application.save(Proposal(purchase("a", "1"), 1), Proposal(referral("b", "1", "2"), 2))

    with ledger_database.reading() as connection:
        assert (log.root(connection), fetch_rows(connection, "SELECT * FROM fact_members")) == expected


def test_facts_are_read_back_as_their_types(application: LedgerApplication, purchase: Make) -> None:
    application.save(Proposal(purchase("a", "1", amount_minor=250), 1), Proposal(purchase("b", "1"), 2))

    first, second = application.events.get("member/1")

    assert (first.originator_id, first.originator_version) == ("member/1", 1)
    assert first.fact.data.amount_minor == 250  # type: ignore[attr-defined]
    assert [event.originator_version for event in application.events.get("member/1", gt=1)] == [2]
    assert second.fact.id == "b"  # type: ignore[attr-defined]


@pytest.mark.parametrize("version", [1, 3, 0])
def test_a_stream_that_has_moved_on_is_not_written(
    application: LedgerApplication, ledger_database: Database, purchase: Make, version: int
) -> None:
    append(ledger_database, purchase("a", "1"))

    with pytest.raises(IntegrityError, match="'member/1' is at version 1"):
        application.save(Proposal(purchase("x", "2"), 1), Proposal(purchase("b", "1"), version))
    assert application.recorder.max_notification_id() == 1


def test_an_identity_is_not_saved_twice(
    application: LedgerApplication, ledger_database: Database, purchase: Make
) -> None:
    append(ledger_database, purchase("a", "1"))

    with pytest.raises(IntegrityError):
        application.save(Proposal(purchase("a", "1"), 2))
    application.save(Proposal(purchase("b", "1"), 2))
    assert application.recorder.max_notification_id() == 2


def test_only_proposals_can_be_saved(application: LedgerApplication) -> None:
    event: Any = StoredEvent("member/1", 1, "x", b"{}")
    with pytest.raises(TypeError, match="only a Proposal can be saved, not StoredEvent"):
        application.save(event)


def test_notifications_can_be_chosen_by_topic(
    application: LedgerApplication, purchase: Make, referral: Make
) -> None:
    application.save(Proposal(purchase("a", "1"), 1), Proposal(referral("b", "1", "2"), 2))

    found = application.recorder.select_notifications(1, 10, topics=["referral.made"])

    assert [notification.id for notification in found] == [2]


def test_events_and_position_move_together_or_not_at_all(ledger_database: Database) -> None:
    recorder = LedgerProcessRecorder(Log(ledger_database), lambda: 0)
    event = StoredEvent("order/1", 1, "placed", b"1")
    recorder.insert_events([event], tracking=Tracking("shop", 5))

    with pytest.raises(IntegrityError):
        recorder.insert_events([StoredEvent("order/1", 2, "paid", b"2")], tracking=Tracking("shop", 5))
    with pytest.raises(IntegrityError):
        recorder.insert_events([event], tracking=Tracking("shop", 6))

    assert (recorder.max_notification_id(), recorder.max_tracking_id("shop")) == (1, 5)


def test_of_two_that_read_the_same_facts_one_commits(ledger_database: Database) -> None:
    """eventsourcing_sqlalchemy let both through."""
    recorder = LedgerTrackingRecorder(Log(ledger_database))
    start, answers = threading.Barrier(8), []

    def track() -> None:
        start.wait()
        for position in range(1, 21):
            try:
                recorder.insert_tracking(Tracking("shop", position))
                answers.append(position)
            except IntegrityError:
                pass

    threads = [threading.Thread(target=track) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(answers) == len(set(answers))
    assert recorder.max_tracking_id("shop") == 20


def test_a_subscription_yields_everything_in_order_while_others_write(
    application: LedgerApplication, ledger_database: Database, purchase: Make
) -> None:
    def write(name: str) -> None:
        for number in range(25):
            append(ledger_database, *(purchase(f"{name}{number}.{i}", name) for i in range(number % 3 + 1)))

    writers = [threading.Thread(target=write, args=(str(number),)) for number in range(4)]
    for writer in writers:
        writer.start()
    total = 4 * sum(number % 3 + 1 for number in range(25))
    with application.recorder.subscribe() as subscription:
        seen = [notification.id for notification in itertools.islice(subscription, total)]
    for writer in writers:
        writer.join()

    assert seen == list(range(1, total + 1))


class Faulty:
    """A recorder whose database is away for a few calls."""

    def __init__(self, faults: int) -> None:
        self.faults = faults

    def select_notifications(self, *_: object, **__: object) -> list[Notification]:
        self.faults -= 1
        if self.faults >= 0:
            raise HistoryError("database server does not answer")
        return [Notification("member/1", 1, "x", b"", 1)]


def test_a_subscription_outlives_a_short_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder: Any = Faulty(4)
    with PollingSubscription(recorder) as subscription:
        assert next(subscription).id == 1

    monkeypatch.setattr("loyalty_ledger.ledger.store.subscription._PATIENCE_S", 0.02)
    recorder = Faulty(10**6)
    with pytest.raises(HistoryError), PollingSubscription(recorder) as subscription:
        next(subscription)


def test_a_waiting_subscription_can_be_stopped(application: LedgerApplication) -> None:
    subscription = application.recorder.subscribe()
    threading.Timer(0.05, subscription.stop).start()

    assert list(subscription) == []
    with pytest.raises(ProgrammingError), subscription, subscription:
        pass


def test_the_environment_does_not_move_the_ledger(application: LedgerApplication) -> None:
    """PERSISTENCE_MODULE is set by the fixture, and ignored."""
    assert type(application.factory).__name__ == "LedgerFactory"
    assert application.snapshots is None
