"""When a promotion is available: the iCalendar events of Square's ``time_periods``, in local wall time."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import NamedTuple

_STAMP = r"\d{8}T\d{6}"
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_EVENT = re.compile(
    rf"(?:BEGIN:VEVENT\n)?DTSTART:(?P<start>{_STAMP})"
    r"\nDURATION:P(?:(?P<day>1D)|T(?=\d)(?:(?P<hours>\d{1,2})H)?(?:(?P<minutes>\d{1,4})M)?)"
    r"(?:\nRRULE:(?P<rule>\S+))?(?:\nEND:VEVENT)?"
)
_RULE = re.compile(
    rf"FREQ=(?P<freq>DAILY|WEEKLY)(?:;(?:BYDAY=(?P<days>[A-Z]{{2}}(?:,[A-Z]{{2}})*)|UNTIL=(?P<until>{_STAMP})))*"
)
_LONGEST = timedelta(days=1)


class TimePeriod(NamedTuple):
    """A span of wall time, once or on days that recur.

    Attributes:
        first: When it first begins.
        lasts: How long, a day at most.
        weekdays: On which days it recurs, Monday is 0; empty: never, it is once.
        until: The last instant at which it can begin; None: for ever.
    """

    first: datetime
    lasts: timedelta
    weekdays: frozenset[int]
    until: datetime | None

    def covers(self, local: datetime) -> bool:
        """Return whether a local wall time is within it."""
        return any(self._begins_on(day, local) for day in _days_up_to(local))

    def _begins_on(self, day: date, local: datetime) -> bool:
        begins = datetime.combine(day, self.first.time())
        if self.weekdays:
            is_due = day.weekday() in self.weekdays and begins >= self.first
        else:
            is_due = begins == self.first
        if not is_due or (self.until is not None and begins > self.until):
            return False
        return begins <= local < begins + self.lasts


def time_period(text: str) -> TimePeriod:
    """Return the period that a VEVENT describes.

    Raises:
        ValueError: it is none, lasts more than a day, or recurs otherwise than daily or weekly.
    """
    lines = "\n".join(line.strip() for line in text.strip().splitlines())
    event = _EVENT.fullmatch(lines)
    if event is None:
        raise ValueError(f"a time period has the lines DTSTART, DURATION and perhaps RRULE, got {text!r}")
    hours, minutes = int(event["hours"] or 0), int(event["minutes"] or 0)
    lasts = _LONGEST if event["day"] else timedelta(hours=hours, minutes=minutes)
    if not timedelta(0) < lasts <= _LONGEST:
        raise ValueError(f"a time period lasts a day at most, got {text!r}")
    first = _stamp(event["start"])
    if event["rule"] is None:
        return TimePeriod(first, lasts, frozenset(), None)
    rule = _RULE.fullmatch(event["rule"])
    if rule is None:
        raise ValueError(f"RRULE has FREQ=DAILY or WEEKLY, BYDAY and UNTIL, got {event['rule']!r}")
    until = _stamp(rule["until"]) if rule["until"] else None
    return TimePeriod(first, lasts, _weekdays(rule["freq"], rule["days"], first), until)


def _weekdays(freq: str, days: str | None, first: datetime) -> frozenset[int]:
    if days is None:
        return frozenset(range(7)) if freq == "DAILY" else frozenset([first.weekday()])
    unknown = [day for day in days.split(",") if day not in _DAYS]
    if unknown:
        raise ValueError(f"BYDAY has {', '.join(_DAYS)}, got {unknown[0]!r}")
    return frozenset(_DAYS.index(day) for day in days.split(","))


def _stamp(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - wall time, as Square has it


def _days_up_to(local: datetime) -> list[date]:
    """Return the day itself and the one before: what begins late in the evening lasts past midnight."""
    day = local.date()
    return [day] if day == date.min else [day, day - timedelta(days=1)]
