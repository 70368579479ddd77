"""What expires when, as ``member show`` says it: every lot, soonest first, never last."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from loyalty_ledger.ledger.calendar import FOREVER_US, Zone, instant_us
from loyalty_ledger.ledger.reports.expiring import Expiring

UTC = Zone("UTC")
WEEK = 7


def lot(number: int, expires: str | None, points: int = 10, *, pending: int = 0, usable: str = "") -> Any:
    usable_us = instant_us(usable) if usable else FOREVER_US if pending else 0
    return {
        "lot": number, "fact": number, "rule": "base@1", "booked_us": 0, "usable_us": usable_us,
        "expires_us": FOREVER_US if expires is None else instant_us(expires), "points": points,
        "pending": pending, "held": 0,
    }  # fmt: skip


def shown(*lots: Any, timers: tuple[str, ...] = ()) -> list[str]:
    found = Expiring(lots=list(lots), timers=[(instant_us(due), "sleep") for due in timers])
    return [" ".join(line.split()) for line in found.lines(UTC)]


def test_lots_of_the_same_instant_are_one_line_and_never_is_the_last() -> None:
    lines = shown(
        lot(1, "2026-05-01T00:00:00Z"),
        lot(2, "2026-05-01T00:00:00Z", 5),
        lot(3, "2026-06-01T00:00:00Z"),
        lot(4, None, 7),
    )
    assert lines == [
        "open lots 4",
        "expiring 15 points on 2026-05-01 00:00",
        "expiring 10 points on 2026-06-01 00:00",
        "7 points never",
    ]


def test_where_nothing_expires_nothing_is_said_of_it() -> None:
    assert shown(lot(1, None)) == ["open lots 1"]
    assert shown() == ["open lots 0"]


def test_no_lot_is_left_out_however_many_there_are() -> None:
    """A lot a week for a year, ten points each: twelve one by one, the others by month, 520 in all."""
    days = [date(2026, 1, 1) + timedelta(days=WEEK * week) for week in range(52)]
    lines = shown(*(lot(n, f"{day}T00:00:00Z") for n, day in enumerate(days, start=1)))

    assert lines[1] == "expiring 10 points on 2026-01-01 00:00"
    assert lines[12] == "expiring 10 points on 2026-03-19 00:00"  # 1 January + 11 weeks
    assert lines[13] == "expiring 10 points later, in 2026-03"  # the 26th
    assert lines[14] == "expiring 50 points later, in 2026-04"  # 2, 9, 16, 23 and 30 April
    assert len(lines) == 1 + 12 + 10  # March to December
    assert sum(int(line.split()[1]) for line in lines[1:]) == 520


def test_a_timer_that_takes_everything_stands_where_it_is_due() -> None:
    lines = shown(
        lot(1, "2026-05-01T00:00:00Z"), lot(2, "2026-07-01T00:00:00Z"), timers=("2026-06-01T00:00:00Z",)
    )
    assert lines[1:] == [
        "expiring 10 points on 2026-05-01 00:00",
        "expiring all points on 2026-06-01 00:00, unless active before",
        "expiring 10 points on 2026-07-01 00:00",
    ]
    assert shown(timers=("2026-06-01T00:00:00Z",)) == ["open lots 0"]  # nothing is there to go


def test_what_waits_says_from_when_it_can_be_spent() -> None:
    lines = shown(
        lot(1, None, 0, pending=4, usable="2026-02-01T00:00:00Z"),
        lot(2, None, 0, pending=5, usable="2026-02-01T00:00:00Z"),
        lot(3, None, 0, pending=6),
    )
    assert lines[1:] == ["usable 9 points from 2026-02-01 00:00", "usable 6 points when released"]


def test_programs_get_every_lot_and_null_where_there_is_no_instant() -> None:
    found = Expiring(
        lots=[lot(1, "2026-05-01T00:00:00Z"), lot(2, None, 0, pending=6)],
        timers=[(instant_us("2026-06-01T00:00:00Z"), "sleep")],
    ).fields()

    assert found["expiring"] == [{"expires": "2026-05-01T00:00:00Z", "points": 10}]
    assert (found["open_lots"], found["never_expiring"]) == (2, 6)
    assert found["waiting"] == [{"usable": None, "points": 6}]
    assert found["all_expire"] == [{"expires": "2026-06-01T00:00:00Z", "rule": "sleep"}]
    assert [(row["lot"], row["expires"], row["usable"]) for row in found["lots"]] == [
        (1, "2026-05-01T00:00:00Z", "1970-01-01T00:00:00Z"),
        (2, None, None),
    ]


def test_overdue_is_what_the_clock_has_passed_at_its_instant_inclusive() -> None:
    due_us = instant_us("2026-05-01T00:00:00Z")
    some = Expiring(lots=[lot(1, "2026-05-01T00:00:00Z"), lot(2, None, 7)], timers=[])
    assert (some.overdue_points(due_us - 1), some.overdue_points(due_us)) == (0, 10)

    everything = Expiring(lots=some.lots, timers=[(due_us, "sleep")])
    assert (everything.overdue_points(due_us - 1), everything.overdue_points(due_us)) == (0, 17)
