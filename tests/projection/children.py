"""What processes do that are killed."""

from __future__ import annotations

import os
import signal

from sqlalchemy import Connection

from loyalty_ledger.ledger.projection import rebuild, run
from loyalty_ledger.ledger.projection.sheets import Sheets
from loyalty_ledger.ledger.store.database import open_database
from projection.ledgers import clock, me
from projection.toy_fold import RECIPE


def run_apart(url: str, batch_facts: int) -> None:
    run(open_database(url), RECIPE, runner=me(), clock=clock, batch_facts=batch_facts)


def run_until_batch(url: str, batch_facts: int) -> None:
    """Die when the first batch has been committed."""

    def die(*_: int) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    run(open_database(url), RECIPE, runner=me(), clock=clock, batch_facts=batch_facts, progress=die)


def run_into_batch(url: str, batch_facts: int) -> None:
    """Die inside the transaction of the second batch, which asks the time to renew the lease."""
    is_second = False

    def mark(*_: int) -> None:
        nonlocal is_second
        is_second = True

    def dying_clock() -> int:
        if is_second:
            os.kill(os.getpid(), signal.SIGKILL)
        return clock()

    run(open_database(url), RECIPE, runner=me(), clock=dying_clock, batch_facts=batch_facts, progress=mark)


def run_until_rows(url: str, batch_facts: int) -> None:
    """Die when the rows of the second batch have been written, and nothing of it is committed."""
    update = Sheets.update
    is_second = False

    def mark(*_: int) -> None:
        nonlocal is_second
        is_second = True

    def update_and_die(self: Sheets, connection: Connection, slot: str) -> None:
        update(self, connection, slot)
        if is_second:
            os.kill(os.getpid(), signal.SIGKILL)

    Sheets.update = update_and_die  # type: ignore[method-assign]
    run(open_database(url), RECIPE, runner=me(), clock=clock, batch_facts=batch_facts, progress=mark)


def rebuild_apart(url: str, processes: int) -> None:
    rebuild(open_database(url), RECIPE, runner=me(), clock=clock, processes=processes)
