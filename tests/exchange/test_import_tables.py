"""Rows of a table become facts, by a mapping."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exchange.till import GOOD, HEADER, TILL, Importing
from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.exchange.mapping import parse_mapping
from loyalty_ledger.ledger.exchange.occurrences import Occurrences
from loyalty_ledger.ledger.exchange.opening import open_file
from loyalty_ledger.ledger.exchange.plan import Plan
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.reading import FactRow

Stored = Callable[[], list[FactRow]]


def events(rows: list[FactRow]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(row.state) for row in rows]


def test_rows_of_one_receipt_become_one_purchase(importing: Importing, stored: Stored) -> None:
    summary = importing(HEADER + GOOD)

    assert (summary.imported, summary.rows, summary.is_clean) == (2, 3, True)
    assert summary.totals_minor == {"EUR": 300}  # 1.50 + 0.75 + 0.75
    assert (summary.first_position, summary.last_position) == (1, 2)
    assert events(stored())[0] == {
        "specversion": "1.0", "id": "r1", "source": "till", "type": "purchase.recorded", "subject": "ann",
        "time": "2026-01-02T10:00:00Z",
        "data": {
            "currency": "EUR", "amount_minor": 225, "order": "r1",
            "lines": [
                {"amount_minor": 150, "sku": "apple", "quantity": 2},
                {"amount_minor": 75, "sku": "pear"},
            ],
        },
    }  # fmt: skip


def test_importing_a_file_again_adds_nothing(importing: Importing, stored: Stored) -> None:
    importing(HEADER + GOOD)

    again = importing(HEADER + GOOD)

    assert (again.imported, again.duplicates, again.totals_minor) == (0, 2, {})
    assert len(stored()) == 2


def test_a_changed_basket_is_a_conflict_and_is_kept(importing: Importing, kept: Any, stored: Stored) -> None:
    importing(HEADER + GOOD)

    changed = importing(HEADER + GOOD.replace("pear,1,0.75", "pear,1,0.80"))

    assert (changed.imported, changed.duplicates, changed.conflicting) == (0, 1, 1)
    (reject,) = kept()
    assert reject.code == "conflict"
    assert "data.amount_minor, data.lines.1.amount_minor" in reject.reason
    assert reject.content == GOOD.replace("0.75\nr2", "0.80\nr2").split("r2")[0].encode()
    assert len(stored()) == 2


NAMELESS = """
source = "cds"
type = "purchase.recorded"
format = "csv"
zone = "UTC"
subject = "who"
time = "day"
fields = { amount = "paid" }
constants = { currency = "USD" }
"""


def test_equal_rows_without_an_id_stay_two_and_come_in_once(importing: Importing, stored: Stored) -> None:
    rows = "who,day,paid\nann,2026-01-01,5\nann,2026-01-01,5\nbob,2026-01-01,5\n"

    first = importing(rows, NAMELESS)
    again = importing(rows, NAMELESS)
    longer = importing(rows + "ann,2026-01-01,5\ncid,2026-01-02,1\n", NAMELESS)

    assert (first.imported, first.totals_minor) == (3, {"USD": 1500})
    assert (again.imported, again.duplicates) == (0, 3)
    assert (longer.imported, longer.duplicates) == (2, 3)
    assert len({event["id"] for event in events(stored())}) == 5


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_a_basket_may_go_on_in_the_next_chunk(
    importing: Importing, stored: Stored, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"r{n // 4},ann,2026-01-02,x,1,0.0{n % 4 + 1}\n" for n in range(16))
    monkeypatch.setattr("loyalty_ledger.ledger.exchange.delimited.CHUNK_ROWS", size)

    summary = importing(HEADER + rows)

    assert (summary.imported, summary.rows) == (4, 16)
    assert [event["data"]["amount_minor"] for event in events(stored())] == [10, 10, 10, 10]  # 1+2+3+4


def test_rows_that_stand_apart_are_brought_together(importing: Importing, stored: Stored) -> None:
    one, two, three = GOOD.splitlines(keepends=True)
    scattered = TILL.replace('group = "receipt"', 'group = "receipt"\nrows = "scattered"')

    together = importing(HEADER + one + three + two, scattered)

    assert (together.imported, together.is_clean) == (2, True)
    assert [event["data"]["amount_minor"] for event in events(stored())] == [225, 75]


@pytest.mark.parametrize(
    ("bad", "imported", "lines"),
    [
        ("r7,ann\n", 2, [3, 5]),  # of receipts that are not in the file
        (
            ",ann,2026-01-02T10:00:00,pear,1\n",
            2,
            [3, 5],
        ),  # nobody can say of which: alone, for its neighbours are there by chance
        ("r1,ann\n", 1, [3]),  # of the first receipt, which goes with it
    ],
)
def test_a_bad_row_that_stands_apart_takes_its_own_basket_only(
    importing: Importing, bad: str, imported: int, lines: list[int]
) -> None:
    one, two, three = GOOD.splitlines(keepends=True)
    scattered = TILL.replace('group = "receipt"', 'group = "receipt"\nrows = "scattered"')

    summary = importing(HEADER + one + bad + three + bad.replace("r7", "r8") + two, scattered)

    assert (summary.imported, [problem.line for problem in summary.problems]) == (imported, lines)


def test_rows_that_stand_apart_unannounced_are_a_conflict_not_a_loss(importing: Importing) -> None:
    one, two, three = GOOD.splitlines(keepends=True)

    assert importing(HEADER + one + three + two).conflicting == 1


def test_tabs_blanks_and_gzip_are_read_like_commas(importing: Importing, stored: Stored) -> None:
    importing((HEADER + GOOD).replace(",", "\t"), TILL.replace('"csv"', '"tsv"'))
    spaced = importing((HEADER + GOOD).replace(",", "   "), TILL.replace('"csv"', '"whitespace"'))
    packed = importing(gzip.compress((HEADER + GOOD).encode()), name="sales.csv.gz")

    assert (spaced.duplicates, packed.duplicates, len(stored())) == (2, 2, 2)


def test_columns_can_be_named_where_the_file_has_no_header(importing: Importing) -> None:
    columns = 'header = false\ncolumns = ["receipt", "customer", "sold", "article", "pieces", "paid"]\n'

    assert importing(GOOD, columns + TILL).imported == 2


def test_a_quoted_cell_may_hold_commas_and_line_ends(importing: Importing, kept: Any, stored: Stored) -> None:
    summary = importing(HEADER + 'r1,ann,2026-01-02,"a, ""b""",1,1\nr2,ann,2026-01-02,"c\nd",1,1\n')

    assert events(stored())[0]["data"]["lines"][0]["sku"] == 'a, "b"'
    assert (summary.imported, summary.rejected) == (1, 1)  # no control character in a name
    assert kept()[0].content == b'r2,ann,2026-01-02,"c\nd",1,1\n'


