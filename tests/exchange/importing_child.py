"""A process of its own that imports a file, and may die at a batch boundary: one side of a kill test."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.exchange.mapping import load_mapping
from loyalty_ledger.ledger.exchange.summary import Progress
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.database import open_database


def main(url: str, file: str, mapping: str, batch_size: str, die_after: str) -> None:
    told = 0

    def progress(_: Progress) -> None:
        nonlocal told
        told += 1
        print(told, flush=True)
        if told == int(die_after):
            os.kill(os.getpid(), signal.SIGKILL)

    database = open_database(url)
    run_import(
        database, Registry(), Path(file), mapping=load_mapping(Path(mapping)), now_us=lambda: 2**51,
        batch_size=int(batch_size), progress=progress,
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
