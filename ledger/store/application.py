"""The ledger as an application of the eventsourcing library, on the log that everyone else appends to."""

from __future__ import annotations

from typing import Any

from eventsourcing.application import Application
from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    InfrastructureFactory,
    Mapper,
    ProcessRecorder,
    TrackingRecorder,
)
from eventsourcing.popo import POPOAggregateRecorder
from eventsourcing.utils import Environment, EnvType, resolve_topic

from ..facts import Registry
from .log import Log
from .mapper import FactMapper
from .recorder import (
    Clock,
    LedgerAggregateRecorder,
    LedgerApplicationRecorder,
    LedgerProcessRecorder,
    LedgerTrackingRecorder,
)


class LedgerFactory(InfrastructureFactory[TrackingRecorder]):
    """Makes the recorders of one open database. Alembic makes the tables; nothing is created here."""

    def __init__(self, env: Environment | EnvType | None, log: Log, clock: Clock) -> None:
        super().__init__(env)
        self.log, self.clock = log, clock

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        """Return a recorder of streams; snapshots are no facts and last as long as the process."""
        if purpose == "snapshots":
            return POPOAggregateRecorder()
        return LedgerAggregateRecorder(self.log, self.clock)

    def application_recorder(self) -> ApplicationRecorder:
        """Return a recorder of streams and of the log."""
        return LedgerApplicationRecorder(self.log, self.clock)

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        """Return a recorder of positions, of the class given, the one the environment names, or ours."""
        topic = self.env.get(self.TRACKING_RECORDER_TOPIC)
        kind: Any = tracking_recorder_class or (resolve_topic(topic) if topic else LedgerTrackingRecorder)
        recorder: TrackingRecorder = kind(self.log)
        return recorder

    def process_recorder(self) -> ProcessRecorder:
        """Return a recorder of the log and of positions."""
        return LedgerProcessRecorder(self.log, self.clock)


class LedgerApplication(Application[str]):
    """The library's application over the ledger: ``save``, notification log, subscriptions.

    Args:
        log: Of an open database.
        registry: The known types of facts.
        clock: Tells the time.
    """

    name = "loyalty"
    log_section_size = 1000

    def __init__(self, log: Log, registry: Registry, clock: Clock) -> None:
        self._log, self._registry, self._clock = log, registry, clock
        super().__init__()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """Return an empty environment: a stray variable must not move the ledger to another database."""
        return Environment(name, env or {})

    def construct_factory(self, env: Environment) -> InfrastructureFactory:
        """Return the factory of the open database."""
        return LedgerFactory(env, self._log, self._clock)

    def construct_mapper(self) -> Mapper[str]:
        """Return the mapper between proposals, stored events and facts."""
        return FactMapper(self._registry)
