"""Files as people send them, and one call that imports them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from exchange.till import NOW_US, TILL, Importing
from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.exchange.mapping import parse_mapping
from loyalty_ledger.ledger.exchange.rejects import Reject, list_rejects
from loyalty_ledger.ledger.exchange.summary import Summary
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.reading import FactRow, facts_after


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(content: str | bytes, name: str = "sales.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return written


@pytest.fixture
def importing(ledger_database: Database, write: Callable[..., Path]) -> Importing:
    """Import a text into the ledger; by default with the mapping of the till."""

    def imported(content: str | bytes, mapping: str | None = TILL, **options: Any) -> Summary:
        path = write(content, options.pop("name", "sales.csv" if mapping else "facts.jsonl"))
        return run_import(
            ledger_database, Registry(), path, mapping=None if mapping is None else parse_mapping(mapping),
            now_us=lambda: NOW_US, **options,
        )  # fmt: skip

    return imported


@pytest.fixture
def stored(ledger_database: Database) -> Callable[[], list[FactRow]]:
    def rows() -> list[FactRow]:
        with ledger_database.reading() as connection:
            return facts_after(connection, 0, 1_000_000)

    return rows


@pytest.fixture
def kept(ledger_database: Database) -> Callable[..., list[Reject]]:
    def rows(**options: Any) -> list[Reject]:
        with ledger_database.reading() as connection:
            return list_rejects(connection, **options)

    return rows
