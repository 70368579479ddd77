"""Small ledgers with everything a log can hold, and what a test asks of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from typing import Any

from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.facts import Draft, Registry, draft
from loyalty_ledger.ledger.store.bulk import fetch_rows, insert_rows
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.tables import imports, rejects

Fresh = Callable[[], str]
"""Makes an empty database and returns its URL."""

LEDGER_ID = "test-ledger"
NOW_US = 20_000 * DAY_US
REGISTRY = Registry()
# The binary facts of another program: eventsourcing's own way in, which knows no envelope.
BINARY = "binary"

names = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12)


@st.composite
def drafts(draw: st.DrawFn, event_id: str) -> Draft:
    topic, subject, data = draw(st.sampled_from(_SAMPLES))
    return draft(
        REGISTRY, event_id=event_id + draw(names), source=draw(names), topic=topic,
        subject=draw(names) if subject else None, occurred_us=draw(st.integers(0, NOW_US)), data=data,
        actor=draw(st.none() | names),
    )  # fmt: skip


_SAMPLES: tuple[tuple[str, bool, dict[str, Any]], ...] = (
    ("purchase.recorded", True, {"order": "o", "amount_minor": 1999, "currency": "USD"}),
    ("referral.made", True, {"referred": "friend"}),
    ("member.enrolled", True, {"referrer": "ünïcödé 🎁"}),
    ("clock.advanced", False, {"to": "2020-01-01T00:00:00Z"}),
)


@st.composite
def logs(draw: st.DrawFn) -> list[list[Draft | bytes]]:
    """Batches of facts; bytes stand for an event of the library's own kind."""
    batches = draw(st.lists(st.integers(0, 9), max_size=4))
    return [
        [draw(st.binary(max_size=8) | drafts(f"{batch}.{number}-")) for number in range(size)]
        for batch, size in enumerate(batches)
    ]


def fill(url: str, batches: Sequence[Sequence[Draft | bytes]], *, kept: Sequence[bytes] = ()) -> None:
    """Make a ledger of these facts, an import for each batch, and a reject for each of *kept*."""
    with closing(open_database(url)) as database:
        log = Log(database)
        with database.writing() as connection:
            log.create(connection, ledger_id=LEDGER_ID, now_us=7)
        for number, batch in enumerate(batches, 1):
            with database.writing() as connection:
                finished_us = None if number == 1 else NOW_US
                row = (number, "ä.csv", "csv", None, 5, finished_us, len(batch), 0, 0, 0)
                insert_rows(connection, imports, [row])
                named = [_draft(f"{number}.{n}", content) for n, content in enumerate(batch)]
                log.append(connection, named, now_us=NOW_US + number, import_id=number)
        with database.writing() as connection:
            rows = [
                (n, 1, f"digest {n}", "ä.csv", n, None, "bad", "no date: '?'", "m", content, 9, None)
                for n, content in enumerate(kept, 1)
            ]
            insert_rows(connection, rejects, rows)


def _draft(name: str, content: Draft | bytes) -> Draft:
    if isinstance(content, Draft):
        return content
    name = f"{BINARY}/{name}"
    return Draft(name, "eventsourcing", "library:Event", name, 0, None, (), content)


def root_of(url: str) -> bytes:
    with closing(open_database(url)) as database, database.reading() as connection:
        return Log(database).root(connection)


def rows_of(url: str, table: str) -> list[tuple[Any, ...]]:
    with closing(open_database(url)) as database, database.reading() as connection:
        return sorted(fetch_rows(connection, f"SELECT * FROM {table}"))