def test_other_encodings_are_named_by_the_mapping(importing: Importing, stored: Stored) -> None:
    importing((HEADER + "r1,ann,2026-01-02,Müsli,1,1\n").encode("cp1252"), 'encoding = "cp1252"\n' + TILL)

    assert events(stored())[0]["data"]["lines"][0]["sku"] == "Müsli"


def test_a_byte_order_mark_is_no_part_of_the_first_name(importing: Importing) -> None:
    assert importing(b"\xef\xbb\xbf" + (HEADER + GOOD).encode()).imported == 2


@pytest.mark.parametrize(
    ("cell", "zone", "pattern", "expected"),
    [
        ("2026-01-31T18:30:00Z", None, None, "2026-01-31T18:30:00Z"),
        ("2026-01-31T18:30:00+01:00", "UTC", None, "2026-01-31T17:30:00Z"),
        ("2026-01-31 18:30:00", "Europe/Berlin", None, "2026-01-31T17:30:00Z"),
        ("2026-07-31 18:30:00.25", "Europe/Berlin", None, "2026-07-31T16:30:00.25Z"),
        ("2026-01-31", "Europe/Berlin", None, "2026-01-30T23:00:00Z"),
        ("19970101", "UTC", "%Y%m%d", "1997-01-01T00:00:00Z"),
        ("31.01.2026", "Europe/Berlin", "%d.%m.%Y", "2026-01-30T23:00:00Z"),
        ("31.01.2026 18:30", "Europe/Berlin", "%d.%m.%Y %H:%M", "2026-01-31T17:30:00Z"),
        ("31.01.2026 18:30 +0200", None, "%d.%m.%Y %H:%M %z", "2026-01-31T16:30:00Z"),
        # The hour from two to three happened twice on this night: the first time is meant (+02:00).
        ("2026-10-25 02:30:00", "Europe/Berlin", None, "2026-10-25T00:30:00Z"),
        # Santiago's day began at one o'clock: its first instant.
        ("2026-09-06", "America/Santiago", None, "2026-09-06T04:00:00Z"),
    ],
)
def test_times_are_read_in_their_zone(
    cell: str, zone: str | None, pattern: str | None, expected: str
) -> None:
    time = {"column": "day", "pattern": pattern} if pattern else "day"
    mapping = msgspec.structs.replace(parse_mapping(NAMELESS), zone=zone, time=time)
    plan = Plan(msgspec.convert(msgspec.to_builtins(mapping), type(mapping)), Registry())

    assert rfc3339(plan.time[cell]) == expected


