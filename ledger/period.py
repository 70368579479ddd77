"""Periods: a number of days or months from an instant, and the end of the day, month or year they end in.

What "a month" is has two names, as vendors disagree; a period may differ by the rung a member stands on.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Literal

from msgspec import Meta, Struct

from .calendar import DAY_US, Zone, add_months

Days = Annotated[int, Meta(ge=1, le=36_600)]
Months = Annotated[int, Meta(ge=0, le=1_200)]
Month = Literal["same day", "day before"]
EndOf = Literal["instant", "day", "month", "year"]
Name = Annotated[str, Meta(min_length=1, max_length=64)]


class Period(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long something lasts: days or months, one of them.

    Attributes:
        days: Days of 24 hours.
        months: Calendar months, on the last day where a month is shorter; 0 only to the end of something.
        month: The last day of a month from the 25th is the "same day" of the next, the 25th, or the "day
            before", the 24th. Where the next month has no such day it is that month's last.
        end_of: "instant", or the end of that "day", "month" or "year" in the programme's zone.
    """

    days: Days | None = None
    months: Months | None = None
    month: Month = "same day"
    end_of: EndOf = "instant"

    def __post_init__(self) -> None:
        if (self.days is None) == (self.months is None):
            raise ValueError("set days or months, one of them")
        if self.months == 0 and (self.end_of == "instant" or self.month == "day before"):
            raise ValueError("0 months end where they began: set end_of, and month to 'same day'")
        if self.month == "day before" and (self.months is None or self.end_of == "instant"):
            raise ValueError(
                "month = 'day before' is about months that end with a day: set months and end_of"
            )

    def end_us(self, from_us: int, zone: Zone) -> int:
        """Return the instant at which a period that begins at *from_us* is over."""
        if self.days is not None:
            over_us = from_us + self.days * DAY_US
        elif self.month == "day before":
            return zone.end_us(last_day(day_before(zone.local_date(from_us), self.months or 0), self.end_of))
        else:
            over_us = zone.plus_months(from_us, self.months or 0)
        if self.end_of == "instant":
            return over_us
        return zone.end_us(last_day(zone.local_date(over_us), self.end_of))

    def told(self) -> str:
        """Return how long it lasts, in words.

        >>> Period(months=12).told(), Period(days=1).told()
        ('12 months', '1 day')
        """
        number, unit = (self.months, "month") if self.days is None else (self.days, "day")
        return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


class RungPeriod(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rung has instead: days, months or never, one of them."""

    days: Days | None = None
    months: Months | None = None
    never: bool = False

    def __post_init__(self) -> None:
        if (self.days is not None) + (self.months is not None) + self.never != 1:
            raise ValueError("a rung needs days, months or never = true, one of them")


class PeriodByRung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A period as the parameters of a rule, for everybody or by rung.

    Attributes:
        days: Days of 24 hours.
        months: Calendar months; see :class:`Period`.
        month: Of months: up to the "same day" or the "day before".
        end_of: Of all of them: "instant", or the end of that "day", "month" or "year".
        ladder: The ladder of *by_rung*: the label of the rule that moves members on it.
        by_rung: By rung, its own days or months, or never.
    """

    days: Days | None = None
    months: Months | None = None
    month: Month = "same day"
    end_of: EndOf = "instant"
    ladder: Name = "tier"
    by_rung: dict[Name, RungPeriod] | None = None

    def __post_init__(self) -> None:
        self.periods()
        all_months = [self.months, *(rung.months for rung in (self.by_rung or {}).values())]
        if self.month == "day before" and not any(all_months):
            raise ValueError("month = 'day before' is about months: set months")

    def periods(self) -> tuple[Period, Mapping[str | None, Period | None]]:
        """Return everybody's period, and that of each rung that has its own; None: never.

        Raises:
            ValueError: days and months, neither, or an end they cannot have.
        """
        by_rung: dict[str | None, Period | None] = {}
        for name, rung in (self.by_rung or {}).items():
            by_rung[name] = None if rung.never else self._period(rung)
        return self._period(self), by_rung

    def _period(self, of: PeriodByRung | RungPeriod) -> Period:
        month = "same day" if of.months is None else self.month
        return Period(days=of.days, months=of.months, month=month, end_of=self.end_of)


def day_before(day: date, months: int) -> date:
    """Return the last day of so many months that begin with a day: the one before it comes again.

    >>> day_before(date(2026, 7, 20), 1), day_before(date(2026, 1, 31), 1)
    (datetime.date(2026, 8, 19), datetime.date(2026, 2, 28))
    """
    again = add_months(day, months)
    return again - timedelta(days=1) if again.day == day.day else again


def last_day(day: date, period: EndOf) -> date:
    """Return the last day of the month or year a day is in; of anything else, the day itself.

    >>> last_day(date(2028, 2, 1), "month")
    datetime.date(2028, 2, 29)
    """
    if period == "year":
        return date(day.year, 12, 31)
    if period == "month":
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return date.fromordinal(following.toordinal() - 1)
    return day
