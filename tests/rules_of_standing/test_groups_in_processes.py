"""A rebuild in two processes comes to the same as one, however groups are spread over them."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from engine.tales import STANDING
from loyalty_ledger.ledger.calendar import DAY_US, HOUR_US, instant_us, rfc3339
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.facts import Draft, convert
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.ledger.projection import Runner, digest_of_views, rebuild, run, shards
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.groups import linked_members
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.projecting import recipe_for

START_US = instant_us("2026-01-01T08:00:00Z")
RUNNER = Runner("here", 1, "test")


def happenings(
    dice: random.Random, members: list[str], days: int
) -> Iterator[tuple[str, dict[str, Any], str, int]]:
    """Yield topic, fields, member and instant: a shop whose members refer each other, return and complain."""
    orders: list[tuple[str, str]] = []
    for day in range(days):
        for _ in range(dice.randint(1, 9)):
            at_us = START_US + day * DAY_US + dice.randint(0, 10) * HOUR_US
            member, kind = dice.choice(members), dice.randint(0, 11)
            if kind < 6:
                orders.append((f"o{len(orders)}", member))
                fields = {"order": orders[-1][0], "currency": "USD", "amount_minor": dice.randint(0, 9_000)}
                yield "purchase.recorded", fields, member, at_us
            elif kind == 6 and orders:
                order, buyer = dice.choice(orders)
                yield (
                    "purchase.returned",
                    {"order": order, "share_bps": dice.choice([2_500, 10_000])},
                    buyer,
                    at_us,
                )
            elif kind == 7:
                yield "referral.made", {"referred": dice.choice(members)}, member, at_us
            elif kind == 8:
                yield "points.redeemed", {"points": dice.randint(1, 40)}, member, at_us
            elif kind == 9:
                yield "complaint.opened", {"complaint": f"c{day}", "category": "quality"}, member, at_us
            elif kind == 10:
                yield "recommendation.stated", {"likelihood": "very likely"}, member, at_us
            else:
                yield "points.adjusted", {"points": dice.choice([-5, 7]), "reason": "test"}, member, at_us


def history(seed: int) -> list[Draft]:
    """Return the drafts: a programme, and sixty members, most of them in a few groups."""
    dice, catalogue = random.Random(seed), installed()
    registry, members = catalogue.registry, [f"m{number:02}" for number in range(60)]
    steps: list[tuple[str, Any, str | None, int]] = [
        ("programme.activated", activation(STANDING, catalogue, at="test"), None, 0)
    ]
    for topic, fields, member, at_us in happenings(dice, members, 90):
        steps.append((topic, convert(registry.type_of(topic), fields), member, at_us))
        if dice.random() < 0.02:
            clock = convert(registry.type_of("clock.advanced"), {"to": rfc3339(at_us)})
            steps.append(("clock.advanced", clock, None, at_us))
    return [
        draft(
            registry, event_id=str(number), source="test", topic=topic, subject=member, occurred_us=at_us,
            data=data,
        ) for number, (topic, data, member, at_us) in enumerate(steps)
    ]  # fmt: skip


def projected(database: Database, seed: int) -> dict[str, str]:
    drafts = history(seed)
    with database.writing() as connection:
        Log(database).append(connection, drafts, now_us=START_US + 400 * DAY_US)
    run(database, recipe_for(database), runner=RUNNER, clock=lambda: START_US, batch_facts=40)
    with database.reading() as connection:
        return digest_of_views(connection)


@pytest.mark.parametrize("seed", range(3))
def test_two_processes_come_to_the_same_as_one(ledger_database: Database, seed: int) -> None:
    live = projected(ledger_database, seed)

    for processes in (1, 2):
        done = rebuild(
            ledger_database, recipe_for(ledger_database), runner=RUNNER, clock=lambda: START_US,
            processes=processes,
        )  # fmt: skip
        assert done.is_live
        assert done.difference is None
    with ledger_database.reading() as connection:
        assert digest_of_views(connection) == live


def test_a_group_torn_apart_is_noticed(ledger_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: one member of each group is folded alone, in another process."""
    projected(ledger_database, 0)

    def torn(*args: Any) -> dict[str, tuple[str, ...]]:
        groups = {group: group[1:] for group in linked_members(*args).values()}
        return {member: group for group in groups.values() for member in group}

    monkeypatch.setattr(shards, "linked_members", torn)
    # The rows differ, or a fact that names two members is folded twice: its row exists already, or two
    # processes wait for each other to write it.
    with pytest.raises((LoyaltyError, sqlite3.IntegrityError, psycopg.IntegrityError)):
        rebuild(
            ledger_database, recipe_for(ledger_database), runner=RUNNER, clock=lambda: START_US, processes=2
        )
