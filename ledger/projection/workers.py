"""A rebuild in several processes.

Each process folds one piece at a time. On PostgreSQL it copies the rows into the slot on a connection of
its own; on SQLite, which has one writer, into a file of its own without journal, which is then merged. A
process that dies breaks the pool: the slot is emptied and everything is folded once more.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import closing, contextmanager
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool
from sqlalchemy.schema import CreateTable

from ..errors import LoyaltyError
from ..store.database import Database, open_database
from ..tables import VIEWS
from ..views.daily import DailyRow
from .lease import Hold, check_held
from .recipe import Recipe, Runner, calm_collector
from .shards import Plan, Shard, Write, fold_shard

_RENEW_S = 10.0
Piece = tuple[Path | None, dict[str, DailyRow]]


class _Task(NamedTuple):
    url: str
    recipe: Recipe
    runner: Runner
    plan: Plan
    shard: Shard
    slot: str
    file: Path | None
    parent: int


def fold_apart(
    database: Database, recipe: Recipe, plan: Plan, *, slot: str, hold: Hold, processes: int,
    folder: Path | None,
) -> Iterator[Piece]:  # fmt: skip
    """Yield of every piece, as it is done, its file (SQLite) and its sums of the view *daily*.

    Raises:
        BrokenProcessPool: a process died.
        LoyaltyError: as one process would; or the lease was lost.
    """
    url = database.engine.url.render_as_string(hide_password=False)
    whole = plan._replace(shards=[])
    files = [folder / f"{number}.db" if folder else None for number in range(len(plan.shards))]
    tasks = [
        _Task(url, recipe, hold.runner, whole, shard, slot, file, os.getpid())
        for shard, file in zip(plan.shards, files, strict=True)
    ]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=end_with_parent) as pool:
        waiting: dict[Future[dict[str, DailyRow]], _Task] = {pool.submit(_fold, task): task for task in tasks}
        try:
            while waiting:
                done, _ = wait(waiting, timeout=_RENEW_S, return_when=FIRST_COMPLETED)
                with database.writing() as connection:
                    hold.renew(connection)
                for future in done:
                    task = waiting.pop(future)
                    yield task.file, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def folder_beside(database: Database) -> Iterator[Path | None]:
    """Yield a folder for the files of the pieces, or None; clear away what a killed rebuild has left."""
    if database.dialect != "sqlite":
        yield None
        return
    file = Path(str(database.engine.url.database)).absolute()
    prefix = f".{file.name}-rebuild-"
    for left in file.parent.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=prefix, dir=file.parent, ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def twice(fold: Callable[[], None]) -> None:
    """Run *fold*, and once more if a process dies.

    Raises:
        LoyaltyError: a process died again.
    """
    for hint in ("", "loyalty project rebuild with one process; look whether memory ran out"):
        try:
            fold()
            return
        except BrokenProcessPool as error:
            if hint:
                raise LoyaltyError("a process of the rebuild died twice", hint=hint) from error


def end_with_parent() -> None:
    """End this process when its parent is killed: an idle one would otherwise wait for ever."""

    def watch(parent: BaseProcess) -> None:
        parent.join()
        os._exit(1)

    parent = parent_process()
    if parent is not None:
        Thread(target=watch, args=(parent,), daemon=True).start()


def _fold(task: _Task) -> dict[str, DailyRow]:
    database = open_database(task.url)
    try:
        with calm_collector(), _writer(database, task) as write:
            return fold_shard(
                database, task.recipe, task.plan, task.shard, write=write, progress=lambda _: None
            )
    finally:
        database.close()


@contextmanager
def _writer(database: Database, task: _Task) -> Iterator[Write]:
    engine = _shard_file(task.file, task.slot) if task.file else None

    def write(change: Callable[[Connection, str], None]) -> None:
        if os.getppid() != task.parent:
            raise LoyaltyError("the rebuild this process belongs to has ended")
        if engine is None:
            with database.writing() as connection:
                check_held(connection, task.runner)
                change(connection, task.slot)
        else:
            with engine.begin() as connection:
                change(connection, task.slot)

    try:
        yield write
    finally:
        if engine is not None:
            engine.dispose()


def _shard_file(path: Path, slot: str) -> Engine:
    """Make a file that is only ever read when its writer has ended well: it needs no journal."""
    engine = create_engine("sqlite://", creator=lambda: _unsafe(path), poolclass=NullPool)
    with engine.begin() as connection:
        for tables in VIEWS.values():
            connection.execute(CreateTable(tables[slot]))
    return engine


def _unsafe(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path)
    with closing(connection.cursor()) as cursor:
        for pragma in (
            "journal_mode = OFF",
            "synchronous = OFF",
            "cache_size = -16384",
            "locking_mode = EXCLUSIVE",
        ):
            cursor.execute(f"PRAGMA {pragma}")
    return connection
