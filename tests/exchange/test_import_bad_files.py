"""A file that cannot be read at all is refused before anything is stored; one that breaks off says where."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from exchange.till import GOOD, HEADER, TILL, Importing
from loyalty_ledger.ledger.errors import HistoryError, LoyaltyError, UsageError
from loyalty_ledger.ledger.exchange.importer import run_import
from loyalty_ledger.ledger.exchange.mapping import load_mapping, parse_mapping
from loyalty_ledger.ledger.exchange.plan import Plan
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.reading import FactRow
from loyalty_ledger.ledger.tables import imports

Stored = Callable[[], list[FactRow]]
PARQUET = TILL.replace('"csv"', '"parquet"')


@pytest.mark.parametrize(
    ("content", "mapping", "what"),
    [
        (b"", TILL, "file is empty"),
        (b"\n\n", TILL, "file is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00", TILL, "file is no text"),
        (b"PK\x03\x04abc", TILL, "file is no text"),
        (gzip.compress(b"a,b\n"), TILL, "file is no text"),
        ((HEADER + GOOD).encode("utf-16"), TILL, "file is no text"),
        ("réceipt\n".encode("latin-1"), TILL, "not UTF-8 at byte 2"),
        (HEADER.replace("paid", "price").encode(), TILL, "no column 'paid'"),
        (HEADER.replace("paid", "sold").encode(), TILL, "column 'sold' is there twice"),
        ((",".join(f"c{n}" for n in range(300)) + "\n").encode(), TILL, "more than 256 columns: 300"),
        (b"no parquet", PARQUET, "no Parquet file"),
        (b"", PARQUET, "no Parquet file"),
        (b"", None, "file is empty"),
        (b"\x00\x01\x02", None, "file is no text"),
    ],
)
def test_an_unreadable_file_is_refused_before_anything_is_stored(
    importing: Importing, ledger_database: Database, content: bytes, mapping: str | None, what: str
) -> None:
    with pytest.raises(HistoryError, match=re.escape(what)) as caught:
        importing(content, mapping)

    assert caught.value.at
    with ledger_database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(imports)).scalar() == 0


def test_a_missing_file_or_a_folder_is_named(ledger_database: Database, tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(HistoryError, match="cannot open the file") as caught:
            run_import(ledger_database, Registry(), path, mapping=parse_mapping(TILL), now_us=lambda: 0)
        assert caught.value.at == str(path)


def test_a_header_alone_is_an_empty_history(importing: Importing) -> None:
    assert importing(HEADER).rows == 0


def test_a_packed_file_that_breaks_off_keeps_what_came_before(importing: Importing, stored: Stored) -> None:
    rows = "".join(f"r{n},ann,2026-01-02,{n * n},1,1\n" for n in range(5000))
    packed = gzip.compress((HEADER + rows).encode(), mtime=0)

    with pytest.raises(HistoryError, match=r"cannot be read further.*facts are stored") as caught:
        importing(packed[: len(packed) // 2], name="sales.csv.gz", batch_size=100)

    count = len(stored())
    assert 1000 < count < 5000
    # The last row read may be cut, and the basket it belongs to is open: neither is stored.
    assert re.search(r"sales.csv.gz:\d+$", str(caught.value.at))
    whole = importing(packed, name="sales.csv.gz")
    assert (whole.imported, whole.duplicates, whole.conflicting) == (5000 - count, count, 0)


def test_a_packed_file_of_zeros_is_not_unpacked_to_its_end(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty_ledger.ledger.exchange.source_file.FREE_BYTES", 100_000)
    bomb = gzip.compress((HEADER + "\n" * 10_000_000).encode())

    with pytest.raises(HistoryError, match="more than 100 times"):
        importing(bomb, name="sales.csv.gz")


def test_a_damaged_parquet_file_keeps_what_came_before(
    tmp_path: Path, importing: Importing, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty_ledger.ledger.exchange.parquet.CHUNK_ROWS", 1000)
    size = 20_000
    table = pa.table({
        "receipt": [f"r{n}" for n in range(size)], "customer": ["ann"] * size, "sold": ["2026-01-02"] * size,
        "article": [str(n * n) for n in range(size)], "pieces": [1] * size, "paid": ["1.00"] * size,
    })  # fmt: skip
    path = tmp_path / "whole.parquet"
    pq.write_table(table, path, row_group_size=1000, compression="gzip")
    damaged = bytearray(path.read_bytes())
    half = len(damaged) // 2
    damaged[half : half + 2000] = b"\xff" * 2000

    with pytest.raises(HistoryError, match="no Parquet file"):
        importing(path.read_bytes()[:half], PARQUET, name="cut.parquet")
    with pytest.raises(HistoryError, match="cannot be read further") as caught:
        importing(bytes(damaged), PARQUET, name="damaged.parquet")

    assert re.search(r"after row \d+000$", str(caught.value.at))
    count = len(stored())
    assert 5000 < count < 15_000
    assert importing(path.read_bytes(), PARQUET, name="whole.parquet").duplicates == count


def test_a_strict_import_of_a_file_that_breaks_off_stores_nothing(
    importing: Importing, stored: Stored
) -> None:
    packed = gzip.compress("".join(f"{n}\n" for n in range(9)).encode() + (HEADER + GOOD).encode())

    with pytest.raises(HistoryError):
        importing(
            packed[:-10], 'header = false\ncolumns = ["receipt"]\n' + TILL, name="x.csv.gz", is_strict=True
        )

    assert stored() == []


def test_a_basket_without_end_is_refused(
    importing: Importing, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty_ledger.ledger.exchange.baskets.MAX_ROWS", 100)
    monkeypatch.setattr("loyalty_ledger.ledger.exchange.delimited.CHUNK_ROWS", 50)

    with pytest.raises(HistoryError, match="a basket has more than 100 rows, from line 2"):
        importing(HEADER + "r1,ann,2026-01-02,pear,1,1\n" * 200)

    assert stored() == []


def test_a_stray_quote_costs_one_row_not_the_rest_of_the_file(importing: Importing) -> None:
    rows = [f"r{n},ann,2026-01-02,pear,1,1\n" for n in range(500)]
    for number in (3, 20, 30):
        rows[number] = f'r{number},ann,2026-01-02,"pear,1,1\n'

    summary = importing(HEADER + "".join(rows))

    # A row that cannot be split cannot say its receipt: its neighbours go with it.
    assert (summary.rejected, summary.imported) == (3, 500 - 3 * 3)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (("zone = ", "zome = "), "unknown field 'zome'"),
        (('source = "till"\n', ""), "missing required field 'source'"),
        (('type = "purchase.recorded"', 'type = "purchase.recordet"'), "unknown type 'purchase.recordet'"),
        (('zone = "UTC"', 'zone = "Mars/Base"'), "no such time zone: 'Mars/Base'"),
        (('order = "receipt"', 'oder = "receipt"'), "unknown field 'oder'"),
        (('currency = "EUR"', 'currency = "euro"'), "expected 'str' matching regex"),
        (('currency = "EUR"', ""), "but the mapping has no currency"),
        (('total = "amount"', ""), "mapping does not fill 'amount'"),
        (('total = "amount"', 'total = "tax"'), "total sums 'tax'"),
        (('subject = "customer"\n', ""), "purchase.recorded needs a subject"),
        (('amount = "paid"', ""), "total sums 'amount'"),
        (('order = "receipt"', 'payments = "receipt"'), "'payments' cannot be filled from one column"),
        (("[lines]", '[rounding]\npaid = "bankers"\n[lines]'), "invalid enum value 'bankers'"),
        (("[lines]", '[rounding]\nprice = "up"\n[lines]'), "rounding of 'price', which no field uses"),
        (('format = "csv"', "format = csv"), "mapping is no TOML"),
    ],
)
def test_a_wrong_mapping_is_explained(change: tuple[str, str], what: str) -> None:
    text = TILL.replace(*change)
    assert text != TILL

    with pytest.raises(UsageError, match=re.escape(what)) as caught:
        Plan(parse_mapping(text), Registry())

    assert caught.value.what[0].islower() or caught.value.what[0] == "'"


def test_a_mapping_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    with pytest.raises(UsageError, match="cannot read the mapping"):
        load_mapping(path)
    path.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="mapping is not UTF-8") as caught:
        load_mapping(path)
    assert caught.value.at == str(path)


def test_a_table_without_a_mapping_asks_for_one(importing: Importing) -> None:
    with pytest.raises(UsageError, match=r"a \.csv file needs a mapping"):
        importing(HEADER, None, name="sales.csv")


@pytest.mark.parametrize(("setting", "what"), [("utf-16", "no encoding"), ("klingon", "no encoding")])
def test_an_encoding_that_is_not_read_is_named(importing: Importing, setting: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        importing(HEADER, f'encoding = "{setting}"\n' + TILL)


def test_reading_parquet_without_pyarrow_says_what_to_install(
    importing: Importing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)

    with pytest.raises(LoyaltyError, match="needs pyarrow") as caught:
        importing(b"PAR1", PARQUET, name="a.parquet")

    assert caught.value.hint == "pip install 'loyalty-ledger[parquet]'"


def test_a_parquet_column_of_another_kind_is_named(tmp_path: Path, importing: Importing) -> None:
    names: dict[str, Any] = {key: ["1"] for key in ("receipt", "customer", "sold", "article", "pieces")}
    pq.write_table(pa.table({**names, "paid": [b"1"]}), tmp_path / "a.parquet")

    with pytest.raises(HistoryError, match="column 'paid' is of the kind binary"):
        importing((tmp_path / "a.parquet").read_bytes(), PARQUET, name="b.parquet")
