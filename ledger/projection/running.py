"""A run: the live generation goes on from where it is to the end of the log."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from ..store.database import Database
from ..store.reading import head_of
from ..tables import VIEWS
from . import generations
from .catching_up import CatchUp
from .generations import Generation
from .lease import Holder, held, holder_of
from .recipe import BATCH_FACTS, Clock, Progress, Recipe, Runner, calm_collector, unheard
from .refolding import Refold

MANY_FACTS = 50_000
"""With so many facts and no views yet, a run folds member by member as a rebuild does: in half the time and
half the memory of batches in the order of the log. Killed before its end, such a first run begins anew."""


class Status(NamedTuple):
    """How far the views are.

    Attributes:
        position: The last fact they have read.
        head: The last fact there is.
        lag_facts: How many facts are not in them yet.
        generation: The live generation, or None before the first run.
        holder: Who is projecting, if anybody.
        quarantined: How many members are set aside.
    """

    position: int
    head: int
    lag_facts: int
    generation: Generation | None
    holder: Holder | None
    quarantined: int


def run(
    database: Database, recipe: Recipe, *, runner: Runner, clock: Clock, batch_facts: int = BATCH_FACTS,
    progress: Progress = unheard,
) -> Generation:  # fmt: skip
    """Bring the views to the end of the log; return the live generation.

    Args:
        database: Where.
        recipe: How.
        runner: Who; one runner at a time.
        clock: Returns the time, microseconds since 1970.
        batch_facts: Facts a transaction.
        progress: Told the position reached, and the last there is.

    Raises:
        LoyaltyError: another runner is at work, or the lease was lost.
        PluginError: rules were altered since the views were built, or a plugin is missing.
        HistoryError: a stored fact cannot be read.
        RuleError: a rule failed where it had not failed before.
    """
    with held(database, runner, clock) as hold, calm_collector():
        with database.writing() as connection:
            hold.renew(connection)
            generations.drop_unfinished(connection)
            generation = generations.live(connection)
            is_long_first = generation is None and head_of(connection).position >= MANY_FACTS
            if generation is None:
                is_short = not is_long_first
                generation = generations.begin(connection, now_us=clock(), is_live_at_once=is_short)
                if is_short:
                    generations.go_live(connection, generation, now_us=clock())
        if is_long_first:
            generation = Refold(database, recipe, hold, generation).from_facts(
                None, processes=1, progress=progress
            )
            with database.writing() as connection:
                hold.renew(connection)
                generations.go_live(connection, generation, now_us=clock())
        return CatchUp(database, recipe, hold, generation).run(batch_facts=batch_facts, progress=progress)


def status(connection: Connection) -> Status:
    """Return how far the views are, and who is at work on them."""
    generation = generations.live(connection)
    head = head_of(connection).position
    position, quarantined = 0, 0
    if generation is not None:
        position = generation.position
        table = VIEWS["quarantine"][generation.slot]
        quarantined = connection.execute(select(func.count()).select_from(table)).scalar() or 0
    return Status(position, head, head - position, generation, holder_of(connection), quarantined)
