"""The doctor: what is wrong is said, whatever is wrong, and nothing is raised."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.doctor import Row, examine, has_wal_reset_bug
from loyalty_ledger.ledger.facts import draft
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.store.log import Log
from ops.logs import NOW_US, REGISTRY, fill, root_of
from ops.views import forge, project
from projection.ledgers import FAR_US


def by_name(rows: list[Row]) -> dict[str, Row]:
    return {row.name: row for row in rows}


def worst(rows: list[Row]) -> set[str]:
    # Whether this machine's SQLite has its bug is not the point here.
    return {
        f"{row.name}: {row.status}"
        for row in rows
        if row.status != "ok" and row.name not in ("sqlite", "fsync")
    }


def test_a_healthy_ledger_is_all_ok(database_url: str) -> None:
    project(database_url)
    rows = examine(database_url, now_us=FAR_US)
    assert worst(rows) == set()
    found = by_name(rows)
    assert found["ledger"].value == "test-ledger"
    assert found["log"].value == f"152 facts, root {root_of(database_url).hex()}"
    assert found["views"].value == "generation 1 at position 152, 0 facts behind"
    assert found["lease"].value == "free"


def test_every_trouble_has_its_row_and_a_hint(database_url: str) -> None:
    project(database_url)
    fact = draft(
        REGISTRY,
        event_id="new",
        source="x",
        topic="member.enrolled",
        subject="m",
        occurred_us=FAR_US,
        data={},
    )
    with closing(open_database(database_url)) as database, database.writing() as connection:
        Log(database).append(connection, [fact], now_us=FAR_US + 5)
    forge(
        database_url,
        [
            "INSERT INTO imports VALUES (1, 'april.csv', 'csv', NULL, 5, NULL, 0, 0, 0, 0)",
            "INSERT INTO rejects VALUES (1, 1, 'd', 'a.csv', 2, NULL, 'bad', 'no date', NULL, '', 5, NULL)",
            "INSERT INTO quarantine__a VALUES ('m1', 3, 'r@1', 'division by zero')",
            "INSERT INTO lease VALUES ('projection', 'token', 'elsewhere', 77, 1)",
        ],
    )  # fmt: skip
    rows = examine(database_url, now_us=FAR_US - DAY_US)
    assert worst(rows) == {
        "clock: warn", "views: warn", "lease: warn", "quarantine: bad", "imports: warn", "rejects: warn"
    }  # fmt: skip
    assert all(row.hint for row in rows if row.status != "ok")
    found = by_name(rows)
    assert found["views"].value == "generation 1 at position 152, 1 facts behind"
    assert found["imports"].value == "begun and not finished: 'april.csv'"
    assert "process 77 on 'elsewhere'" in found["lease"].value


def test_a_lease_that_is_held_is_no_trouble(database_url: str) -> None:
    fill(database_url, [])
    forge(database_url, [f"INSERT INTO lease VALUES ('projection', 'token', 'here', 77, {NOW_US + 1})"])
    assert by_name(examine(database_url, now_us=NOW_US))["lease"].status == "ok"


def test_a_database_without_a_ledger_says_how_to_make_one(database_url: str) -> None:
    found = by_name(examine(database_url))["ledger"]
    assert (found.value, found.status, found.hint) == (
        "database holds no ledger",
        "bad",
        "loyalty init makes one",
    )


def test_a_missing_database_is_one_bad_row(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/gone.db"
    found = by_name(examine(url))["database"]
    assert (found.status, found.hint) == ("bad", "loyalty init makes it")


def test_a_damaged_frontier_is_bad(sqlite_url: str) -> None:
    fill(sqlite_url, [])
    forge(sqlite_url, ["UPDATE head SET position = 3"])
    assert by_name(examine(sqlite_url))["log"].status == "bad"


def test_a_missing_table_is_a_bad_row_and_the_others_are_there(database_url: str) -> None:
    fill(database_url, [])
    forge(database_url, ["DROP TABLE lease"])
    found = by_name(examine(database_url))
    assert found["views"].status == "bad"
    assert found["imports"].status == "ok"


def test_a_password_is_never_shown(postgres_url: str) -> None:
    for url in (
        postgres_url.replace("postgres:", "postgres:s3cret", 1),
        "postgresql://me:s3cret@127.0.0.1:1/x",
    ):
        rows = examine(url)
        assert "s3cret" not in "".join(line for row in rows for line in row.lines())


def test_plugins_are_shown_as_told() -> None:
    plugins = [
        ("b", "2", "ab" * 32, None, True), ("a", "1", "", "no module named 'x'", True),
        ("c", "3", "ab" * 32, None, False),
    ]  # fmt: skip
    rows = examine("sqlite:///gone.db", plugins=plugins)
    assert rows[-3:] == [
        Row("plugin", "a: no module named 'x'", "bad", "repair or remove it; loyalty rules list"),
        Row("plugin", "b 2, code abababababab"),
        Row("plugin", "c 3, not trusted: not in use", "warn", "loyalty rules trust c"),
    ]


def test_a_row_is_read_by_people_and_by_programs() -> None:
    row = Row("disk", "5 MiB free", "warn", "make room")
    assert row.lines() == ["warn disk         5 MiB free", "             try   make room"]
    assert row.fields() == {"name": "disk", "value": "5 MiB free", "status": "warn", "hint": "make room"}


@pytest.mark.parametrize(
    ("version", "has_it"),
    [
        ((3, 6, 23), False), ((3, 7, 0), True), ((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False),
        ((3, 45, 0), True), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 2), True), ((3, 51, 3), False),
        ((3, 53, 0), False),
    ],
)  # fmt: skip
def test_the_sqlite_versions_with_the_wal_reset_bug_are_known(version: tuple[int, ...], has_it: bool) -> None:
    assert has_wal_reset_bug(version) is has_it
