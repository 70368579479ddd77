"""A rebuild in two processes comes to the same as one, however groups are spread over them."""

from __future__ import annotations

import sqlite3
from typing import Any

import psycopg
import pytest

from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.projection import Runner, digest_of_views, rebuild, run, shards
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.groups import linked_members
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.projecting import recipe_for
from rules_of_standing.linked_history import START_US, history

RUNNER = Runner("here", 1, "test")


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
