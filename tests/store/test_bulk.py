"""Rows in and out in numbers, on both databases."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.store.bulk import fetch_rows, insert_rows, stream_rows, upsert_rows
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.tables import VIEWS, metadata, rejects

LARGEST = 2**63 - 1
JOURNAL = VIEWS["journal"]["a"]


def entry(number: int, points: int = 5) -> tuple[Any, ...]:
    return (
        "member é", number, 1, 2, 3, "rule", 1, "why", None if number % 2 else 7, points, 0, 0, "issued",
        -points, None, LARGEST, bool(number % 3),
    )  # fmt: skip


@pytest.mark.parametrize("count", [0, 1, 2, 7, 8, 60, 1201])
def test_rows_come_back_as_they_went_in(database: Database, count: int) -> None:
    rows = [entry(number) for number in range(count)]
    with database.writing() as connection:
        insert_rows(connection, JOURNAL, rows)

    with database.reading() as connection:
        assert fetch_rows(connection, "SELECT * FROM journal ORDER BY entry") == rows
        assert list(stream_rows(connection, "SELECT * FROM journal ORDER BY entry")) == rows


@pytest.mark.parametrize("count", [1, 7, 8, 300])
def test_an_upsert_replaces_what_is_there_and_the_last_of_equals_wins(database: Database, count: int) -> None:
    with database.writing() as connection:
        insert_rows(connection, JOURNAL, [entry(number) for number in range(count)])
        upsert_rows(connection, JOURNAL, [entry(number, 6) for number in range(count // 2, 2 * count)])
        upsert_rows(
            connection,
            JOURNAL,
            [entry(0, 8), *(entry(9000 + number) for number in range(count)), entry(0, 9)],
        )
        found = dict(fetch_rows(connection, "SELECT entry, points FROM journal WHERE entry < 9000"))

    assert found == {
        **dict.fromkeys(range(count // 2), 5), **dict.fromkeys(range(count // 2, 2 * count), 6), 0: 9
    }  # fmt: skip


def test_every_table_takes_a_batch(database: Database) -> None:
    """Quoting, the types of COPY and the order of columns, for all of them."""
    samples = {"TEXT": "x", "BIGINT": 1, "INTEGER": 1, "BLOB": b"\x00\xff", "BOOLEAN": True}
    with database.writing() as connection:
        for table in metadata.sorted_tables:
            if table.name in ("facts", "head", "generations"):
                continue
            rows = []
            for number in range(10):
                values = [samples[str(column.type)] for column in table.columns]
                for index, column in enumerate(table.columns):
                    if column.primary_key or column.unique:
                        values[index] = f"{number}" if isinstance(values[index], str) else number
                rows.append(tuple(values))
            insert_rows(connection, table, rows)
            upsert_rows(connection, table, rows)
            assert sorted(fetch_rows(connection, f'SELECT * FROM "{table.name}"')) == rows, table.name


def test_parameters_are_written_once_for_both_databases(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, JOURNAL, [entry(number) for number in range(20)])
        sql = (
            "SELECT entry, '50%' FROM journal WHERE entry >= :low AND entry < :high AND reason LIKE 'w%'"
            " ORDER BY 1"
        )

        assert [row[0] for row in fetch_rows(connection, sql, {"low": 3, "high": 6})] == [3, 4, 5]
        assert list(stream_rows(connection, sql, {"low": 3, "high": 5})) == [
            (3, "50%"),
            (4, "50%"),
        ]


def test_a_stream_may_be_left_half_read(database: Database) -> None:
    with database.writing() as connection:
        insert_rows(connection, JOURNAL, [entry(number) for number in range(3000)])
    with database.reading() as connection:
        stream = stream_rows(connection, "SELECT entry FROM journal ORDER BY entry")
        assert next(stream) == (0,)
        stream.close()  # type: ignore[attr-defined]
        assert fetch_rows(connection, "SELECT count(*) FROM journal") == [(3000,)]


def test_the_content_of_a_reject_is_kept_as_bytes(database: Database) -> None:
    content = bytes(range(256))
    row = (1, 1, "d", "f.csv", 2, None, "code", "why", None, content, 5, None)
    with database.writing() as connection:
        insert_rows(connection, rejects, [row])
        (found,) = fetch_rows(connection, "SELECT * FROM rejects")

    assert found == row
