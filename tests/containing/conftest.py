"""The unruly shop, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from containing.unruly_shop import Shop


@pytest.fixture
def shop(sqlite_url: str, tmp_path: Path) -> Shop:
    """A ledger on SQLite: ann has bought, for one point."""
    return _opened(sqlite_url, tmp_path)


@pytest.fixture
def either_shop(database_url: str, tmp_path: Path) -> Shop:
    """The same on SQLite and on PostgreSQL."""
    return _opened(database_url, tmp_path)


def _opened(url: str, folder: Path) -> Shop:
    made = Shop(url, folder)
    made.record("ann")
    return made
