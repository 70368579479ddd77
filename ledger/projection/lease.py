"""One runner at a time on a database: a row that names the holder and runs out.

The holder renews it in the transaction of every batch, so a holder that lost it writes nothing more. The
lease of a process that is dead on this machine is taken over at once, any other when it has run out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, delete, select, update
from sqlalchemy.exc import IntegrityError

from ..calendar import SECOND_US, rfc3339
from ..errors import LoyaltyError
from ..store.database import Database
from ..tables import lease as table
from .recipe import Clock, Runner

NAME = "projection"
LEASE_US = 120 * SECOND_US


class Holder(NamedTuple):
    """The row of the lease."""

    token: str
    host: str
    pid: int
    expires_us: int


class Hold:
    """A lease that is held."""

    def __init__(self, runner: Runner, clock: Clock) -> None:
        self.runner = runner
        self.clock = clock

    def renew(self, connection: Connection) -> None:
        """Hold on for another while, in the transaction of what is written under it.

        Raises:
            LoyaltyError: another runner holds the lease: nothing may be written.
        """
        expires_us = self.clock() + LEASE_US
        renewed = connection.execute(update(table).where(_mine(self.runner)).values(expires_us=expires_us))
        if renewed.rowcount != 1:
            raise _lost(holder_of(connection))


def check_held(connection: Connection, runner: Runner) -> None:
    """Keep others from taking *runner*'s lease until the end of the transaction; many may check at a time.

    Raises:
        LoyaltyError: another runner holds the lease.
    """
    held_row = connection.execute(select(table.c.holder).where(_mine(runner)).with_for_update(read=True))
    if held_row.first() is None:
        raise _lost(holder_of(connection))


@contextmanager
def held(database: Database, runner: Runner, clock: Clock) -> Iterator[Hold]:
    """Take the lease, and give it back at the end.

    Raises:
        LoyaltyError: another runner holds it, named with host, process and when the lease runs out.
    """
    with database.writing() as connection:
        _take(connection, runner, clock())
    try:
        yield Hold(runner, clock)
    finally:
        with database.writing() as connection:
            connection.execute(delete(table).where(_mine(runner)))


def holder_of(connection: Connection) -> Holder | None:
    """Return who holds the lease, if anybody."""
    columns = (table.c.holder, table.c.host, table.c.pid, table.c.expires_us)
    row = connection.execute(select(*columns).where(table.c.name == NAME)).first()
    return Holder(*row) if row else None


def _take(connection: Connection, runner: Runner, now_us: int) -> None:
    mine = {"holder": runner.token, "host": runner.host, "pid": runner.pid, "expires_us": now_us + LEASE_US}
    found = holder_of(connection)
    if found is None:
        try:
            with connection.begin_nested():
                connection.execute(table.insert().values(name=NAME, **mine))
        except IntegrityError:
            raise _refused(holder_of(connection)) from None
        return
    if found.expires_us > now_us and not _is_dead(found, runner):
        raise _refused(found)
    unchanged = (table.c.holder == found.token) & (table.c.expires_us == found.expires_us)
    taken = connection.execute(update(table).where(table.c.name == NAME, unchanged).values(**mine))
    if taken.rowcount != 1:
        raise _refused(holder_of(connection))


def _is_dead(holder: Holder, runner: Runner) -> bool:
    if holder.host != runner.host or os.name != "posix":
        return False
    try:
        os.kill(holder.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        pass
    return False


def _mine(runner: Runner) -> ColumnElement[bool]:
    return (table.c.name == NAME) & (table.c.holder == runner.token)


def _refused(holder: Holder | None) -> LoyaltyError:
    return LoyaltyError(
        f"another runner is projecting: {_described(holder)}",
        at=f"lease until {rfc3339(holder.expires_us)}" if holder else None,
        hint="wait for it to end; loyalty project status shows how far it is",
    )


def _lost(holder: Holder | None) -> LoyaltyError:
    return LoyaltyError(
        f"lease was lost to another runner: {_described(holder)}",
        hint="nothing was written since; run the command again",
    )


def _described(holder: Holder | None) -> str:
    return f"process {holder.pid} on {holder.host!r}" if holder else "it has just ended"
