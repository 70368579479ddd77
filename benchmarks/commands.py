"""How long a member waits for ``redeem``, beside the shortest durable commit there is."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import text

from loyalty_ledger.ledger import projection
from loyalty_ledger.ledger.facts import Draft
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.ledger.facts.purchase import PurchaseRecorded
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.tables import facts
from loyalty_ledger.rules.catalogue import Catalogue, installed
from loyalty_ledger.rules.deciding import Desk
from loyalty_ledger.rules.projecting import recipe_for

from .ours import make_ledger, now_us, runner

_HOUR_US = 3_600 * 10**6
_numbers = count()


def latencies(
    *, folded_url: str, projected_url: str, facts_each: list[int], samples: int
) -> dict[str, float]:
    """Return medians in milliseconds, measured in turns.

    Args:
        folded_url: A ledger to make whose views are empty: a decision folds all facts of the member.
        projected_url: A ledger to make with views up to date: a decision goes on from the state they keep.
        facts_each: How many facts each member has.
        samples: How often each is measured; every sample adds one fact.
    """
    catalogue = installed()
    folded, projected = (_ledger(url, catalogue, facts_each) for url in (folded_url, projected_url))
    projection.run(projected, recipe_for(projected), runner=runner(), clock=now_us)
    with projected.writing() as connection:
        connection.execute(text("CREATE TABLE plain AS SELECT * FROM facts WHERE position = 0"))
    taken: dict[str, list[float]] = {}
    for _ in range(samples):
        _timed(taken, "commit", partial(_commit, projected))
        for number in facts_each:
            desk = Desk(projected, catalogue)
            _timed(taken, f"{number:,} facts, full fold", partial(_redeem, Desk(folded, catalogue), number))
            _timed(taken, f"{number:,} facts, from the kept state", partial(_redeem, desk, number))
            _timed(taken, f"{number:,} facts, same desk again", partial(_redeem, desk, number))
    folded.close()
    projected.close()
    return {name: statistics.median(each) for name, each in taken.items()}


def _ledger(url: str, catalogue: Catalogue, facts_each: list[int]) -> Database:
    make_ledger(url=url)
    database = open_database(url)
    log = Log(database)
    for number in facts_each:
        drafts = [_purchase(catalogue, number, each) for each in range(number)]
        with database.writing() as connection:
            log.append(connection, drafts, now_us=now_us())
    return database


def _purchase(catalogue: Catalogue, number: int, each: int) -> Draft:
    return draft(
        catalogue.registry, event_id=f"{number}-{each}", source="benchmark", topic="purchase.recorded",
        subject=f"M-{number}", occurred_us=now_us() - (number - each) * _HOUR_US,
        data=PurchaseRecorded(currency="USD", amount_minor=100_00),
    )  # fmt: skip


def _redeem(desk: Desk, number: int) -> None:
    now = now_us()
    event_id = f"r-{next(_numbers)}"
    desk.redeem(f"M-{number}", 1, now_us=now, occurred_us=now, event_id=event_id, source="benchmark")


def _commit(database: Database) -> None:
    """Insert one row as wide as a fact and commit, on the raw driver."""
    mark = "?" if database.dialect == "sqlite" else "%s"
    state, leaf_hash = b"x" * 250, b"x" * 32
    row = [1, "member/M-10", 1, "points.redeemed", state, "benchmark", "r", 1, 1, None, None, leaf_hash]
    driver: Any = database.engine.raw_connection()
    try:
        cursor = driver.cursor()
        if database.dialect == "sqlite":
            cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(f"INSERT INTO plain VALUES ({', '.join([mark] * len(facts.columns))})", row)
        driver.commit()
    finally:
        driver.close()


def _timed(taken: dict[str, list[float]], name: str, work: Callable[[], None]) -> None:
    started = time.perf_counter()
    work()
    taken.setdefault(name, []).append((time.perf_counter() - started) * 1000)
