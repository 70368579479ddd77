"""`kill -9` at any moment: what is there is always exactly what the facts up to its position give.

After every kill the live views must have the digests that an undisturbed run has at the same position; at
the end run, rebuild and a run in one go must be equal. Planted bugs seen to fail here are named beside the
tests.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from multiprocessing import get_context

import pytest

from loyalty_ledger.ledger.projection import digest_of_views, run, status
from loyalty_ledger.ledger.store.database import Database
from projection.children import rebuild_apart, run_apart, run_into_batch, run_until_batch, run_until_rows
from projection.ledgers import append, clock, digests, me, rebuild_all, rows, run_all, shop_history, wipe
from projection.toy_fold import RECIPE

FACTS, BATCH = 2_000, 100
_processes = get_context("forkserver")
_processes.set_forkserver_preload(["loyalty_ledger.ledger.projection", "alembic.command", "psycopg"])
Digests = dict[str, str]


@pytest.fixture
def undisturbed(ledger_database: Database) -> dict[int, Digests]:
    """The digests at the end of every batch of a run that nobody kills."""
    append(ledger_database, shop_history(FACTS))
    found = {0: digests(ledger_database)}

    def note(position: int, _: int) -> None:
        found[position] = digests(ledger_database)

    run(ledger_database, RECIPE, runner=me(), clock=clock, batch_facts=BATCH, progress=note)
    assert rows(ledger_database, "SELECT count(*) FROM quarantine")[0][0] > 3
    wipe(ledger_database, only_views=True)
    return found


def kill(target: Callable[[str, int], None], url: str, option: int, after_s: float | None = None) -> bool:
    """Start a process and kill it after so many seconds; return whether it was killed at its work."""
    child = _processes.Process(target=target, args=(url, option))
    child.start()
    child.join(after_s)
    child.kill()
    child.join()
    assert child.exitcode in (0, -9)
    return child.exitcode == -9


def check(database: Database, undisturbed: dict[int, Digests]) -> int:
    """Compare what is live with the undisturbed run; return its position."""
    with database.reading() as connection:
        position = status(connection).position
        assert digest_of_views(connection) == undisturbed[position]
    return position


def campaign(database: Database, url: str, undisturbed: dict[int, Digests], kills: int) -> None:
    head = max(undisturbed)
    dice = random.Random(kills)
    run_s, rebuild_s = timed(run_apart, url, BATCH), timed(rebuild_apart, url, 1)
    wipe(database, only_views=True)
    killed = {"run": 0, "rebuild": 0}
    while sum(killed.values()) < kills:
        position = check(database, undisturbed)
        if dice.random() < 0.4:
            killed["rebuild"] += kill(rebuild_apart, url, 1, dice.random() * rebuild_s)
            continue
        if position == head:
            wipe(database, only_views=True)
        # A run that was killed goes on from where it is: spread the kills over the whole way.
        killed["run"] += kill(run_apart, url, BATCH, dice.random() * run_s / 2)
    assert min(killed.values()) > 0
    check(database, undisturbed)
    run_all(database, batch_facts=BATCH)
    assert digests(database) == undisturbed[head]
    rebuild_all(database)
    assert digests(database) == undisturbed[head]


def timed(target: Callable[[str, int], None], url: str, option: int) -> float:
    began = time.perf_counter()
    assert not kill(target, url, option)
    return time.perf_counter() - began


def test_ten_kills(ledger_database: Database, database_url: str, undisturbed: dict[int, Digests]) -> None:
    campaign(ledger_database, database_url, undisturbed, 10)


@pytest.mark.slow
def test_a_hundred_kills(
    ledger_database: Database, database_url: str, undisturbed: dict[int, Digests]
) -> None:
    """Planted bug: a rebuild into the live slot."""
    campaign(ledger_database, database_url, undisturbed, 100)


@pytest.mark.nightly
def test_two_thousand_kills(
    ledger_database: Database, database_url: str, undisturbed: dict[int, Digests]
) -> None:
    """The same, at many more moments: about five minutes a database."""
    campaign(ledger_database, database_url, undisturbed, 2_000)


@pytest.mark.parametrize("target", [run_until_batch, run_into_batch, run_until_rows])
def test_a_kill_at_every_batch(
    ledger_database: Database,
    database_url: str,
    undisturbed: dict[int, Digests],
    target: Callable[[str, int], None],
) -> None:
    """At the boundary, behind a commit; inside the next transaction, before the rows and behind them.

    Planted bug: the position moved in a transaction of its own.
    """
    positions = []
    while (position := check(ledger_database, undisturbed)) < max(undisturbed):
        positions.append(position)
        assert len(positions) <= len(undisturbed)
        kill(target, database_url, BATCH)

    assert positions == sorted(undisturbed)[:-1]
    assert digests(ledger_database) == undisturbed[max(undisturbed)]


def test_kills_of_a_rebuild_in_two_processes(
    ledger_database: Database, database_url: str, undisturbed: dict[int, Digests]
) -> None:
    run_all(ledger_database)
    whole_s = timed(rebuild_apart, database_url, 2)
    dice = random.Random(2)
    for _ in range(5):
        kill(rebuild_apart, database_url, 2, (0.3 + 0.7 * dice.random()) * whole_s)
        check(ledger_database, undisturbed)
    rebuild_all(ledger_database, processes=2)

    assert digests(ledger_database) == undisturbed[max(undisturbed)]
