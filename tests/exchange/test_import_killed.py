"""An import killed at any moment, and run again: nothing lost, nothing doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from exchange import importing_child
from exchange.till import HEADER, TILL
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.merkle import root_of
from loyalty_ledger.ledger.store.reading import facts_after, head_of
from loyalty_ledger.ledger.tables import imports, rejects

RECEIPTS = 600
BATCH = 50
BAD = 7
"""Every receipt of such a number has a bad row."""


@pytest.fixture
def child(
    ledger_database: Database, database_url: str, write: Callable[..., Path]
) -> Callable[..., list[str]]:
    rows = "".join(
        f"r{n},m{n % 13},2026-01-02T10:00:00,sku{line},1,{'x' if n % BAD == 0 and line == 1 else line}\n"
        for n in range(RECEIPTS)
        for line in (1, 2)
    )
    file, mapping = write(HEADER + rows), write(TILL, "till.toml")
    script = str(Path(importing_child.__file__))
    return lambda die_after=0: [
        sys.executable, script, database_url, str(file), str(mapping), str(BATCH), str(die_after)
    ]  # fmt: skip


def assert_whole(database: Database) -> None:
    rejected = len(range(0, RECEIPTS, BAD))
    with database.reading() as connection:
        facts = facts_after(connection, 0, 10_000)
        head = head_of(connection)
        kept = connection.execute(select(func.count()).select_from(rejects)).scalar()
        last = connection.execute(select(imports).order_by(imports.c.id.desc())).first()
    wanted = [n for n in range(RECEIPTS) if n % BAD]
    assert [fact.position for fact in facts] == list(range(1, len(wanted) + 1))
    assert [fact.state.split(b'"id":"')[1].split(b'"')[0] for fact in facts] == [b"r%d" % n for n in wanted]
    assert (head.position, kept) == (len(wanted), rejected)
    assert len(root_of(head.frontier, head.position)) == 32
    assert last is not None
    assert last.finished_us is not None
    assert (last.imported + last.duplicates, last.rejected) == (len(wanted), rejected)


def assert_no_half_batch(database: Database) -> None:
    with database.reading() as connection:
        count = head_of(connection).position
        kept = connection.execute(select(func.count()).select_from(rejects)).scalar() or 0
    assert (count + kept) % BATCH == 0


def test_killed_at_every_batch_boundary_in_turn(
    ledger_database: Database, child: Callable[..., list[str]]
) -> None:
    for boundary in (1, 4, RECEIPTS // BATCH):
        died = subprocess.run(child(boundary), check=False, capture_output=True)
        assert died.returncode == -signal.SIGKILL, died.stderr.decode()
        assert_no_half_batch(ledger_database)

    subprocess.run(child(), check=True, capture_output=True)

    assert_whole(ledger_database)


def test_killed_at_random_moments(ledger_database: Database, child: Callable[..., list[str]]) -> None:
    moments = random.Random(20260601)
    for _ in range(4):
        with subprocess.Popen(child(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
            assert running.stdout is not None
            running.stdout.readline()  # the first batch is stored
            time.sleep(moments.uniform(0, 0.15))
            running.kill()
        assert_no_half_batch(ledger_database)

    subprocess.run(child(), check=True, capture_output=True)

    assert_whole(ledger_database)
