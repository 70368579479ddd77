"""Verifying: whatever is changed in the log is found, and where."""

from __future__ import annotations

import random
import shutil
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import text

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.facts import Draft, draft
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.verify import (
    ALTERED,
    BEYOND,
    MISSING,
    OTHER_TREE,
    OUT_OF_TIME,
    UNREADABLE,
    Fault,
    LeafReader,
    VerifyReport,
    verify_log,
)
from ops.logs import REGISTRY, Fresh, fill, logs, root_of
from ops.views import forge

COUNT = 40


def facts(count: int = COUNT) -> list[Draft | bytes]:
    return [
        draft(
            REGISTRY, event_id=f"e{number}", source="till", topic="interest.declared",
            subject=f"m{number % 3}", occurred_us=number, data={"interest": "tea"},
            actor="ann" if number % 2 else None,
        )
        for number in range(count)
    ]  # fmt: skip


def verified(url: str) -> VerifyReport:
    with closing(open_database(url)) as database, database.reading() as connection:
        return verify_log(connection)


def tampered(url: str, *statements: str) -> list[Fault]:
    """What is found in a ledger of 40 facts, in three batches, after these changes."""
    fill(url, [facts()[:10], facts()[10:20], facts()[20:]])
    forge(url, statements)
    return [fault for fault in verified(url).faults if fault.what != OTHER_TREE]


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(logs())
def test_what_the_log_has_written_is_sound(fresh_sqlite: Fresh, batches: list[list[Draft | bytes]]) -> None:
    url = fresh_sqlite()
    fill(url, batches)
    report = verified(url)
    assert report.is_sound
    assert report.root == report.head_root == root_of(url)
    assert report.lines() == [f"{sum(map(len, batches))} facts verified, root {report.root.hex()}"]


@pytest.mark.parametrize(
    "change",
    [
        "stream = 'member/m9'", "version = version + 50", "topic = 'interest.declareD'", "source = 'tilL'",
        "event_id = 'e'", "occurred_us = occurred_us + 1", "recorded_us = recorded_us + 1",
        "occurred_us = NULL", "source = NULL",
    ],
)  # fmt: skip
def test_a_change_to_any_column_is_found_at_its_position(fresh: Fresh, change: str) -> None:
    assert tampered(fresh(), f"UPDATE facts SET {change} WHERE position = 17") == [Fault(ALTERED, 17, 17)]


def test_a_change_to_the_stored_bytes_or_their_hash_is_found(fresh: Fresh) -> None:
    for column in ("state", "leaf_hash"):
        other = f"(SELECT f.{column} FROM facts AS f WHERE f.position = 3)"
        found = tampered(fresh(), f"UPDATE facts SET {column} = {other} WHERE position = 17")
        assert found == [Fault(ALTERED, 17, 17)]


def test_two_facts_that_change_places_are_both_found(fresh: Fresh) -> None:
    swap = [
        f"UPDATE facts SET position = {to} WHERE position = {of}" for of, to in ((4, 99), (9, 4), (99, 9))
    ]
    assert tampered(fresh(), *swap) == [Fault(ALTERED, 4, 4), Fault(ALTERED, 9, 9)]


@pytest.mark.parametrize(("first", "last"), [(1, 1), (11, 13), (40, 40), (1, 40)])
def test_deleted_facts_are_missing_wherever_they_were(fresh: Fresh, first: int, last: int) -> None:
    delete = f"DELETE FROM facts WHERE position BETWEEN {first} AND {last}"
    assert tampered(fresh(), delete) == [Fault(MISSING, first, last)]


def test_a_head_that_was_set_back_with_the_newest_facts_kept_is_found(fresh: Fresh) -> None:
    assert tampered(fresh(), "UPDATE head SET position = 38") == [Fault(BEYOND, 39, 40)]


def test_another_ledgers_facts_are_not_this_ledgers(fresh: Fresh) -> None:
    assert tampered(fresh(), "UPDATE head SET ledger_id = 'other'") == [Fault(ALTERED, 1, COUNT)]


def test_a_damaged_frontier_is_found_though_every_fact_is_sound(fresh: Fresh) -> None:
    url = fresh()
    assert tampered(url, "UPDATE head SET frontier = leaf_hash FROM facts WHERE facts.position = 1") == []
    report = verified(url)
    assert report.faults == (Fault(OTHER_TREE, COUNT, COUNT),)
    assert report.head_root == b""
    assert report.lines() == ["position 40: facts do not give the root the head tells"]


def test_a_fact_recorded_before_the_one_in_front_is_found_though_it_was_hashed_so(
    fresh_sqlite: Fresh,
) -> None:
    """A forger who hashes again is caught by the order, where that is all the forgery changes."""
    url = fresh_sqlite()
    fill(url, [facts()[:20], facts()[20:]])
    forge(url, ["UPDATE facts SET recorded_us = 5 WHERE position = 30"])
    with closing(open_database(url)) as database:
        _hash_again(database, 30)
    found = verified(url).faults
    assert found[0] == Fault(OUT_OF_TIME, 30, 30)
    assert ALTERED not in {fault.what for fault in found}


def _hash_again(database: Database, position: int) -> None:
    with database.writing() as connection:
        row = connection.execute(text(f"SELECT * FROM facts WHERE position = {position}")).one()
        leaf = LeafReader("test-ledger").leaf(row)
        update = text("UPDATE facts SET leaf_hash = :leaf WHERE position = :at")
        connection.execute(update, {"leaf": leaf, "at": position})


def test_text_that_is_no_text_hides_nothing_behind_it(fresh_sqlite: Fresh) -> None:
    found = tampered(
        fresh_sqlite(), "UPDATE facts SET topic = CAST(X'FF' AS TEXT) WHERE position IN (5, 6, 40)",
        "UPDATE facts SET occurred_us = 'noon' WHERE position = 8",
        "UPDATE facts SET state = 7 WHERE position = 9",
    )  # fmt: skip
    assert [fault for fault in found if fault.what == UNREADABLE] == [
        Fault(UNREADABLE, 5, 6),
        Fault(UNREADABLE, 40, 40),
    ]
    assert Fault(ALTERED, 8, 9) in found


@pytest.fixture(scope="session")
def large(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("large") / "ledger.db"
    shutil.copyfile(_sqlite_template, path)
    fill(f"sqlite:///{path}", [facts(2_000)])
    with closing(open_database(f"sqlite:///{path}")) as database, database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.mark.parametrize("seed", range(60))
def test_a_flipped_bit_never_ends_in_a_traceback_and_never_hides_a_changed_fact(
    large: Path, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    content = bytearray(large.read_bytes())
    content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
    path = tmp_path / "flipped.db"
    path.write_bytes(content)

    try:
        report = verified(f"sqlite:///{path}")
    except LoyaltyError:
        return
    if report.is_sound:
        assert report.root == verified(f"sqlite:///{large}").root


def test_progress_is_told_to_the_end(sqlite_url: str) -> None:
    fill(sqlite_url, [facts()])
    told: list[tuple[int, int]] = []
    with closing(open_database(sqlite_url)) as database, database.reading() as connection:
        verify_log(connection, progress=lambda done, total: told.append((done, total)))
    assert told == [(COUNT, COUNT)]
