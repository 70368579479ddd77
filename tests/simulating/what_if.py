"""Ledgers to simulate on, and simulations of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import text

from loyalty_ledger.ledger.calendar import DAY_US, instant_us
from loyalty_ledger.ledger.facts import Draft, convert
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.ledger.projection import Recipe, Runner, run
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.catalogue import Catalogue, installed
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.projecting import recipe_for
from loyalty_ledger.rules.simulating import Asked, Simulation, read_candidate, simulated
from loyalty_ledger.rules.simulating.comparing import Compared

LATER_US = instant_us("2027-06-01T00:00:00Z")
RUNNER = Runner("here", 1, "test")
HEAD = 'programme = "{name}"\nzone = "UTC"\ncurrency = "USD"\n'

Told = tuple[str, str | None, str, dict[str, Any]]
"""A fact: type, subject, day or instant, fields."""


class WhatIf(NamedTuple):
    """A simulation, and everybody in it."""

    found: Simulation
    members: dict[str, Compared]


def programme(name: str, *rules: str) -> str:
    """Return the TOML of a programme; a rule is its name and perhaps lines of parameters."""
    return HEAD.format(name=name) + "".join(
        f"[rules.{rule.partition(chr(10))[0]}]\n{rule.partition(chr(10))[2]}\n" for rule in rules
    )


def tell(database: Database, drafts: Sequence[Draft]) -> None:
    """Record drafts."""
    with database.writing() as connection:
        for outcome in Log(database).append(connection, list(drafts), now_us=LATER_US):
            assert outcome.status == "created", outcome


def drafts_of(
    programme_text: str, told: Sequence[Told], *, catalogue: Catalogue | None = None
) -> list[Draft]:
    """Return a programme in force from the beginning of time, and what happened, in this order."""
    catalogue = catalogue or installed()
    registry = catalogue.registry
    steps: list[tuple[str, str | None, str, Any]] = [
        ("programme.activated", None, "1970-01-01", activation(programme_text, catalogue, at="test"))
    ]
    steps += [
        (topic, subject, at, convert(registry.type_of(topic), fields)) for topic, subject, at, fields in told
    ]
    return [
        draft(
            registry, event_id=str(number), source="test", topic=topic, subject=subject,
            occurred_us=instant_us(at if "T" in at else f"{at}T00:00:00Z"), data=data,
        ) for number, (topic, subject, at, data) in enumerate(steps)
    ]  # fmt: skip


def what_if(
    database: Database, candidate: str, *, since: str | None = None, recipe: Recipe | None = None,
    catalogue: Catalogue | None = None, processes: int = 1, **asked: Any,
) -> WhatIf:  # fmt: skip
    """Simulate a candidate."""
    since_us = None if since is None else instant_us(since if "T" in since else f"{since}T00:00:00Z")
    with database.reading() as connection:
        tried = read_candidate(
            connection, catalogue or installed(), candidate, at="candidate", since_us=since_us
        )
    with simulated(
        database, recipe or recipe_for(database), Asked(tried, **asked), processes=processes,
        progress=lambda *_: None,
    ) as (found, gathered):  # fmt: skip
        return WhatIf(found, {row.member: row for row in gathered.members()})


class Seen(NamedTuple):
    """What the views say of a member: balances by column, entries by rule, rungs by ladder."""

    balances: dict[str, int]
    rules: dict[str, int]
    rungs: dict[str, str]


def projected(database: Database) -> dict[str, Seen]:
    """Fold all facts into the views, as a run does, and return what they say of everybody."""
    run(database, recipe_for(database), runner=RUNNER, clock=lambda: LATER_US + DAY_US)
    found: dict[str, Seen] = {}
    with database.reading() as connection:
        for row in connection.execute(text("SELECT * FROM balances")).mappings():
            numbers = {name: int(row[name]) for name in row if name not in ("member", "booked_us")}
            found[row["member"]] = Seen(numbers, {}, {})
        sums = "SELECT member, rule, sum(points + pending + held) FROM journal GROUP BY member, rule"
        for member, rule, points in connection.execute(text(sums)):
            found[member].rules[rule] = int(points)
        for member, ladder, rung in connection.execute(text("SELECT member, ladder, rung FROM ladders")):
            found.setdefault(member, Seen({}, {}, {})).rungs[ladder] = rung
    return found
