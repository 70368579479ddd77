"""Every check is seen to find what it looks for, on both databases."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from loyalty_ledger.ledger.check import CHECKS, Findings, check_fields, check_lines, run_checks
from loyalty_ledger.ledger.errors import HistoryError
from loyalty_ledger.ledger.store.database import Database, open_database
from ops.logs import Fresh
from ops.views import forge, project

LAST = "(SELECT max(position) FROM facts)"
# A member's first entry that spends from a lot and is neither the first nor the last of the journal.
SPENDING = (
    "member = 'm1' AND entry = (SELECT min(entry) FROM journal WHERE member = 'm1' AND account = 'redeemed')"
)
RELEASE = "member = 'm1' AND entry = (SELECT min(entry) FROM journal WHERE member = 'm1' AND account = '')"
EARNING = "member = 'm1' AND entry = 2"
NEWEST = "member = 'm1' AND entry = (SELECT max(entry) FROM journal WHERE member = 'm1')"
LAST_MOVE = "member = 'm1' AND number = (SELECT max(number) FROM moves WHERE member = 'm1')"
SUMS = {"balances-are-sums", "daily-are-sums"}

# What is planted, and exactly the checks that must see it.
PLANTED: list[tuple[str, set[str]]] = [
    ("UPDATE head SET position = position + 1", {"positions-gapless"}),
    (f"UPDATE facts SET position = position + 1 WHERE position = {LAST}", {"positions-gapless"}),
    (f"DELETE FROM facts WHERE position = {LAST}", {"positions-gapless"}),
    (f"UPDATE facts SET version = version + 1 WHERE position = {LAST}", {"streams-gapless"}),
    (f"UPDATE facts SET version = 0 WHERE position = {LAST}", {"streams-gapless"}),
    ("UPDATE facts SET recorded_us = recorded_us - 1 WHERE position = 7", {"recorded-in-order"}),
    ("UPDATE head SET recorded_us = 5", {"recorded-in-order"}),
    ("UPDATE head SET recorded_us = recorded_us + 1", {"recorded-in-order"}),
    (
        "DROP INDEX facts_identity; UPDATE facts SET source = 'test', event_id = ("
        f"SELECT f.event_id FROM facts AS f WHERE f.position = 3) WHERE position = {LAST}",
        {"identities-unique"},
    ),
    ("INSERT INTO fact_members VALUES ('m1', 99999, 'm2')", {"named-facts-exist"}),
    ("INSERT INTO imports VALUES (1, 'a.csv', 'csv', NULL, 5, NULL, 0, 0, 0, 0)", {"imports-finished"}),
    ("UPDATE generations SET status = 'retired'", {"generation-live"}),
    ("DELETE FROM generations", {"generation-live", "generations-in-order"}),
    ("DELETE FROM tracking", {"generation-live", "generations-in-order"}),
    ("INSERT INTO tracking VALUES ('views/b', 1)", {"generations-in-order"}),
    ("INSERT INTO generations VALUES (7, 'b', 'building', '', 0, NULL)", {"generations-in-order"}),
    (
        "INSERT INTO generations VALUES (7, 'b', 'building', '', 0, NULL);"
        " INSERT INTO tracking VALUES ('views/b', 1); UPDATE generations SET number = 0 WHERE number = 1",
        {"generations-in-order"},
    ),
    (
        "INSERT INTO generations VALUES (7, 'b', 'retired', '', 0, 0);"
        " INSERT INTO tracking VALUES ('views/b', 1)",
        {"generations-in-order"},
    ),
    ("INSERT INTO generations VALUES (0, 'a', 'retired', '', 0, 0)", {"generations-in-order"}),
    ("UPDATE generations SET live_us = NULL", {"generations-in-order"}),
    (
        "INSERT INTO generations VALUES (9, 'b', 'live', '', 0, 0);"
        " INSERT INTO tracking VALUES ('views/b', 5000); UPDATE head SET position = 5000",
        {
            "generation-live", "generations-in-order", "views-show-live", "positions-gapless",
            "purchases-are-facts",
        },
    ),
    ("DROP VIEW flags; CREATE VIEW flags AS SELECT * FROM flags__b", {"views-show-live"}),
    ("DROP VIEW flags", {"views-show-live", "views-not-ahead"}),
    ("UPDATE tracking SET position = position + 1", {"views-not-ahead"}),
    ("INSERT INTO flags__a VALUES ('m1', 99999, 'r', 'f', 'x')", {"views-not-ahead"}),
    ("UPDATE member_states__a SET position = 99999 WHERE member = 'm1'", {"views-not-ahead"}),
    (
        "UPDATE purchases__a SET purchases = purchases + 1 WHERE member = 'm1' AND currency = 'USD'",
        {"purchases-are-facts"},
    ),
    ("DELETE FROM purchases__a WHERE member = 'm1'", {"purchases-are-facts"}),
    (f"INSERT INTO quarantine__a VALUES ('m1', {LAST}, 'r@1', 'division by zero')", {"nobody-set-aside"}),
    ("INSERT INTO timers__a VALUES ('m1', 1, 0, 'r@1', 'k', 1)", {"timers-fired"}),
    (
        f"UPDATE journal__a SET contra = contra + 1 WHERE {SPENDING}",
        {"entries-balance", "accounts-balance", *SUMS},
    ),
    (
        f"UPDATE journal__a SET points = points + 1 WHERE {SPENDING}",
        {"entries-balance", "balances-are-sums", "lots-are-sums"},
    ),
    (f"UPDATE journal__a SET account = 'gifts' WHERE {RELEASE}", {"accounts-known"}),
    (f"UPDATE journal__a SET account = '' WHERE {SPENDING}", {"accounts-known", *SUMS}),
    (f"UPDATE journal__a SET account = 'expired' WHERE {SPENDING}", SUMS),
    (f"UPDATE journal__a SET entry = entry + 1 WHERE {NEWEST}", {"entries-numbered"}),
    (f"UPDATE journal__a SET booked_us = booked_us - 999999999999 WHERE {SPENDING}", {"entries-in-order"}),
    (f"UPDATE journal__a SET position = fact WHERE {RELEASE}", {"entries-in-order"}),
    (f"UPDATE journal__a SET fact = 99999 WHERE {SPENDING}", {"entries-cite-facts"}),
    (f"UPDATE journal__a SET fact = position + 1 WHERE {SPENDING}", {"entries-cite-facts"}),
    (f"UPDATE journal__a SET position = 99999 WHERE {NEWEST}", {"entries-cite-facts", "views-not-ahead"}),
    (f"UPDATE journal__a SET programme = 2 WHERE {SPENDING}", {"entries-cite-programmes"}),
    ("UPDATE balances__a SET entries = entries + 1 WHERE member = 'm1'", {"balances-are-sums"}),
    ("UPDATE balances__a SET booked_us = booked_us - 1 WHERE member = 'm1'", {"balances-are-sums"}),
    (
        "UPDATE balances__a SET points = points + 7 WHERE member = 'm1'",
        {"balances-are-sums", "balances-are-lots", "accounts-balance"},
    ),
    (
        "DELETE FROM balances__a WHERE member = 'm1'",
        {"balances-are-sums", "balances-are-lots", "accounts-balance"},
    ),
    (
        "INSERT INTO balances__a VALUES ('ghost', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0)",
        {"balances-are-sums"},
    ),
    ("UPDATE lots__a SET earned = earned + 1 WHERE member = 'm1' AND lot = 1", {"lots-are-sums"}),
    ("INSERT INTO lots__a VALUES ('m1', 9999, 1, 'r', 0, 0, NULL, 5, 0, 0, 0)", {"lots-are-sums"}),
    (
        "UPDATE lots__a SET points = points + 5 WHERE member = 'm1' AND lot = 1",
        {"lots-are-sums", "balances-are-lots"},
    ),
    (
        "UPDATE daily__a SET entries = entries + 1 WHERE day = (SELECT min(day) FROM daily__a)",
        {"daily-are-sums"},
    ),
    ("DELETE FROM daily__a WHERE day = (SELECT min(day) FROM daily__a)", {"daily-are-sums"}),
    ("UPDATE lots__a SET expires_us = 1 WHERE member = 'm1' AND lot = 1", {"lots-keep-terms"}),
    ("UPDATE lots__a SET usable_us = usable_us + 1 WHERE member = 'm1' AND lot = 2", {"lots-keep-terms"}),
    ("UPDATE lots__a SET rule = 'other@1' WHERE member = 'm1' AND lot = 1", {"lots-keep-terms"}),
    (
        "UPDATE lots__a SET points = points - 9999, pending = pending + 9999 WHERE member = 'm1' AND lot = 1",
        {"lots-not-negative", "lots-are-sums"},
    ),
    (
        f"UPDATE moves__a SET number = number + 1 WHERE {LAST_MOVE}",
        {"moves-numbered", "ladders-are-last-moves"},
    ),
    (
        "DELETE FROM moves__a WHERE member = 'm1' AND number = 1",
        {"moves-numbered", "moves-connect"},
    ),
    ("UPDATE moves__a SET old = 'tiny' WHERE member = 'm1' AND number = 1", {"moves-connect"}),
    (
        "UPDATE moves__a SET rung = 'huge' WHERE member = 'm1' AND number = 1",
        {"moves-connect"},
    ),
    (
        f"UPDATE moves__a SET booked_us = 0 WHERE {LAST_MOVE}",
        {"moves-in-order", "ladders-are-last-moves"},
    ),
    ("UPDATE moves__a SET fact = 99999 WHERE member = 'm1' AND number = 1", {"moves-cite-facts"}),
    ("UPDATE moves__a SET fact = position + 1 WHERE member = 'm1' AND number = 1", {"moves-cite-facts"}),
    ("UPDATE ladders__a SET rung = 'huge' WHERE member = 'm1'", {"ladders-are-last-moves"}),
    ("UPDATE ladders__a SET number = 1 WHERE member = 'm1'", {"ladders-are-last-moves"}),
    ("DELETE FROM ladders__a WHERE member = 'm1'", {"ladders-are-last-moves"}),
    (
        "INSERT INTO ladders__a VALUES ('m1', 'fame', 'star', '', 1, 0, 2, 2, 'r@1')",
        {"ladders-are-last-moves"},
    ),
    (
        "INSERT INTO complaints__a (member, complaint, position, is_public, status, points, reopenings)"
        " VALUES ('m1', 'c', 99999, FALSE, 'opened', 0, 0)",
        {"views-not-ahead"},
    ),
    (
        "UPDATE balances__a SET debt = -1 WHERE member = 'm1'",
        {"debts-not-negative", "balances-are-sums", "balances-are-lots"},
    ),
]  # fmt: skip


@pytest.fixture(scope="session")
def _projected_sqlite(_sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("projected") / "ledger.db"
    shutil.copyfile(_sqlite_template, path)
    project(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def _projected_postgres(_postgres_template: str) -> str:
    with psycopg.connect(_postgres_template, autocommit=True) as connection:
        connection.execute("CREATE DATABASE projected TEMPLATE template_ledger")
    project(_postgres_template.replace("/postgres?", "/projected?"))
    return _postgres_template


@pytest.fixture(params=["sqlite", "postgresql"])
def projected(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a ledger with views, to be damaged."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("_projected_sqlite"), tmp_path / "projected.db")
        yield f"sqlite:///{tmp_path}/projected.db"
        return
    server = request.getfixturevalue("_projected_postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE damaged TEMPLATE projected")
        yield server.replace("/postgres?", "/damaged?")
        connection.execute("DROP DATABASE damaged WITH (FORCE)")


def findings_at(url: str, examples: int = 20) -> Findings:
    with closing(open_database(url)) as database, database.reading() as connection:
        return run_checks(connection, examples=examples)


def seen_by(findings: Findings) -> set[str]:
    return {result.check.name for result in findings.results if result.total}


def test_a_sound_ledger_has_no_findings_and_no_notes(projected: str) -> None:
    findings = findings_at(projected)
    assert check_lines(findings) == [f"{len(CHECKS)} checks: all is well"]
    assert findings == []
    assert check_fields(findings)["is_sound"] is True


@pytest.mark.parametrize(("statements", "checks"), PLANTED)
def test_what_is_planted_is_seen_by_exactly(projected: str, statements: str, checks: set[str]) -> None:
    forge(projected, statements.split("; "))
    assert seen_by(findings_at(projected)) == checks


def test_nothing_is_left_that_was_never_seen_to_find_anything() -> None:
    assert {check for _, checks in PLANTED for check in checks} == {check.name for check in CHECKS}


def test_a_finding_says_what_where_whose_and_when(projected: str) -> None:
    forge(projected, [f"UPDATE journal__a SET contra = contra + 3 WHERE {SPENDING}"])
    found = next(finding for finding in findings_at(projected) if finding.check == "entries-balance")
    assert (found.member, found.what) == ("m1", "postings sum to 3, not zero")
    assert found.at.startswith("journal entry ")
    assert found.position is not None


def test_a_sum_names_the_columns_that_differ_and_by_how_much(projected: str) -> None:
    forge(
        projected, ["UPDATE balances__a SET points = points + 7, entries = entries - 2 WHERE member = 'm1'"]
    )
    found = next(finding for finding in findings_at(projected) if finding.check == "balances-are-sums")
    assert found.what == "differs from the journal: points by 7 entries by -2"


def test_all_are_counted_and_the_first_few_shown(projected: str) -> None:
    forge(projected, ["UPDATE lots__a SET earned = earned + 1"])
    findings = findings_at(projected, examples=2)
    result = next(result for result in findings.results if result.check.name == "lots-are-sums")
    assert result.total > 2
    assert len(result.examples) == len(findings) == 2
    assert check_lines(findings)[-2] == f"  and {result.total - 2} more"


def test_notes_are_shown_but_are_no_findings(projected: str) -> None:
    forge(projected, ["INSERT INTO imports VALUES (1, 'a.csv', 'csv', NULL, 5, NULL, 0, 0, 0, 0)"])
    findings = findings_at(projected)
    assert findings == []
    assert (
        check_lines(findings)[1] == "  import 1: import of a.csv has not ended: give the same command again"
    )
    assert len(json.loads(json.dumps(check_fields(findings)))["notes"]) == 1


def test_sums_beyond_what_the_database_can_add_are_findings_and_no_traceback(projected: str) -> None:
    forge(projected, ["UPDATE journal__a SET points = 9223372036854775807"])
    assert {"entries-balance", "balances-are-sums"} <= seen_by(findings_at(projected))


def test_both_databases_find_the_same_in_the_same_order(fresh_sqlite: Fresh, fresh_postgres: Fresh) -> None:
    found = []
    for url in (fresh_sqlite(), fresh_postgres()):
        project(url)
        forge(url, ["UPDATE lots__a SET earned = earned + 1", "UPDATE balances__a SET points = points + 1"])
        found.append(check_fields(findings_at(url)))
    assert found[0] == found[1]


def test_a_database_without_a_ledger_is_no_finding_but_an_error(database: Database) -> None:
    with database.reading() as connection, pytest.raises(HistoryError, match="holds no ledger"):
        run_checks(connection)


def test_a_ledger_without_views_is_sound(ledger_database: Database) -> None:
    with ledger_database.reading() as connection:
        assert run_checks(connection) == []
