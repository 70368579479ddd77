"""Days and years of a ladder. None stands for a day after the last one there is."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Literal

LAST = date.max.toordinal() - 1
"""The last day but one, so that a day can begin and end in every zone."""


def later(day: date, days: int) -> date | None:
    """Return the day so many days later."""
    ordinal = day.toordinal() + days
    return date.fromordinal(ordinal) if ordinal <= LAST else None


def months_later(day: date, months: int) -> date | None:
    """Return the same day so many months later, or that month's last day.

    >>> months_later(date(2027, 1, 31), 1)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        return None
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def last_of_month(day: date) -> date:
    """Return the last day of a day's month."""
    return day.replace(day=monthrange(day.year, day.month)[1])


def start_of(unit: Literal["day", "month", "year"], day: date) -> date | None:
    """Return the first day of a unit that is not before *day*."""
    if unit == "month" and day.day > 1:
        return later(last_of_month(day), 1)
    if unit == "year" and (day.month, day.day) != (1, 1):
        return date(day.year + 1, 1, 1) if day.year < 9999 else None
    return day


def anniversary(start: date, year: int) -> date | None:
    """Return the anniversary in a year: 29 February's is 28 February where there is none.

    >>> anniversary(date(2024, 2, 29), 2025)
    datetime.date(2025, 2, 28)
    """
    return months_later(start, 12 * (year - start.year))


def year_around(start: date, day: date) -> tuple[date, date | None]:
    """Return the first day of the year of membership *day* is in, and of the next one.

    Years before the membership began are counted in the same way.
    """
    first = anniversary(start, day.year)
    if first is None or first > day:
        return anniversary(start, day.year - 1) or date.min, first
    return first, anniversary(start, day.year + 1)


def day_after(last: date | None, *, is_whole_month: bool) -> date | None:
    """Return the day after a last one, or after the end of its month."""
    if last is None:
        return None
    return later(last_of_month(last) if is_whole_month else last, 1)
