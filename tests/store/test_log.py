"""What goes into the log, what it answers, and what is written beside a fact."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable
from typing import Any

import pytest

from loyalty_ledger.ledger.calendar import DAY_US, instant_us
from loyalty_ledger.ledger.errors import FactError, HistoryError, LoyaltyError
from loyalty_ledger.ledger.facts import Draft, Registry, draft, read_event
from loyalty_ledger.ledger.store.bulk import fetch_rows
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.leaf import leaf_hash
from loyalty_ledger.ledger.store.log import Admission, Log, Outcome
from loyalty_ledger.ledger.store.reading import head_of

NOW_US = instant_us("2026-01-31T12:00:00Z")
Make = Callable[..., Draft]


def append(database: Database, *drafts: Draft, now_us: int = NOW_US, **policies: Any) -> list[Outcome]:
    with database.writing() as connection:
        return Log(database).append(connection, drafts, now_us=now_us, admission=Admission(**policies))


def rows(database: Database, sql: str) -> list[tuple[Any, ...]]:
    with database.reading() as connection:
        return fetch_rows(connection, sql)


def test_new_facts_get_positions_and_versions_without_gaps(ledger_database: Database, purchase: Make) -> None:
    outcomes = append(ledger_database, purchase("a", "1"), purchase("b", "2"), purchase("c", "1"))
    outcomes += append(ledger_database, purchase("d", "2"))

    assert [outcome[:2] for outcome in outcomes] == [
        ("created", 1),
        ("created", 2),
        ("created", 3),
        ("created", 4),
    ]
    assert rows(ledger_database, "SELECT position, stream, version FROM facts ORDER BY position") == [
        (1, "member/1", 1),
        (2, "member/2", 1),
        (3, "member/1", 2),
        (4, "member/2", 2),
    ]


def test_a_fact_sent_again_is_a_duplicate_and_names_the_first(
    ledger_database: Database, purchase: Make
) -> None:
    append(ledger_database, purchase("a"), purchase("b"))

    assert append(ledger_database, purchase("b"), purchase("c")) == [
        Outcome("duplicate", 2),
        Outcome("created", 3),
    ]


def test_one_id_from_two_sources_is_two_facts(ledger_database: Database, purchase: Make) -> None:
    outcomes = append(ledger_database, purchase("a"), purchase("a", source="web"))

    assert [outcome.status for outcome in outcomes] == ["created", "created"]


@pytest.mark.parametrize(
    ("change", "fields"),
    [
        ({"amount_minor": 101}, ("data.amount_minor",)),
        ({"member": "2"}, ("subject",)),
        ({"at_us": 1}, ("time",)),
        ({"lines": (3, 8)}, ("data.lines.1.amount_minor",)),
        ({"lines": (3,)}, ("data.lines",)),
        ({"lines": ()}, ("data.lines",)),
        ({"actor": "ann", "amount_minor": 7}, ("actor", "data.amount_minor")),
    ],
)
def test_a_conflict_names_the_fields_that_differ(
    ledger_database: Database, purchase: Make, change: dict[str, Any], fields: tuple[str, ...]
) -> None:
    append(ledger_database, purchase("a", lines=(3, 7)))

    assert append(ledger_database, purchase("a", **{"lines": (3, 7), **change})) == [
        Outcome("conflict", 1, fields)
    ]
    assert rows(ledger_database, "SELECT count(*) FROM facts") == [(1,)]


def test_repeats_within_one_call_are_answered_as_if_sent_later(
    ledger_database: Database, purchase: Make
) -> None:
    assert append(
        ledger_database, purchase("a"), purchase("a"), purchase("a", amount_minor=9), purchase("b")
    ) == [
        Outcome("created", 1),
        Outcome("duplicate", 1),
        Outcome("conflict", 1, ("data.amount_minor",)),
        Outcome("created", 2),
    ]


@pytest.mark.parametrize(("beyond_us", "status"), [(0, "created"), (1, "refused")])
def test_a_fact_may_be_dated_a_day_ahead_and_no_more(
    ledger_database: Database, purchase: Make, beyond_us: int, status: str
) -> None:
    (outcome,) = append(ledger_database, purchase("a", at_us=NOW_US + DAY_US + beyond_us))

    assert outcome.status == status
    if outcome.error:
        assert outcome.error.code == "future"
        assert outcome.error.what == (
            "time is in the future: '2026-02-01T12:00:00.000001Z', recorded at 2026-01-31T12:00:00Z"
        )


def test_a_refused_fact_leaves_no_gap(ledger_database: Database, purchase: Make) -> None:
    outcomes = append(
        ledger_database,
        purchase("a"),
        purchase("b", at_us=NOW_US + 2 * DAY_US),
        purchase("c"),
        tolerance_us=DAY_US,
    )

    assert [outcome.position for outcome in outcomes] == [1, None, 2]


def test_a_programme_may_require_enrolment_first(
    ledger_database: Database, purchase: Make, enrolment: Make, referral: Make
) -> None:
    outcomes = append(
        ledger_database, purchase("a", "1"), enrolment("b", "1"), purchase("c", "1"), purchase("d", "2"),
        referral("e", "1", "2"), must_enrol=True,
    )  # fmt: skip

    assert [outcome.status for outcome in outcomes] == ["refused", "created", "created", "refused", "created"]
    assert outcomes[0].error is not None
    assert (outcomes[0].error.code, outcomes[0].error.what) == ("not-enrolled", "member is not enrolled: '1'")
    assert append(ledger_database, purchase("f", "1"), must_enrol=True)[0].status == "created"


def test_otherwise_the_first_fact_makes_the_member(ledger_database: Database, purchase: Make) -> None:
    append(ledger_database, purchase("a", "1"))

    assert append(ledger_database, purchase("b", "1"), must_enrol=True)[0].status == "created"


def test_recorded_times_rise_even_when_the_clock_goes_back(ledger_database: Database, purchase: Make) -> None:
    append(ledger_database, purchase("a"), purchase("b"))
    append(ledger_database, purchase("c"), now_us=NOW_US - 3600_000_000)
    append(ledger_database, purchase("d"), now_us=NOW_US + 5)

    assert rows(ledger_database, "SELECT recorded_us FROM facts ORDER BY position") == [
        (NOW_US,),
        (NOW_US,),
        (NOW_US + 1,),
        (NOW_US + 5,),
    ]


def test_what_is_rolled_back_leaves_neither_gap_nor_trace(ledger_database: Database, purchase: Make) -> None:
    """The versions kept from the lost append must not be used by the next, even at an equal position."""
    log = Log(ledger_database)
    with ledger_database.writing() as connection:
        log.append(connection, [purchase("a", "1"), purchase("b", "1")], now_us=NOW_US)
        connection.rollback()
        connection.begin()
    append(ledger_database, purchase("c", "2"), purchase("d", "2"))

    with ledger_database.writing() as connection:
        outcomes = log.append(connection, [purchase("e", "1"), purchase("f", "2")], now_us=NOW_US)

    assert [outcome.position for outcome in outcomes] == [3, 4]
    assert rows(ledger_database, "SELECT stream, version FROM facts ORDER BY position") == [
        ("member/2", 1),
        ("member/2", 2),
        ("member/1", 1),
        ("member/2", 3),
    ]


def test_several_appends_in_one_transaction_follow_each_other(
    ledger_database: Database, purchase: Make
) -> None:
    log = Log(ledger_database)
    with ledger_database.writing() as connection:
        first = log.append(connection, [purchase("a")], now_us=NOW_US)
        again = log.append(connection, [purchase("a"), purchase("b")], now_us=NOW_US)

    assert first + again == [Outcome("created", 1), Outcome("duplicate", 1), Outcome("created", 2)]


def merkle_tree_hash(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, of leaf hashes."""
    if len(leaves) < 2:
        return leaves[0] if leaves else hashlib.sha256(b"").digest()
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + merkle_tree_hash(leaves[:k]) + merkle_tree_hash(leaves[k:])).digest()


