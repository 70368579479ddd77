"""Room for a second set of views, beside the ledger: nothing of the ledger's own is touched.

It is SQLite's own temporary database, for a ledger on PostgreSQL too: in memory while it is small, then in a
file without a name in the system's folder for such files (``TMPDIR``), gone when it is closed or the process
is killed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlalchemy.schema import CreateTable

from ..errors import LoyaltyError
from ..store.faults import explained
from ..tables import SLOTS, VIEWS

SLOT = SLOTS[0]


class Scratch:
    """An empty slot that is thrown away.

    Attributes:
        connection: To read it.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        for tables in VIEWS.values():
            connection.execute(CreateTable(tables[SLOT]))

    def write(self, change: Callable[[Connection, str], None]) -> None:
        """Let a change of the slot happen.

        Raises:
            LoyaltyError: there is no room for it.
        """
        try:
            change(self.connection, SLOT)
        except (sqlite3.Error, SQLAlchemyError) as error:
            if reason := explained(error, ""):
                raise LoyaltyError(
                    f"no room to fold the facts once more: {reason.what}",
                    at="the system's folder for temporary files",
                    hint="set TMPDIR to a folder with room, or loyalty check --fast",
                ) from error
            raise


@contextmanager
def scratch() -> Iterator[Scratch]:
    """Yield a slot that is gone at the end of the block."""
    engine = create_engine("sqlite://", creator=_temporary, poolclass=StaticPool)
    try:
        with engine.connect() as connection:
            yield Scratch(connection)
    finally:
        engine.dispose()


def _temporary() -> sqlite3.Connection:
    connection = sqlite3.connect("", cached_statements=256)
    for pragma in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -16384", "temp_store = FILE"):
        connection.execute(f"PRAGMA {pragma}").close()
    return connection
