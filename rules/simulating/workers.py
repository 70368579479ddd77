"""A simulation in several processes: each folds one piece at a time, and hands back what it came to."""

from __future__ import annotations

import signal
from collections.abc import Generator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import active_children, get_context
from typing import NamedTuple

from ...ledger.errors import LoyaltyError
from ...ledger.projection.recipe import calm_collector
from ...ledger.projection.shards import Plan, Shard
from ...ledger.projection.workers import end_with_parent
from ...ledger.store.database import Database, open_database
from .folding import Piece, Recipes, fold_piece


class _Task(NamedTuple):
    url: str
    recipes: Recipes
    plan: Plan
    shard: Shard
    reported: frozenset[str] | None


def fold_apart(
    database: Database, recipes: Recipes, plan: Plan, *, reported: frozenset[str] | None, processes: int
) -> Generator[Piece, None, None]:
    """Yield every piece as it is done.

    Raises:
        LoyaltyError: as one process would; or a process died.
    """
    whole = plan._replace(shards=[])
    tasks = [_Task(database.url, recipes, whole, shard, reported) for shard in plan.shards]
    others = set(active_children())
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin)
    try:
        for future in as_completed([pool.submit(_fold, task) for task in tasks]):
            yield future.result()
    except BrokenProcessPool as error:
        raise LoyaltyError(
            "a process of the simulation died",
            hint="loyalty simulate with one process; look whether memory ran out",
        ) from error
    except BaseException:
        # What is being folded is of no use any more: nobody waits for it.
        for child in set(active_children()) - others:
            child.terminate()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _begin() -> None:
    # Ctrl-C reaches every process of a terminal; only the first one says so.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    end_with_parent()


def _fold(task: _Task) -> Piece:
    database = open_database(task.url, is_read_only=True)
    try:
        with calm_collector():
            return fold_piece(
                database, task.recipes, task.plan, task.shard, reported=task.reported, progress=lambda _: None
            )
    finally:
        database.close()