def test_hashes_and_root_are_those_of_the_stored_bytes(ledger_database: Database, purchase: Make) -> None:
    """Recomputed from the columns alone, after appends of many sizes by several writers."""
    chance, number = random.Random(7), 0
    logs = [Log(ledger_database), Log(ledger_database)]
    for size in (1, 2, 0, 3, 70, 1, 5, 9, 130):
        drafts = [
            purchase(f"é{number + i}", str(chance.randrange(9)), actor=chance.choice([None, "ann"]))
            for i in range(size)
        ]
        number += size
        with ledger_database.writing() as connection:
            chance.choice(logs).append(connection, drafts, now_us=NOW_US + number)

    stored = rows(
        ledger_database,
        "SELECT position, stream, version, topic, state, occurred_us, recorded_us, source, event_id,"
        " leaf_hash FROM facts ORDER BY position",
    )
    leaves = []
    for position, stream, version, topic, state, occurred_us, recorded_us, source, event_id, leaf in stored:
        actor = "ann" if b'"actor":"ann"' in state else None
        leaves.append(
            leaf_hash(
                position=position, ledger_id="test-ledger", stream=stream, version=version, topic=topic,
                state=state, occurred_us=occurred_us, recorded_us=recorded_us, actor=actor, source=source,
                event_id=event_id,
            )
        )  # fmt: skip
        assert leaf == leaves[-1], position

    assert [row[0] for row in stored] == list(range(1, 222))
    with ledger_database.reading() as connection:
        assert logs[0].root(connection) == merkle_tree_hash(leaves)
        assert head_of(connection).position == 221


