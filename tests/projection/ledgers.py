"""Histories for the toy fold, and what tests do with a database."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from loyalty_ledger.ledger.calendar import DAY_US, HOUR_US, rfc3339
from loyalty_ledger.ledger.facts import Draft, FactType, Registry, draft
from loyalty_ledger.ledger.facts.points import PointsRedeemed
from loyalty_ledger.ledger.facts.programme import ClockAdvanced, ProgrammeActivated
from loyalty_ledger.ledger.facts.purchase import PurchaseRecorded
from loyalty_ledger.ledger.facts.referral import ReferralMade
from loyalty_ledger.ledger.projection import Recipe, Runner, digest_of_views, rebuild, run
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.tables import metadata
from projection.toy_fold import RECIPE

REGISTRY = Registry()
FAR_US = 10_000 * DAY_US
_tokens = itertools.count(1)
_events = itertools.count(1)


class Happening(NamedTuple):
    """One fact to be: what, to whom, at which hour since 1970."""

    kind: str
    member: str
    hour: int
    amount: int = 0
    other: str = ""
    channel: str | None = None
    store: str | None = None
    said: FactType | None = None


def fact_of(happening: Happening) -> Draft:
    kind, member, hour, amount, other, channel, store, said = happening
    data: FactType
    subject: str | None = member
    match kind:
        case "purchase":
            currency = "USD" if amount % 2 else "EUR"
            data = PurchaseRecorded(currency=currency, amount_minor=amount, channel=channel, store=store)
        case "redeem":
            data = PointsRedeemed(points=amount)
        case "refer":
            data = ReferralMade(referred=other)
        case "said":
            assert said is not None
            data = said
        case "advance":
            subject, data = None, ClockAdvanced(to=rfc3339(hour * HOUR_US))
        case _:
            subject, data = (
                None,
                ProgrammeActivated(programme=member, text="x", rules=(), plugins=(), tzdata="x"),
            )
    return draft(
        REGISTRY, event_id=str(next(_events)), source="test", topic=data.topic, subject=subject,
        occurred_us=hour * HOUR_US, data=data,
    )  # fmt: skip


def append(database: Database, happenings: Sequence[Happening]) -> None:
    with database.writing() as connection:
        outcomes = Log(database).append(connection, [fact_of(one) for one in happenings], now_us=FAR_US)
    assert all(outcome.status == "created" for outcome in outcomes)


def shop_history(facts: int, seed: int = 7, *, members: int = 60) -> list[Happening]:
    """A lively shop: purchases, redemptions, referrals, advances, late facts and a few failures."""
    dice = random.Random(seed)
    history = [Happening("activate", "first", 0)]
    for number in range(1, facts):
        hour = number * 2 + dice.choice((0, 0, 0, -200))
        member = f"m{dice.randrange(members)}"
        roll = dice.random()
        if roll < 0.75:
            channel = "poison" if dice.random() < 0.004 else dice.choice((None, None, "fades"))
            store = (
                "bomb" if channel == "fades" and dice.random() < 0.02 else dice.choice((None, None, "later"))
            )
            history.append(
                Happening("purchase", member, max(hour, 1), dice.randrange(20_000), "", channel, store)
            )
        elif roll < 0.93:
            history.append(Happening("redeem", member, max(hour, 1), dice.randrange(1, 150)))
        elif roll < 0.96:
            # A third of the members refer one another in pairs and a few chains, the others stand alone.
            first = dice.randrange(0, members // 3, 2)
            history.append(
                Happening("refer", f"m{first}", max(hour, 1), 0, f"m{first + dice.choice((1, 1, 1, 2))}")
            )
        else:
            history.append(Happening("advance", "", number * 2))
    return history


def said(member: str, hour: int, data: FactType) -> Happening:
    """Any other fact about a member."""
    return Happening("said", member, hour, said=data)


def me() -> Runner:
    return Runner("here", os.getpid(), f"test-{next(_tokens)}")


def clock() -> int:
    return FAR_US


def run_all(database: Database, recipe: Recipe = RECIPE, *, batch_facts: int = 1_000) -> None:
    run(database, recipe, runner=me(), clock=clock, batch_facts=batch_facts)


def rebuild_all(database: Database, recipe: Recipe = RECIPE, **options: Any) -> Any:
    return rebuild(database, recipe, runner=me(), clock=clock, **options)


def digests(database: Database) -> dict[str, str]:
    with database.reading() as connection:
        return digest_of_views(connection)


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        return [tuple(row) for row in connection.execute(text(sql))]


def wipe(database: Database, *, only_views: bool = False) -> None:
    """Empty a database as only a test may: even its facts."""
    kept = {"facts", "fact_members", "head"} if only_views else set()
    with database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("ALTER TABLE facts DISABLE TRIGGER USER"))
        else:
            for name in ("facts_no_update", "facts_no_delete"):
                connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
        for table in metadata.tables.values():
            if table.name not in kept:
                connection.execute(table.delete())
        if not only_views:
            Log(database).create(connection, ledger_id="test-ledger", now_us=0)
        if database.dialect == "postgresql":
            connection.execute(text("ALTER TABLE facts ENABLE TRIGGER USER"))
