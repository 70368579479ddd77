"""The shop at whose counter commands are decided."""

from __future__ import annotations

import pytest

from deciding.counter import FULL, opened
from loyalty_ledger.ledger.store.database import Database


@pytest.fixture
def counter(database: Database) -> Database:
    """A ledger with every rule a command needs, in which ann has 100 points by order O-1, fact 2."""
    return opened(database, FULL)
