"""A projected ledger without a fault, and what a forger does to it."""

from __future__ import annotations

import random
from collections.abc import Iterable
from contextlib import closing

from sqlalchemy import text

from loyalty_ledger.ledger.facts import draft
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log
from projection.ledgers import FAR_US, REGISTRY, Happening, append, run_all


def history() -> list[Happening]:
    """Purchases, some pending and some expiring, redemptions beyond the balance, referrals, advances."""
    dice = random.Random(5)
    happenings = [Happening("activate", "first", 0)]
    for number in range(1, 150):
        member, hour = f"m{dice.randrange(8)}", number * 6
        match dice.choice("pppppprra"):
            case "p":
                channel, store = dice.choice((None, "fades")), dice.choice((None, "later"))
                happenings.append(
                    Happening("purchase", member, hour, dice.randrange(100, 9_000), "", channel, store)
                )
            case "r":
                happenings.append(Happening("redeem", member, hour, dice.randrange(1, 120)))
            case _:
                happenings.append(Happening("advance", "", hour))
    return [*happenings, Happening("refer", "m0", 1_000, 0, "m1")]


def project(url: str) -> None:
    """Make the ledger; the last fact leads to no entry."""
    with closing(open_database(url)) as database:
        with database.writing() as connection:
            Log(database).create(connection, ledger_id="test-ledger", now_us=0)
        append(database, history())
        quiet = draft(
            REGISTRY, event_id="quiet", source="test", topic="member.enrolled", subject="quiet",
            occurred_us=FAR_US, data={},
        )  # fmt: skip
        with database.writing() as connection:
            Log(database).append(connection, [quiet], now_us=FAR_US)
        run_all(database)


def forge(url: str, statements: Iterable[str]) -> None:
    """Change what is stored behind every guard."""
    with closing(open_database(url)) as database, database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            for trigger in connection.scalars(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).all():
                connection.execute(text(f"DROP TRIGGER {trigger}"))
        for statement in statements:
            connection.exec_driver_sql(statement)
