"""Periods: both named months, both sides of a month's end, leap days, the two days the clock changes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from loyalty_ledger.ledger.calendar import Zone, instant_us, rfc3339
from loyalty_ledger.ledger.period import Period, PeriodByRung, RungPeriod, day_before

BERLIN, UTC = Zone("Europe/Berlin"), Zone("UTC")


def end(from_: str, zone: Zone = UTC, **period: Any) -> str:
    return rfc3339(Period(**period).end_us(instant_us(from_), zone))


@pytest.mark.parametrize(
    ("began", "months", "last"),
    [
        ("2026-01-27", 1, "2026-02-27"),
        ("2026-01-28", 1, "2026-02-28"),
        ("2026-01-29", 1, "2026-02-28"),  # no 29 February in 2026
        ("2028-01-29", 1, "2028-02-29"),  # 2028 has one
        ("2028-01-30", 1, "2028-02-29"),
        ("2026-03-31", 1, "2026-04-30"),
        ("2026-04-30", 1, "2026-05-30"),  # the same day, not the last
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-02-29", 48, "2032-02-29"),
        ("2026-12-31", 2, "2027-02-28"),
    ],
)
def test_a_month_ends_with_the_same_day_or_the_last_there_is(began: str, months: int, last: str) -> None:
    over = date.fromisoformat(last) + timedelta(days=1)
    for time in ("00:00:00", "23:59:59.999999"):
        assert end(f"{began}T{time}Z", months=months, end_of="day") == f"{over}T00:00:00Z"


@pytest.mark.parametrize(
    ("began", "months", "last"),
    [
        ("2026-07-20", 1, "2026-08-19"),  # AC-76
        ("2026-01-01", 1, "2026-01-31"),  # a whole month
        ("2026-02-01", 1, "2026-02-28"),
        ("2028-02-01", 1, "2028-02-29"),
        ("2026-01-28", 1, "2026-02-27"),
        ("2026-01-29", 1, "2026-02-28"),  # the day before the 29th, which there is not, but its day before is
        ("2026-01-30", 1, "2026-02-28"),  # neither the 30th nor the 29th: the last
        ("2026-01-31", 1, "2026-02-28"),
        ("2028-01-30", 1, "2028-02-29"),
        ("2026-03-31", 1, "2026-04-30"),  # no 31 April; the day before it would be the 30th
        ("2028-02-29", 12, "2029-02-28"),
        ("2028-03-01", 12, "2029-02-28"),
        ("2027-03-01", 12, "2028-02-29"),
    ],
)
def test_or_with_the_day_before(began: str, months: int, last: str) -> None:
    over = date.fromisoformat(last) + timedelta(days=1)
    for time in ("00:00:00", "23:59:59.999999"):
        stamp = f"{began}T{time}Z"
        assert end(stamp, months=months, month="day before", end_of="day") == f"{over}T00:00:00Z"


def test_the_day_before_is_counted_by_numbers_alone() -> None:
    """BGB § 188: the day before the one of the same number; where that day is missing, the month's last.

    Every day of four years, for each number of months up to two years.
    """
    for ordinal in range(date(2026, 1, 1).toordinal(), date(2030, 1, 1).toordinal()):
        day = date.fromordinal(ordinal)
        for months in range(1, 25):
            number = day.year * 12 + day.month - 1 + months
            first = date(number // 12, number % 12 + 1, 1)
            following = date((number + 1) // 12, (number + 1) % 12 + 1, 1)
            days_in_month = (following - first).days

            expected = first + timedelta(days=min(day.day - 1, days_in_month) - 1)

            assert day_before(day, months) == expected


def test_months_in_a_row_leave_no_gap() -> None:
    """Twelve times from the first of a month: each begins with the day after the last."""
    day = date(2027, 3, 1)
    for _ in range(12):
        following = day_before(day, 1) + timedelta(days=1)
        assert (following.day, (following.month - day.month) % 12) == (1, 1)
        day = following
    assert day == date(2028, 3, 1)


@pytest.mark.parametrize(
    ("unit", "began", "over"),
    [
        ("month", "2026-08-19", "2026-10-01"),  # + 1 month = 19 September
        ("month", "2026-07-31", "2026-09-01"),  # + 1 month = 31 August
        ("month", "2026-11-30", "2027-01-01"),
        ("month", "2028-01-31", "2028-03-01"),  # + 1 month = 29 February
        ("year", "2026-11-30", "2027-01-01"),
        ("year", "2026-12-01", "2028-01-01"),  # + 1 month = 1 January 2027
    ],
)
def test_the_month_or_year_a_period_ends_in_is_given_on_top(unit: str, began: str, over: str) -> None:
    assert end(f"{began}T12:00:00Z", months=1, end_of=unit) == f"{over}T00:00:00Z"


def test_ac_76_rounded_up_to_the_end_of_the_month() -> None:
    """From 20 July a month ends with 19 August, and August with the 31st."""
    over = end("2026-07-20T12:00:00Z", months=1, month="day before", end_of="month")
    assert over == "2026-09-01T00:00:00Z"


def test_the_day_before_and_the_same_day_can_be_a_month_apart() -> None:
    """From 1 August: 31 August or 1 September, and so the end of August or of September."""
    ends = [
        end("2026-08-01T12:00:00Z", months=1, month=month, end_of="month")
        for month in ("day before", "same day")
    ]
    assert ends == ["2026-09-01T00:00:00Z", "2026-10-01T00:00:00Z"]


@pytest.mark.parametrize(
    ("began", "over"),
    [
        ("2026-03-28T22:59:59.999999Z", "2026-03-28T23:00:00Z"),  # 28 March, 23:59:59 +01:00: to midnight
        ("2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"),  # 29 March begins at +01:00, ends at +02:00: 23 h
        ("2026-03-29T21:59:59.999999Z", "2026-03-29T22:00:00Z"),
        ("2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"),
        ("2026-10-24T21:59:59.999999Z", "2026-10-24T22:00:00Z"),
        ("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"),  # 25 October: +02:00 to +01:00, 25 h
        ("2026-10-25T22:59:59.999999Z", "2026-10-25T23:00:00Z"),
        ("2026-10-25T23:00:00Z", "2026-10-26T23:00:00Z"),
    ],
)
def test_days_of_23_and_25_hours_end_at_local_midnight(began: str, over: str) -> None:
    assert end(began, BERLIN, months=0, end_of="day") == over


@pytest.mark.parametrize(
    ("began", "period", "over"),
    [
        # 02:30 does not exist on 29 March: read at +01:00 it is 01:30Z, which clocks call 03:30
        ("2026-02-28T01:30:00Z", {"months": 1}, "2026-03-28T01:30:00Z"),
        ("2026-01-29T01:30:00Z", {"months": 2}, "2026-03-29T01:30:00Z"),
        # 02:30 comes twice on 25 October: the first is at +02:00
        ("2026-09-25T00:30:00Z", {"months": 1}, "2026-10-25T00:30:00Z"),
        # the same local time, 12:00, is 11:00Z in winter and 10:00Z in summer
        ("2026-03-15T11:00:00Z", {"months": 1}, "2026-04-15T10:00:00Z"),
        # a day of 24 hours is one hour later by the clock on the short day, one earlier on the long
        ("2026-03-28T11:00:00Z", {"days": 1}, "2026-03-29T11:00:00Z"),
        ("2026-10-24T10:00:00Z", {"days": 1}, "2026-10-25T10:00:00Z"),
    ],
)
def test_a_month_keeps_the_time_of_day_a_number_of_days_the_hours(
    began: str, period: dict[str, int], over: str
) -> None:
    assert end(began, BERLIN, **period) == over


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "days or months"),
        ({"days": 1, "months": 1}, "days or months"),
        ({"months": 0}, "0 months end where they began"),
        ({"months": 0, "month": "day before", "end_of": "day"}, "0 months end where they began"),
        ({"months": 1, "month": "day before"}, "set months and end_of"),
        ({"days": 1, "month": "day before", "end_of": "day"}, "set months and end_of"),
    ],
)
def test_what_is_no_period_is_refused(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Period(**fields)


def test_a_rung_has_one_of_three() -> None:
    assert RungPeriod(never=True).never
    for wrong in ({}, {"days": 1, "months": 1}, {"days": 1, "never": True}):
        with pytest.raises(ValueError, match="one of them"):
            RungPeriod(**wrong)  # type: ignore[arg-type]


def test_each_rung_ends_as_all_do() -> None:
    """Six months from 25 January end with 25 July, at its midnight as everybody's three."""
    params = PeriodByRung(
        months=3, end_of="day", by_rung={"Gold": RungPeriod(months=6), "Iron": RungPeriod(never=True)}
    )
    everybody, by_rung = params.periods()

    assert everybody.end_us(instant_us("2026-01-25T12:00:00Z"), UTC) == instant_us("2026-04-26T00:00:00Z")
    gold = by_rung["Gold"]
    assert gold is not None
    assert gold.end_us(instant_us("2026-01-25T12:00:00Z"), UTC) == instant_us("2026-07-26T00:00:00Z")
    assert by_rung["Iron"] is None


def test_the_end_of_a_rung_is_checked_as_that_of_all() -> None:
    with pytest.raises(ValueError, match="0 months"):
        PeriodByRung(days=3, by_rung={"Gold": RungPeriod(months=0)})
    with pytest.raises(ValueError, match="is about months"):
        PeriodByRung(days=3, month="day before", end_of="day", by_rung={"Gold": RungPeriod(days=4)})