def parquet_of(path: Path, **columns: Any) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=2)
    return path


PARQUET = NAMELESS.replace('"csv"', '"parquet"') + '[rounding]\npaid = "half-up"\n'


def test_parquet_columns_of_every_kind_are_read(tmp_path: Path, importing: Importing, stored: Stored) -> None:
    path = parquet_of(
        tmp_path / "a.parquet",
        who=pa.array([7, 8, 9], pa.int64()),
        day=pa.array(
            [datetime(2026, 1, n, 12, tzinfo=UTC) for n in (1, 2, 3)], pa.timestamp("ns", "Europe/Berlin")
        ),
        paid=pa.array([0.125, 1.005, 2.675]),
        channel=pa.array(["web", None, "web"]).dictionary_encode(),
    )
    mapping = PARQUET.replace('"paid" }', '"paid", channel = "channel" }')

    summary = importing(path.read_bytes(), mapping, name="b.parquet")

    assert (summary.imported, summary.problems) == (3, ())
    # Half up of the decimal that is written: 0.125 → 13, 1.005 → 101, 2.675 → 268; binary says 100 and 267.
    assert [event["data"]["amount_minor"] for event in events(stored())] == [13, 101, 268]
    assert [event["time"] for event in events(stored())] == [f"2026-01-0{n}T12:00:00Z" for n in (1, 2, 3)]
    assert [event["data"].get("channel") for event in events(stored())] == ["web", None, "web"]
    assert importing(path.read_bytes(), mapping, name="b.parquet").duplicates == 3


def test_days_decimals_and_flags_of_parquet(tmp_path: Path, importing: Importing, stored: Stored) -> None:
    path = parquet_of(
        tmp_path / "a.parquet", who=["a"], day=[date(2026, 1, 2)], amount=[Decimal("2.50")], public=[True],
        tags=[["x", "y"]],
    )  # fmt: skip
    mapping = """
source = "desk"
type = "complaint.opened"
format = "parquet"
zone = "UTC"
subject = "who"
time = "day"
fields = { complaint = "amount", is_public = "public" }
constants = { category = "late" }
"""

    importing(path.read_bytes(), mapping, name="b.parquet")

    assert events(stored())[0]["data"] == {"complaint": "2.50", "category": "late", "is_public": True}


def test_labels_come_from_a_list_or_from_one_cell(
    tmp_path: Path, importing: Importing, stored: Stored
) -> None:
    path = parquet_of(tmp_path / "a.parquet", who=["a"], day=["2026-01-02"], paid=[1], tags=[["x", "y"]])
    mapping = NAMELESS.replace('fields = { amount = "paid" }', 'total = "amount"')
    lines = '[lines]\namount = "paid"\nlabels = "tags"\n'

    importing(path.read_bytes(), mapping.replace('"csv"', '"parquet"') + lines, name="b.parquet")
    importing("who,day,paid,tags\na,2026-01-02,1,x|y\n", mapping + lines)

    assert [event["data"]["lines"][0]["labels"] for event in events(stored())] == [["x", "y"]] * 2


