"""Generations: whole sets of view tables. One is live, one may be building in the slot that is not.

The SQL views without suffix, the row of the generation and its position change in one transaction.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, text, update

from ..errors import LoyaltyError
from ..tables import SLOTS, VIEWS, swap_statements, tracking
from ..tables import generations as table


class Generation(NamedTuple):
    """A set of view tables.

    Attributes:
        number: From 1, rising.
        slot: Which of the two sets of tables it is in.
        fingerprint: Of the fold and the zone at its position; '' at position 0.
        position: The last fact it has read.
    """

    number: int
    slot: str
    fingerprint: str
    position: int


def live(connection: Connection) -> Generation | None:
    """Return the generation that is read by name, or None before the first run."""
    columns = (table.c.number, table.c.slot, table.c.fingerprint, tracking.c.position)
    joined = table.join(tracking, tracking.c.name == "views/" + table.c.slot)
    row = connection.execute(select(*columns).select_from(joined).where(table.c.status == "live")).first()
    return Generation(*row) if row else None


def drop_unfinished(connection: Connection) -> None:
    """Forget what a killed rebuild has left; its tables are emptied when the slot is used again."""
    slots = select("views/" + table.c.slot).where(table.c.status == "building")
    connection.execute(delete(tracking).where(tracking.c.name.in_(slots)))
    connection.execute(delete(table).where(table.c.status == "building"))


def begin(connection: Connection, *, now_us: int, is_live_at_once: bool = False) -> Generation:
    """Empty the slot that nobody reads and begin a generation in it.

    Before the first one is live, the SQL views read slot a: what is built meanwhile stands in slot b. Only
    one that goes live at once, empty, begins in slot a.
    """
    serving = live(connection)
    slot = SLOTS[0] if is_live_at_once or (serving and serving.slot == SLOTS[1]) else SLOTS[1]
    empty(connection, slot)
    connection.execute(delete(table).where(table.c.slot == slot))
    connection.execute(delete(tracking).where(tracking.c.name == f"views/{slot}"))
    number = (connection.execute(select(func.max(table.c.number))).scalar() or 0) + 1
    row = {"number": number, "slot": slot, "status": "building", "fingerprint": "", "started_us": now_us}
    connection.execute(insert(table).values(**row))
    connection.execute(insert(tracking).values(name=f"views/{slot}", position=0))
    return Generation(number, slot, "", 0)


def empty(connection: Connection, slot: str) -> None:
    """Delete every row of a slot that is not live."""
    for tables in VIEWS.values():
        verb = "DELETE FROM" if connection.dialect.name == "sqlite" else "TRUNCATE"
        connection.execute(text(f"{verb} {tables[slot].name}"))


def move(connection: Connection, generation: Generation, *, position: int, fingerprint: str) -> Generation:
    """Record that the rows of *generation* are those at *position*, in the transaction that writes them.

    Raises:
        LoyaltyError: somebody else has moved it: nothing may be written.
    """
    where = (tracking.c.name == f"views/{generation.slot}") & (tracking.c.position == generation.position)
    if connection.execute(update(tracking).where(where).values(position=position)).rowcount != 1:
        raise LoyaltyError(
            f"views are no longer at position {generation.position}",
            hint="run the command again: nothing was written",
        )
    if fingerprint != generation.fingerprint:
        mine = table.c.number == generation.number
        connection.execute(update(table).where(mine).values(fingerprint=fingerprint))
    return generation._replace(position=position, fingerprint=fingerprint)


def go_live(connection: Connection, generation: Generation, *, now_us: int) -> None:
    """Let everybody read *generation*; the one before is kept, unread, until its slot is used again."""
    connection.execute(update(table).where(table.c.status == "live").values(status="retired"))
    mine = table.c.number == generation.number
    connection.execute(update(table).where(mine).values(status="live", live_us=now_us))
    for statement in swap_statements(generation.slot):
        connection.execute(text(statement))
