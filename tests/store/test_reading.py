"""Facts out of the log, against a naive reading of everything."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import nullcontext

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.facts import Draft
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.ledger.store.reading import (
    FactRow,
    facts_after,
    facts_by_member,
    facts_of,
    head_of,
    programme_facts,
)

Make = Callable[..., Draft]
# Code-point order is not the order of any language: Z < a < é < 😀, and 10 < 9.
MEMBERS = ["1", "10", "9", "Z", "a", "zz", "é", "￿", "😀", "a/b", "a b", "%", "_", "'"]


@pytest.fixture
def history(
    ledger_database: Database, purchase: Make, referral: Make, advance: Make
) -> tuple[Database, list[tuple[Draft, FactRow]]]:
    """Some 300 facts of many members, some naming others, some of the programme."""
    chance = random.Random(3)
    drafts: list[Draft] = []
    for number in range(300):
        member, other = chance.sample(MEMBERS, 2)
        kind = chance.random()
        if kind < 0.1:
            drafts.append(referral(f"r{number}", member, other))
        elif kind < 0.15:
            drafts.append(advance(f"t{number}", "2026-01-01T00:00:00Z"))
        else:
            drafts.append(purchase(f"p{number}", member, amount_minor=number))
    with ledger_database.writing() as connection:
        log = Log(ledger_database)
        for start in range(0, 300, 37):
            log.append(connection, drafts[start : start + 37], now_us=start)
    facts = [
        (made, FactRow(position, made.stream, made.topic, made.occurred_us, made.state))
        for position, made in enumerate(drafts, 1)
    ]
    return ledger_database, facts


History = tuple[Database, list[tuple[Draft, FactRow]]]


@pytest.mark.parametrize("upto", [0, 1, 150, 300, 10**9])
def test_every_members_facts_come_in_code_point_order(history: History, upto: int) -> None:
    database, facts = history
    expected = sorted(
        (row for _, row in facts if row.stream.startswith("member/") and row.position <= upto),
        key=lambda row: (row.stream, row.position),
    )

    with database.reading() as connection:
        actual = list(facts_by_member(connection, upto=upto))

    assert actual == expected


@pytest.mark.parametrize(("low", "high"), [("Z", "zz"), (None, "9"), ("é", None), ("a", "a"), ("a/b", "b")])
def test_ranges_of_members_join_without_overlap(history: History, low: str | None, high: str | None) -> None:
    database, _ = history
    with database.reading() as connection:
        before = (
            [FactRow._make(row) for row in facts_by_member(connection, upto=300, high=low)] if low else []
        )
        within = [FactRow._make(row) for row in facts_by_member(connection, upto=300, low=low, high=high)]
        behind = (
            [FactRow._make(row) for row in facts_by_member(connection, upto=300, low=high)] if high else []
        )
        whole = [FactRow._make(row) for row in facts_by_member(connection, upto=300)]

    assert before + within + behind == whole
    assert all(
        (low is None or low <= row.stream[7:]) and (high is None or row.stream[7:] < high) for row in within
    )


@pytest.mark.parametrize("members", [("1",), ("a", "é"), ("%",), ("nobody",), tuple(MEMBERS), ()])
@pytest.mark.parametrize(
    ("after", "upto"), [(0, None), (0, 150), (1, None), (120, 180), (299, None), (300, None)]
)
def test_a_groups_facts_are_its_streams_and_those_that_name_it(
    history: History, members: tuple[str, ...], after: int, upto: int | None
) -> None:
    database, facts = history
    expected = [
        row
        for made, row in facts
        if after < row.position <= (upto or 300)
        and ((row.stream[7:] in members and row.stream != "programme") or set(made.members) & set(members))
    ]

    with database.reading() as connection:
        actual = list(facts_of(connection, members, after=after, upto=upto))

    assert actual == expected


def test_a_group_of_more_facts_than_a_page_is_read_whole(ledger_database: Database, purchase: Make) -> None:
    with ledger_database.writing() as connection:
        Log(ledger_database).append(connection, [purchase(f"p{n}") for n in range(1201)], now_us=0)
        positions = [row.position for row in facts_of(connection, ["1"])]

    assert positions == list(range(1, 1202))


def test_the_log_is_read_in_pages(history: History) -> None:
    database, facts = history
    with database.reading() as connection:
        assert facts_after(connection, 0, 3) == [row for _, row in facts[:3]]
        assert facts_after(connection, 298, 100) == [row for _, row in facts[298:]]
        assert facts_after(connection, 300, 100) == []


def test_the_programmes_facts_are_read_up_to_a_position(history: History) -> None:
    database, facts = history
    programme = [row for _, row in facts if row.stream == "programme"]
    assert len(programme) > 5

    with database.reading() as connection:
        assert programme_facts(connection, 300) == programme
        assert programme_facts(connection, programme[2].position) == programme[:3]


def test_a_reading_sees_one_moment(ledger_database: Database, purchase: Make) -> None:
    log = Log(ledger_database)
    with ledger_database.reading() as reading:
        assert head_of(reading).position == 0
        with ledger_database.writing() as writing:
            log.append(writing, [purchase("a")], now_us=0)

        assert head_of(reading).position == 0
        assert facts_after(reading, 0, 9) == []

    with ledger_database.reading() as reading:
        assert head_of(reading).position == 1


def test_what_a_reading_changes_is_undone_or_refused(ledger_database: Database) -> None:
    refused = pytest.raises(LoyaltyError, match="database is read-only")
    with (
        refused if ledger_database.dialect == "postgresql" else nullcontext(),
        ledger_database.reading() as connection,
    ):
        connection.exec_driver_sql("UPDATE head SET ledger_id = 'x'")

    with ledger_database.reading() as connection:
        assert head_of(connection).ledger_id == "test-ledger"
