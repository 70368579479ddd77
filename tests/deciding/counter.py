"""A shop with every rule a command needs, and short words for what happens at its counter."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any

from sqlalchemy import text

from loyalty_ledger.ledger.calendar import DAY_US, instant_us
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.ledger.projection import Runner
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.deciding import Asked, Command, Decision, Desk, Refusal
from loyalty_ledger.rules.governing import create_ledger
from loyalty_ledger.rules.projecting import run_views

NOW_US = instant_us("2026-06-01T12:00:00Z")
PROGRAMME = """
    programme = "Shop"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 30
    [rules.redemption]
    minimum = 10
"""
FULL = f"""{PROGRAMME}
    [rules.adjustments]
    [rules.rewards]
    [rules.clawback]
    [rules.holds]
    minimum = 10
    [rules.transfers]
    minimum = 10
    [rules.merging]
"""
CATALOGUE = installed()
_numbers = count(1)


def opened(database: Database, programme: str) -> Database:
    """Return a ledger in which ann has 100 points, earned ten days ago by order O-1: fact 2 of 2."""
    create_ledger(
        database.url, CATALOGUE, programme, at="shop.toml", ledger_id="shop", now_us=NOW_US - 11 * DAY_US
    )
    buy(database, "ann", "100.00", at_us=NOW_US - 10 * DAY_US, order="O-1")
    return database


def buy(
    database: Database, member: str, amount: str, *, at_us: int, number: str = "1", order: str | None = None
) -> None:
    data = {"currency": "USD", "amount": amount} | ({"order": order} if order else {})
    record(database, "purchase.recorded", member, data, at_us=at_us, event_id=f"{member}-{number}")


def record(
    database: Database, topic: str, subject: str | None, data: dict[str, Any], *, at_us: int = NOW_US,
    event_id: str | None = None,
) -> int:  # fmt: skip
    """Append a fact past the desk, as an import does; return its position."""
    (position,) = record_all(database, topic, subject, [data], at_us=at_us, event_id=event_id)
    return position


def record_all(
    database: Database, topic: str, subject: str | None, rows: Sequence[dict[str, Any]], *,
    at_us: int = NOW_US,
    event_id: str | None = None,
) -> list[int]:  # fmt: skip
    ready = [
        draft(
            CATALOGUE.registry, event_id=event_id or f"E-{next(_numbers)}", source="till", topic=topic,
            subject=subject, occurred_us=at_us, data=data,
        )
        for data in rows
    ]  # fmt: skip
    with database.writing() as connection:
        outcomes = Log(database).append(connection, ready, now_us=NOW_US)
    return [outcome.position or 0 for outcome in outcomes]


def decide(
    database: Database, command: Command, *, at_us: int = NOW_US, event_id: str | None = None,
    actor: str | None = None,
) -> Decision:  # fmt: skip
    """Ask a desk of its own, as every run of the command line does."""
    asked = Asked(NOW_US, at_us, "desk", spare_id=f"spare-{next(_numbers)}", event_id=event_id, actor=actor)
    return Desk(database, CATALOGUE).decide(command, asked)


def answer(database: Database, command: Command, **options: Any) -> str:
    """Return the status, or the code of the refusal."""
    try:
        return decide(database, command, **options).outcome.status
    except LoyaltyError as error:
        return str(getattr(error, "code", type(error).__name__))


def refusal(database: Database, command: Command, **options: Any) -> Refusal:
    """Return the refusal of a command that must be refused, and leave nothing behind."""
    before = facts_in(database)
    try:
        decide(database, command, **options)
    except Refusal as error:
        assert facts_in(database) == before
        return error
    raise AssertionError(f"was not refused: {command}")


def in_parallel(database: Database, commands: Sequence[Command]) -> list[str]:
    """Ask for all of them at once, each over its own connections; return the answers in order."""

    def ask(command: Command) -> str:
        own = open_database(database.url)
        try:
            return answer(own, command)
        finally:
            own.close()

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(ask, commands))


def facts_in(database: Database, topic: str = "%") -> int:
    """Return how many facts of a type the log has, read without the code that decides."""
    with database.reading() as connection:
        sql = text("SELECT count(*) FROM facts WHERE topic LIKE :topic")
        return int(connection.execute(sql, {"topic": topic}).scalar_one())


def project(database: Database) -> None:
    run_views(
        database, runner=Runner("here", 1, "test"), clock=lambda: NOW_US, batch_facts=100,
        progress=lambda *_: None,
    )  # fmt: skip


def projected_points(database: Database, member: str = "ann") -> int:
    """Return a balance as the views have it, which a decision does not read."""
    project(database)
    with database.reading() as connection:
        sql = text("SELECT points FROM balances WHERE member = :member")
        return int(connection.execute(sql, {"member": member}).scalar_one())
