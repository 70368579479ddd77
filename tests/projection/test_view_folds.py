"""The pure folds of the views: rows from entries, with no database."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import Zone, instant_us
from loyalty_ledger.ledger.fold import Entry, FlagRow
from loyalty_ledger.ledger.views import balances, flags, lots
from loyalty_ledger.ledger.views.daily import Daily


def entry(
    number: int, *, lot: int | None = 1, points: int = 0, pending: int = 0, held: int = 0,
    account: str = "issued",
    booked_us: int = 10, usable_us: int | None = None, expires_us: int | None = None,
) -> Entry:  # fmt: skip
    contra = -(points + pending + held)
    return Entry(
        "ann", number, number, booked_us, number, "r@1", 1, "why", lot, points, pending, held,
        account if contra else "", contra, usable_us, expires_us, False,
    )  # fmt: skip


HISTORY = [
    entry(1, pending=100, usable_us=20, expires_us=90),
    entry(2, points=100, pending=-100, booked_us=20),
    entry(3, points=-30, held=30),
    entry(4, held=-30, account="redeemed"),
    entry(5, points=30, account="redeemed"),  # the redemption is cancelled
    entry(6, expires_us=120),  # extended
    entry(7, points=-40, account="expired", booked_us=120),
    entry(8, lot=None, points=-5, account="redeemed", booked_us=121),
]


def test_a_lot_is_the_sum_of_its_entries() -> None:
    rows: dict[int, lots.LotRow] = {}
    lots.fold("ann", HISTORY, rows)

    # Usable at 20, expires at 120 after the extension; 100 earned, 100 - 30 + 30 - 40 left.
    assert rows == {1: ["ann", 1, 1, "r@1", 10, 20, 120, 100, 60, 0, 0]}


def test_a_lot_without_terms_is_usable_when_booked() -> None:
    rows: dict[int, lots.LotRow] = {}
    lots.fold("ann", [entry(1, points=5)], rows)

    assert rows[1][4:7] == [10, 10, None]


def test_balances_have_one_rule_of_signs() -> None:
    row = balances.fold("ann", HISTORY, None)

    #                    points pending held debt issued redeemed expired and five accounts more
    assert row == ["ann", 60 - 5, 0, 0, 5, 100, -30 + 30 - 5, -40, 0, 0, 0, 0, 0, 8, 121]
    assert sum(row[1:4]) == sum(row[5:13])


@pytest.mark.parametrize("cut", range(len(HISTORY) + 1))
def test_views_go_on_from_their_rows(cut: int) -> None:
    whole: dict[int, lots.LotRow] = {}
    lots.fold("ann", HISTORY, whole)
    parts: dict[int, lots.LotRow] = {}
    lots.fold("ann", HISTORY[:cut], parts)
    lots.fold("ann", HISTORY[cut:], parts)

    assert parts == whole
    first = balances.fold("ann", HISTORY[:cut], None)
    assert balances.fold("ann", HISTORY[cut:], first) == balances.fold("ann", HISTORY, None)


@pytest.mark.parametrize(
    ("zone", "time", "day"),
    [
        ("UTC", "2026-01-31T23:59:59.999999Z", "2026-01-31"),
        ("Asia/Kathmandu", "2026-01-31T18:14:59Z", "2026-01-31"),  # midnight there is 18:15 UTC
        ("Asia/Kathmandu", "2026-01-31T18:15:00Z", "2026-02-01"),
        # On 1 November 2009 the clocks of St John's went from 00:01 back to 23:01 of the day before.
        ("America/St_Johns", "2009-11-01T02:29:59Z", "2009-10-31"),
        ("America/St_Johns", "2009-11-01T02:30:30Z", "2009-11-01"),
        ("America/St_Johns", "2009-11-01T02:31:00Z", "2009-10-31"),
    ],
)
def test_a_day_is_the_zones_own_whatever_was_asked_before(zone: str, time: str, day: str) -> None:
    daily = Daily(Zone(zone))
    at_us = instant_us(time)
    hour_us = at_us - at_us % 3_600_000_000
    daily.add([entry(1, points=1, booked_us=hour_us), entry(2, points=1, booked_us=hour_us + 3_599_999_999)])
    daily.clear()
    daily.add([entry(3, points=7, booked_us=at_us)])

    assert daily.rows == {day: [day, 1, 7, 0, 0, 0, 0, 0, 0, 0]}


def test_sums_of_days_made_apart_are_added() -> None:
    one, other = Daily(Zone("UTC")), Daily(Zone("UTC"))
    one.add(HISTORY[:3])
    other.add(HISTORY[3:])
    one.merge(other.clear())
    whole = Daily(Zone("UTC"))
    whole.add(HISTORY)

    assert one.rows == whole.rows
    assert other.rows == {}


def test_a_remark_made_twice_is_kept_once() -> None:
    remarks = [FlagRow("ann", 1, "r@1", "big", "first"), FlagRow("ann", 1, "r@1", "big", "again")]

    assert flags.rows_of(remarks) == remarks[:1]