def test_a_currency_may_come_from_a_column(importing: Importing, stored: Stored) -> None:
    mapping = NAMELESS.replace('"paid" }', '"paid", currency = "money" }').replace(
        'constants = { currency = "USD" }', ""
    )

    summary = importing(
        "who,day,paid,money\na,2026-01-01,5,JPY\na,2026-01-01,5.01,EUR\na,2026-01-01,5.01,JPY\n", mapping
    )

    assert summary.totals_minor == {"JPY": 5, "EUR": 501}
    assert (summary.rejected, summary.problems[0].code) == (1, "too-many-decimals")


def test_a_dry_run_counts_exactly_and_stores_nothing(importing: Importing, stored: Stored, kept: Any) -> None:
    importing(HEADER + GOOD)
    more = (
        HEADER
        + GOOD.replace("pear,1,0.75", "pear,1,0.80")
        + "r3,bob,2026-01-03,x,1,2\nr4,bob,2026-01-03,x,1,2\n"
        "r3,bob,2026-01-03,x,1,2\nr5,bob,2026-01-03,x,1,nothing\nr4,bob,2026-01-03,x,1,3\n"
    )

    dry = importing(more, is_dry_run=True)
    rows_before, rejects_before = stored(), kept()
    real = importing(more)

    assert (dry.imported, dry.duplicates, dry.conflicting, dry.rejected) == (2, 2, 2, 1)
    assert real._replace(
        import_id=None, first_position=None, last_position=None, problems=()
    ) == dry._replace(problems=())
    assert (len(rows_before), rejects_before) == (2, [])


def test_a_dry_run_waits_for_no_writer(importing: Importing, ledger_database: Database) -> None:
    with ledger_database.writing() as connection:
        connection.exec_driver_sql("UPDATE head SET recorded_us = recorded_us")

        assert importing(HEADER + GOOD, is_dry_run=True).imported == 2


def test_strict_stores_all_or_nothing(importing: Importing, stored: Stored, kept: Any) -> None:
    bad = importing(HEADER + GOOD + "r3,bob,2026-01-03,x,1,\n", is_strict=True, batch_size=1)

    assert (bad.imported, bad.rejected, bad.totals_minor, bad.import_id) == (0, 1, {}, None)
    assert (stored(), kept()) == ([], [])
    assert importing(HEADER + GOOD, is_strict=True).imported == 2


def test_progress_is_told_after_every_batch(importing: Importing) -> None:
    told: list[Any] = []

    importing(HEADER + GOOD, batch_size=1, progress=told.append)

    assert [progress.facts for progress in told] == [1, 2]
    assert told[-1].done == told[-1].total == len(HEADER + GOOD)


def test_a_mapping_serves_other_facts_than_purchases(importing: Importing, stored: Stored) -> None:
    mapping = """
source = "crm"
type = "promise.made"
format = "csv"
zone = "Europe/Berlin"
id = "number"
subject = "who"
time = "when"
actor = "crm export"
fields = { promise = "number", due = "due" }
"""

    importing("number,who,when,due\n7,ann,2026-01-01,2026-02-01 12:00:00\n", mapping)

    (event,) = events(stored())
    assert (event["actor"], event["data"]) == ("crm export", {"promise": "7", "due": "2026-02-01T11:00:00Z"})


def test_several_columns_name_a_fact_without_mixing_them_up(tmp_path: Path) -> None:
    mapping = parse_mapping(NAMELESS.replace("zone =", 'id = ["who", "day", "paid"]\nzone ='))
    path = tmp_path / "a.csv"
    path.write_text("who,day,paid\na:2026,2026-01-01,5\na,2026-01-01,5\n")

    with open_file(path, mapping, Registry(), Occurrences()) as opened:
        (items,) = opened.items

    assert [item.draft.event_id for item in items if item.draft] == [
        "a%3A2026:2026-01-01:5",
        "a:2026-01-01:5",
    ]
