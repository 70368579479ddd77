"""The eventsourcing library's own suites for recorders, factories and applications, on our tables."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.tests import application, persistence
from eventsourcing.utils import Environment, register_topic

from loyalty_ledger.ledger.store.application import LedgerFactory
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.store.recorder import (
    LedgerAggregateRecorder,
    LedgerApplicationRecorder,
    LedgerProcessRecorder,
    LedgerTrackingRecorder,
)

_ticks = itertools.count(1_700_000_000_000_000)
_URL = "LEDGER_UNDER_TEST"


class Factory(LedgerFactory):
    """Made by the library from nothing but an environment, as its suites want it."""

    TOPIC = "factory_under_test"

    def __init__(self, env: Any) -> None:
        database = open_database(env[_URL])
        super().__init__(env, Log(database), _ticks.__next__)
        _opened.append(database)


class TrackingUnderTest(LedgerTrackingRecorder):
    TOPIC = "tracking_under_test"


_opened: list[Any] = []
register_topic(Factory.TOPIC, Factory)
register_topic(TrackingUnderTest.TOPIC, TrackingUnderTest)


class OnDatabase:
    """Gives each test of a suite a fresh ledger."""

    factory: Any
    env: Any

    def _use(self, url: str) -> Iterator[None]:
        self.env = Environment("UnderTest", {"PERSISTENCE_MODULE": Factory.TOPIC, _URL: url})
        os.environ.update(self.env)
        self.factory = Factory(self.env)
        with self.factory.log.database.writing() as connection:
            self.factory.log.create(connection, ledger_id="conformance", now_us=0)
        yield
        for name in self.env:
            os.environ.pop(name, None)
        for thread in threading.enumerate():  # a suite leaves its readers running
            if thread is not threading.main_thread():
                thread.join(5)
        while _opened:
            _opened.pop().close()

    def new_originator_id(self) -> str:
        return str(uuid4())


class OnSQLite(OnDatabase):
    @pytest.fixture(autouse=True)
    def _ledger(self, sqlite_url: str) -> Iterator[None]:
        yield from self._use(sqlite_url)


class OnPostgreSQL(OnDatabase):
    @pytest.fixture(autouse=True)
    def _ledger(self, postgres_url: str) -> Iterator[None]:
        yield from self._use(postgres_url)


class AggregateSuite:
    def create_recorder(self: Any) -> AggregateRecorder:
        recorder: AggregateRecorder = self.factory.aggregate_recorder()
        return recorder


class TestAggregateOnSQLite(OnSQLite, AggregateSuite, persistence.AggregateRecorderTestCase):
    pass


class TestAggregateOnPostgreSQL(OnPostgreSQL, AggregateSuite, persistence.AggregateRecorderTestCase):
    pass


class ApplicationSuite:
    def create_recorder(self: Any) -> ApplicationRecorder:
        recorder: ApplicationRecorder = self.factory.application_recorder()
        return recorder

    def test_insert_subscribe(self: Any) -> None:
        self.optional_test_insert_subscribe()


class TestApplicationOnSQLite(
    OnSQLite, ApplicationSuite, persistence.ApplicationRecorderTestCase[ApplicationRecorder]
):
    pass


class TestApplicationOnPostgreSQL(
    OnPostgreSQL, ApplicationSuite, persistence.ApplicationRecorderTestCase[ApplicationRecorder]
):
    pass


class TestNonInterleavingOnSQLite(
    OnSQLite, ApplicationSuite, persistence.NonInterleavingNotificationIDsBaseCase
):
    test_insert_subscribe = None  # type: ignore[assignment]


class TestNonInterleavingOnPostgreSQL(
    OnPostgreSQL, ApplicationSuite, persistence.NonInterleavingNotificationIDsBaseCase
):
    test_insert_subscribe = None  # type: ignore[assignment]


class TrackingSuite:
    def create_recorder(self: Any) -> TrackingRecorder:
        recorder: TrackingRecorder = self.factory.tracking_recorder()
        return recorder


class TestTrackingOnSQLite(OnSQLite, TrackingSuite, persistence.TrackingRecorderTestCase):
    pass


class TestTrackingOnPostgreSQL(OnPostgreSQL, TrackingSuite, persistence.TrackingRecorderTestCase):
    pass


class ProcessSuite:
    def create_recorder(self: Any) -> ProcessRecorder:
        recorder: ProcessRecorder = self.factory.process_recorder()
        return recorder


class TestProcessOnSQLite(OnSQLite, ProcessSuite, persistence.ProcessRecorderTestCase):
    pass


class TestProcessOnPostgreSQL(OnPostgreSQL, ProcessSuite, persistence.ProcessRecorderTestCase):
    pass


class FactorySuite:
    def expected_factory_class(self) -> type[Factory]:
        return Factory

    def expected_aggregate_recorder_class(self) -> type[AggregateRecorder]:
        return LedgerAggregateRecorder

    def expected_application_recorder_class(self) -> type[ApplicationRecorder]:
        return LedgerApplicationRecorder

    def expected_tracking_recorder_class(self) -> type[TrackingRecorder]:
        return LedgerTrackingRecorder

    def tracking_recorder_subclass(self) -> type[TrackingRecorder]:
        return TrackingUnderTest

    def expected_process_recorder_class(self) -> type[ProcessRecorder]:
        return LedgerProcessRecorder


class TestFactoryOnSQLite(OnSQLite, FactorySuite, persistence.InfrastructureFactoryTestCase[Factory]):
    pass


class TestFactoryOnPostgreSQL(OnPostgreSQL, FactorySuite, persistence.InfrastructureFactoryTestCase[Factory]):
    pass


class ExampleSuite:
    expected_factory_topic = Factory.TOPIC


class TestExampleOnSQLite(OnSQLite, ExampleSuite, application.ExampleApplicationTestCase):
    pass


class TestExampleOnPostgreSQL(OnPostgreSQL, ExampleSuite, application.ExampleApplicationTestCase):
    pass


@pytest.mark.filterwarnings("always")  # one of its tests looks for a warning
class TestLibraryApplicationOnSQLite(OnSQLite, application.ApplicationTestCase):
    pass


@pytest.mark.filterwarnings("always")
class TestLibraryApplicationOnPostgreSQL(OnPostgreSQL, application.ApplicationTestCase):
    pass
