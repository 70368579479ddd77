"""Real histories to check rules with: some of a ledger's members, and those with the longest histories."""

from __future__ import annotations

from hashlib import sha256

from sqlalchemy import Connection

from ...ledger.facts.programme import ClockAdvanced
from ...ledger.store.bulk import fetch_rows
from ...ledger.store.groups import groups_of
from ...ledger.store.reading import FactRow, facts_of, head_of, programme_facts
from .plan import History, Told, World

MEMBERS, LONGEST = 1_000, 100
_MOST_TOGETHER = 50
"""Larger groups are left out: their histories would be most of the check."""


def sampled_world(connection: Connection, *, members: int = MEMBERS, longest: int = LONGEST) -> World:
    """Return histories of a ledger: of *members* spread over all, and of those with the most facts.

    The same ledger gives the same members: they are drawn by the hash of their id.

    Raises:
        HistoryError: the database holds no ledger.
    """
    head = head_of(connection).position
    sql = "SELECT stream, count(*) FROM facts WHERE stream LIKE 'member/%' GROUP BY stream"
    counts = {stream[7:]: int(count) for stream, count in fetch_rows(connection, sql)}
    drawn = sorted(counts, key=lambda name: sha256(name.encode()).digest())[:members]
    drawn += sorted(counts, key=lambda name: (-counts[name], name))[:longest]
    groups = sorted(set(groups_of(connection, sorted(set(drawn)), head).values()))
    histories = [
        History(group, [_told(row) for row in facts_of(connection, group, upto=head)])
        for group in groups if len(group) <= _MOST_TOGETHER
    ]  # fmt: skip
    advances = [_told(row) for row in programme_facts(connection, head) if row.topic == ClockAdvanced.topic]
    return World(advances, histories, head)


def _told(row: FactRow) -> Told:
    return Told(row.position, row.occurred_us, row.topic, bytes(row.state))
