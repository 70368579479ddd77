"""What is measured of us: each task opens a database, times one call and says what it took."""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from loyalty_ledger.ledger import projection
from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.exchange.mapping import load_mapping
from loyalty_ledger.ledger.exchange.parquet import load_arrow
from loyalty_ledger.ledger.projection import Runner
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.reading import head_of
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.governing import create_ledger, current_admission
from loyalty_ledger.rules.projecting import recipe_for

from .grocer import MAPPING, PROGRAMME
from .measuring import Reading, Watch

BATCH_FACTS = 5_000


def now_us() -> int:
    """Return the time."""
    return time.time_ns() // 1000


STANDING = Path(__file__).with_name("standing.toml")


def make_ledger(*, url: str, programme: str = str(PROGRAMME)) -> None:
    """Make a ledger under a programme, if none is named ``examples/grocer.toml``."""
    text = Path(programme).read_text(encoding="utf-8")
    create_ledger(url, installed(), text, at=programme, ledger_id="benchmark", now_us=now_us())


def import_file(*, url: str, path: str, programme: str = str(PROGRAMME)) -> Reading:
    """Import a Parquet file into a new ledger."""
    load_arrow()  # is no part of an import
    make_ledger(url=url, programme=programme)
    registry = installed().registry
    database = open_database(url)
    with database.reading() as connection:
        admission = current_admission(connection, installed())
    with Watch() as watch:
        summary = run_import(
            database, registry, Path(path), mapping=load_mapping(MAPPING), now_us=now_us, admission=admission,
            batch_size=BATCH_FACTS,
        )  # fmt: skip
    database.close()
    assert summary.is_clean, summary
    return watch.reading(summary.imported)


def rebuild(*, url: str, processes: int) -> Reading:
    """Rebuild every view; where there is a live generation, compare with it before the swap."""
    database = open_database(url)
    recipe = recipe_for(database)
    with Watch() as watch:
        done = projection.rebuild(database, recipe, runner=runner(), clock=now_us, processes=processes)
    database.close()
    assert done.is_live, done
    return watch.reading(done.generation.position)


def run(*, url: str) -> Reading:
    """Bring the views from where they are to the end of the log."""
    database = open_database(url)
    recipe = recipe_for(database)
    with database.reading() as connection:
        facts = head_of(connection).position - projection.status(connection).position
    with Watch() as watch:
        projection.run(database, recipe, runner=runner(), clock=now_us)
    database.close()
    return watch.reading(facts)


def runner() -> Runner:
    """Return who projects: this process."""
    return Runner(socket.gethostname(), os.getpid(), f"benchmark-{os.getpid()}")
