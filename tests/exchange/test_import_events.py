"""CloudEvents as JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from exchange.till import Importing
from loyalty_ledger.ledger.exchange.rejects import retry_rejects
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.reading import FactRow

Stored = Callable[[], list[FactRow]]


def event(number: int, **changes: Any) -> str:
    whole = {
        "specversion": "1.0", "id": f"e{number}", "source": "shop", "type": "purchase.recorded",
        "subject": "ann", "time": "2026-01-02T10:00:00Z", "data": {"currency": "EUR", "amount": "12.34"},
    } | changes  # fmt: skip
    return json.dumps({name: value for name, value in whole.items() if value is not None}) + "\n"


def test_events_come_in_once(importing: Importing, stored: Stored) -> None:
    lines = event(1) + "\n" + event(2, data={"currency": "EUR", "amount_minor": 1}) + event(1)

    first, again = importing(lines, None), importing(lines, None)

    assert (first.imported, first.duplicates, first.totals_minor) == (2, 1, {"EUR": 1235})
    assert (again.imported, again.duplicates) == (0, 3)
    assert b'"amount_minor":1234' in stored()[0].state


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("not json\n", "not-json"),
        (event(9)[:40] + "\n", "not-json"),
        ("[1]\n", "not-json"),
        (event(9).replace('"subject"', '"id": "x", "subject"'), "duplicate-key"),
        (event(9, type="purchase.forgotten"), "unknown-type"),
        (event(9, colour="red"), "unknown-field"),
        (event(9, data={"currency": "EUR", "amount": "1", "colour": "red"}), "unknown-field"),
        (event(9, data={"currency": "EUR", "amount": "1.005"}), "too-many-decimals"),
        (event(9, data={"currency": "EUR", "amount": "NaN"}), "not-a-number"),
        (event(9).replace('"12.34"', "NaN"), "not-a-number"),
        (event(9).replace('"amount": "12.34"', f'"amount_minor": {2**63}'), "out-of-range"),
        (event(9, data={"currency": "EUR"}), "missing-field"),
        (event(9, time="2026-01-02T10:00:00"), "no-zone"),
        (event(9, time="2026-13-02T10:00:00Z"), "bad-time"),
        (event(9, time="2026-06-03T10:00:00Z"), "future"),
        (event(9, subject=None), "missing-field"),
        ("[" * 100_000 + "\n", "too-deep"),
        (event(9, subject="a\ud800"), "bad-text"),
    ],
)
def test_a_bad_line_is_kept_and_the_others_go_in(
    importing: Importing, kept: Any, line: str, code: str
) -> None:
    summary = importing(event(1) + line + event(2), None)

    assert (summary.imported, summary.rejected) == (2, 1)
    (reject,) = kept()
    assert (reject.code, reject.line, reject.content) == (code, 2, line.encode())


def test_a_line_in_another_encoding_is_rejected(importing: Importing, kept: Any) -> None:
    summary = importing(event(1).encode() + b'{"id": "M\xfc"}\n', None)

    assert (summary.imported, kept()[0].code) == (1, "encoding")


def test_a_file_that_ends_in_the_middle_of_a_line_rejects_that_line(importing: Importing, kept: Any) -> None:
    summary = importing(event(1) + event(2)[:-20], None)

    assert (summary.imported, summary.rejected, kept()[0].line) == (1, 1, 2)


def test_a_line_without_end_is_cut_and_the_rest_is_read(
    importing: Importing, kept: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("loyalty_ledger.ledger.exchange.source_file.MAX_LINE", 1000)

    summary = importing(event(1) + "x" * 5000 + "\n" + event(2), None)

    assert (summary.imported, kept()[0].code, len(kept()[0].content)) == (2, "too-long", 1001)


def test_conflicting_events_name_what_differs(importing: Importing, kept: Any) -> None:
    summary = importing(event(1) + event(1, subject="bob"), None)

    assert (summary.imported, summary.conflicting) == (1, 1)
    assert (kept()[0].code, kept()[0].member) == ("conflict", "bob")
    assert "differs in subject" in kept()[0].reason


def test_a_refused_event_can_be_retried_when_its_time_has_come(
    importing: Importing, kept: Any, stored: Stored, ledger_database: Database
) -> None:
    importing(event(1, time="2026-06-03T10:00:00Z"), None)

    retried = retry_rejects(ledger_database, Registry(), now_us=lambda: 2**51)

    assert (retried.passed, retried.still, len(stored()), kept()) == (1, 0, 1, [])
