"""A bad row rejects its basket and is kept; the others go in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from exchange.till import GOOD, HEADER, TILL, Importing
from loyalty_ledger.ledger.exchange.mapping import parse_mapping
from loyalty_ledger.ledger.exchange.rejects import retry_rejects
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Admission
from loyalty_ledger.ledger.store.reading import FactRow

Stored = Callable[[], list[FactRow]]
# Of receipt r9 the second of three rows is bad; every row before and after is good.
BASKET = "r9,ann,2026-01-02T10:00:00,apple,1,1.00\n{}r9,ann,2026-01-02T10:00:00,fig,1,3.00\n"


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("r9,ann,2026-01-02T10:00:00,pear,1,2.005\n", "too-many-decimals", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,NaN\n", "not-a-number", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,inf\n", "not-a-number", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,two\n", "not-a-number", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,\n", "missing-field", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,92233720368547758.08\n", "out-of-range", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,1e400\n", "out-of-range", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,1,2.0000000000000000000000000000001\n", "out-of-range", "paid"),
        ("r9,ann,2026-01-02T10:00:00,pear,9223372036854775808,2\n", "out-of-range", "pieces"),
        ("r9,ann,2026-01-02T10:00:00,pear,many,2\n", "not-a-number", "pieces"),
        (f"r9,ann,2026-01-02T10:00:00,{'x' * 256},1,2\n", "invalid", "article"),
        ("r9,ann,2026-01-02T10:00:00,a\x00b,1,2\n", "invalid", "article"),
        ("r9,ann,2026-02-30T10:00:00,pear,1,2\n", "rows-differ", "sold"),
        ("r9,bob,2026-01-02T10:00:00,pear,1,2\n", "rows-differ", "customer"),
        ("r9,ann,2026-01-02T10:00:00,pear,1\n", "cells", None),
        ("r9,ann,2026-01-02T10:00:00,pear,1,2,3\n", "cells", None),
        ('r9,ann,2026-01-02T10:00:00,"pear,1,2\n', "quoting", None),
        ("garbage\n", "cells", None),
    ],
)
def test_a_bad_row_rejects_its_basket_alone(
    importing: Importing, stored: Stored, kept: Any, row: str, code: str, column: str | None
) -> None:
    after = GOOD.replace("r1", "r3").replace("r2", "r4")

    summary = importing(HEADER + GOOD + BASKET.format(row) + after)

    (reject,) = kept()
    assert (reject.code, reject.column) == (code, column)
    assert (summary.imported, summary.rejected) == (4, 1)
    # Line 5 is the first of r9; a row that can be read as far as its columns is named itself.
    assert reject.line == 6
    assert reject.content == BASKET.format(row).encode()
    assert reject.file.endswith("sales.csv")
    assert all(fact.stream in ("member/ann", "member/bob") for fact in stored())


@pytest.mark.parametrize(
    ("row", "lost"),
    [
        ("r9,ann\n", 0),  # cut short: its receipt can be read, and is its own
        ("garbage\n", 0),
        ("r1,ann,2026-01-02T10:00:00,pear\n", 1),  # the receipt before it
        ("r2,bob\n", 1),  # the receipt after it
        ("ann,2026-01-02T10:00:00,pear,1,9.00\n", 2),  # its first cell is gone: of either receipt
        (",ann,2026-01-02T10:00:00,pear,1\n", 2),
        ('"r9\n', 2),
    ],
)
def test_a_bad_row_between_two_baskets_takes_those_it_may_belong_to(
    importing: Importing, kept: Any, row: str, lost: int
) -> None:
    one, two, three = GOOD.splitlines(keepends=True)

    summary = importing(HEADER + one + two + row + three)

    assert (summary.imported, summary.rejected, len(kept())) == (2 - lost, 1, 1)


def test_a_line_in_another_encoding_is_one_reject(importing: Importing, kept: Any) -> None:
    summary = importing(
        (HEADER + GOOD).encode() + b"r3,ann,2026-01-02,M\xfcsli,1,1\n" + GOOD.replace("r1", "r4").encode()
    )

    assert (summary.imported, summary.duplicates, summary.rejected) == (3, 1, 1)
    assert (kept()[0].code, kept()[0].content) == ("encoding", b"r3,ann,2026-01-02,M\xfcsli,1,1\n")


@pytest.mark.parametrize(
    ("time", "code"),
    [
        ("2026-02-30", "bad-time"),
        ("yesterday", "bad-time"),
        ("0000-01-01T00:00:00", "bad-time"),
        ("9999-12-31T23:59:59-01:00", "bad-time"),
        ("2026-06-02T12:00:01", "future"),  # recorded on 1 June at 12:00, a day and a second before
    ],
)
def test_a_bad_time_is_rejected(importing: Importing, kept: Any, time: str, code: str) -> None:
    summary = importing(HEADER + GOOD + f"r3,ann,{time},pear,1,1\n")

    assert (summary.imported, summary.rejected, kept()[0].code) == (2, 1, code)
    assert kept()[0].member == "ann"


def test_a_time_without_zone_is_rejected_where_the_mapping_names_none(
    importing: Importing, kept: Any
) -> None:
    zoned = "r3,ann,2026-01-02T10:00:00+01:00,pear,1,1\n"

    summary = importing(HEADER + GOOD + zoned, TILL.replace('zone = "UTC"\n', ""))

    assert (summary.imported, summary.rejected) == (1, 2)
    assert {reject.code for reject in kept()} == {"no-zone"}


def test_members_not_enrolled_are_refused_only_where_the_programme_says_so(
    importing: Importing, kept: Any
) -> None:
    refused = importing(HEADER + GOOD, admission=Admission(must_enrol=True))
    dry = importing(HEADER + GOOD, admission=Admission(must_enrol=True), is_dry_run=True)

    assert (refused.imported, refused.rejected, dry.rejected) == (0, 2, 2)
    assert {reject.code for reject in kept()} == {"not-enrolled"}
    assert importing(HEADER + GOOD).imported == 2


def test_a_negative_sum_is_rejected(importing: Importing, kept: Any) -> None:
    importing(HEADER + "r1,ann,2026-01-02,apple,1,-1.00\n")

    assert (kept()[0].code, kept()[0].line) == ("invalid", 2)


def test_an_empty_subject_or_id_is_rejected(importing: Importing, kept: Any) -> None:
    summary = importing(HEADER + "r1,,2026-01-02,apple,1,1\n,ann,2026-01-02,apple,1,1\n")

    assert (summary.rejected, [reject.code for reject in kept()]) == (2, ["missing-field", "bad-text"])


def test_rejects_are_kept_once_however_often_the_file_is_imported(importing: Importing, kept: Any) -> None:
    bad = (
        HEADER + "r1,ann,never,apple,1,1\nr1,ann,never,apple,1,1\nr2,ann,never,apple,1,1\n" + "garbage\n" * 2
    )

    first, second = importing(bad), importing(bad)

    assert first.rejected == second.rejected
    assert len(kept()) == first.rejected


def test_equal_bad_rows_without_an_id_are_kept_apart(importing: Importing, kept: Any) -> None:
    nameless = TILL.replace('id = "receipt"\ngroup = "receipt"\n', "")
    bad = HEADER + "r1,ann,never,apple,1,1\n" * 3

    for _ in range(2):
        assert importing(bad, nameless).rejected == 3
    assert [reject.line for reject in kept()] == [2, 3, 4]


def test_a_retry_with_a_better_mapping_brings_rejects_in(
    importing: Importing, kept: Any, stored: Stored, ledger_database: Database
) -> None:
    nameless = TILL.replace('id = "receipt"\ngroup = "receipt"\n', "").replace('zone = "UTC"\n', "")
    rows = HEADER + "r1,ann,2026-01-02 10:00:00,apple,1,1\n" * 2 + "r2,ann,never,apple,1,1\n"
    assert importing(rows, nameless).rejected == 3
    better = 'zone = "UTC"\n' + nameless

    plain = retry_rejects(ledger_database, Registry(), now_us=lambda: 5)
    retried = retry_rejects(ledger_database, Registry(), now_us=lambda: 2**51, mapping=parse_mapping(better))

    assert (plain.tried, plain.passed) == (3, 0)
    assert (retried.tried, retried.passed, retried.still) == (3, 2, 1)
    assert len(stored()) == 2
    assert [(reject.code, reject.retried_us) for reject in kept()] == [("bad-time", None)]
    assert [reject.retried_us for reject in kept(is_all=True)] == [2**51, 2**51, None]
    # Now the file itself with the better mapping: what came in by the retry is known.
    assert importing(rows, better).duplicates == 2


def test_rejected_rows_of_parquet_are_kept_as_json_and_can_be_retried(
    tmp_path: Path, importing: Importing, kept: Any, stored: Stored, ledger_database: Database
) -> None:
    path = tmp_path / "a.parquet"
    sold = pa.array([1_767_348_000_000_001] * 3, pa.timestamp("us"))
    pq.write_table(pa.table({
        "receipt": [1, 1, 2], "customer": [7, 7, 7], "sold": sold, "article": ["a", "b", "c"],
        "pieces": [1, 2, 3], "paid": [1.005, 2.0, float("nan")],
    }), path)  # fmt: skip
    parquet = TILL.replace('"csv"', '"parquet"')

    summary = importing(path.read_bytes(), parquet, name="b.parquet")

    assert (summary.imported, summary.rejected) == (0, 2)
    first, second = kept()
    assert (first.code, first.line, second.code, second.line) == ("too-many-decimals", 1, "not-a-number", 3)
    assert first.content.splitlines()[0] == (
        b'{"receipt":1,"customer":7,"sold":"2026-01-02 10:00:00.000001",'
        b'"article":"a","pieces":1,"paid":1.005}'
    )
    rounding = parse_mapping(parquet + '[rounding]\npaid = "half-up"\n')
    retried = retry_rejects(ledger_database, Registry(), now_us=lambda: 2**51, mapping=rounding)
    assert (retried.passed, retried.still) == (1, 1)
    assert b'"amount_minor":301' in stored()[0].state  # 1.005 → 1.01, and 2.00


def test_a_rejected_fact_names_what_the_sum_or_the_log_refused(importing: Importing, kept: Any) -> None:
    importing(HEADER + GOOD)
    importing(HEADER + GOOD.replace("bob", "cid"))

    assert kept()[0].reason == "same source and id as the fact at position 2, but it differs in subject"