def test_a_fact_is_indexed_under_every_member_it_names(
    ledger_database: Database, purchase: Make, referral: Make
) -> None:
    append(ledger_database, purchase("a", "1"), referral("b", "1", "2"), referral("c", "2", "3"))

    assert rows(ledger_database, "SELECT member, position, subject FROM fact_members ORDER BY position") == [
        ("2", 2, "1"),
        ("3", 3, "2"),
    ]


def test_the_last_position_tells_of_streams_names_and_the_programme(
    ledger_database: Database, purchase: Make, referral: Make, advance: Make
) -> None:
    log = Log(ledger_database)

    def last(*members: str) -> int:
        with ledger_database.reading() as connection:
            return log.last_position_of(connection, members)

    assert last("1") == 0
    append(
        ledger_database, purchase("a", "1"), purchase("b", "2"), referral("c", "2", "3"), purchase("d", "4")
    )
    assert (last("1"), last("2"), last("3"), last("4"), last("1", "3"), last("5"), last()) == (
        1,
        3,
        3,
        4,
        3,
        0,
        0,
    )
    append(ledger_database, advance("e", "2026-01-01T00:00:00Z"))
    assert last("1") == last("5") == 5


def test_a_ledger_is_made_once(ledger_database: Database) -> None:
    with pytest.raises(LoyaltyError, match="holds a ledger already"), ledger_database.writing() as connection:
        Log(ledger_database).create(connection, ledger_id="other", now_us=0)


def test_without_a_ledger_nothing_is_appended(database: Database, purchase: Make) -> None:
    with pytest.raises(HistoryError, match="holds no ledger"):
        append(database, purchase("a"))


@pytest.mark.parametrize("statement", ["UPDATE facts SET topic = 'x'", "DELETE FROM facts"])
def test_facts_are_never_changed(ledger_database: Database, purchase: Make, statement: str) -> None:
    append(ledger_database, purchase("a"))
    with pytest.raises(Exception, match="facts are never changed"), ledger_database.writing() as connection:
        connection.exec_driver_sql(statement)

    assert rows(ledger_database, "SELECT topic FROM facts") == [("purchase.recorded",)]


def test_facts_added_behind_the_logs_back_are_noticed(ledger_database: Database, purchase: Make) -> None:
    """PostgreSQL refuses them at once; on SQLite the next append does."""
    stray = (
        "INSERT INTO facts (position, stream, version, topic, state, recorded_us, leaf_hash)"
        " VALUES (2, 'member/1', 2, 'x', '', 0, '')"
    )
    append(ledger_database, purchase("a"))
    with pytest.raises(Exception, match=r"facts have no gaps|another program added facts up to 2"):  # noqa: PT012
        with ledger_database.writing() as connection:
            connection.exec_driver_sql(stray)
        append(ledger_database, purchase("b"))


BAD_TEXTS = ["nul\x00", "lone\ud800", "bell\x07"]


@pytest.mark.parametrize("text", BAD_TEXTS)
@pytest.mark.parametrize("field", ["event_id", "source", "subject", "actor"])
def test_no_text_reaches_the_database_that_it_would_not_keep(field: str, text: str) -> None:
    attributes: dict[str, Any] = {
        "event_id": "a",
        "source": "shop",
        "subject": "1",
        "actor": "ann",
        field: text,
    }
    with pytest.raises(FactError):
        draft(
            Registry(), topic="purchase.recorded", occurred_us=0,
            data={"order": "1", "amount_minor": 1, "currency": "USD"}, **attributes,
        )  # fmt: skip


@pytest.mark.parametrize("escape", [rb"\u0000", rb"\ud800", rb"\u0007"])
@pytest.mark.parametrize("place", [b"id", b"source", b"subject", b"order"])
def test_nor_does_an_escape_that_stands_for_it(place: bytes, escape: bytes) -> None:
    line = (
        b'{"specversion":"1.0","id":"<id>","source":"<source>","type":"purchase.recorded","subject":"<subject>",'
        b'"time":"2026-01-01T00:00:00Z","data":{"order":"<order>","amount_minor":1,"currency":"USD"}}'
    )
    read_event(Registry(), line)
    with pytest.raises(FactError):
        read_event(Registry(), line.replace(b"<" + place + b">", escape))
