"""Instants and days: RFC 3339 in and out, and the days of a programme's own zone.

An instant is an ``int`` of microseconds since 1970-01-01T00:00:00Z, named ``*_us``. Zones come from the
``tzdata`` wheel alone, never from the machine, so that a day begins at the same instant everywhere.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from importlib import metadata, resources
from zoneinfo import ZoneInfo

from .errors import FactError, UsageError

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
FOREVER_US = 2**63 - 1
# A day inside the years 1 and 9999, so that every instant has a local day in every zone.
EARLIEST_US = -62_135_510_400 * SECOND_US
LATEST_US = 253_402_214_400 * SECOND_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(r"(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?([Zz]|[+-]\d\d:\d\d)?")


def instant_us(text: str) -> int:
    """Return the instant of an RFC 3339 time with an offset.

    Raises:
        FactError: not RFC 3339, without offset, or finer than a microsecond.

    >>> instant_us("1970-01-01T01:00:00.5+01:00")
    500000
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise FactError(f"no RFC 3339 time: {text!r}", code="bad-time", hint="write 2026-01-31T18:30:00Z")
    if match[8] is None:
        raise FactError(
            f"time has no zone: {text!r}", code="no-zone", hint=f"write {text}Z, or an offset such as +01:00"
        )
    fraction = (match[7] or "").rstrip("0")
    if len(fraction) > 6:
        raise FactError(f"time is finer than a microsecond: {text!r}", code="bad-time")
    try:
        offset = "+00:00" if match[8] in "Zz" else match[8]
        stamp = datetime.fromisoformat(
            f"{match[1]}-{match[2]}-{match[3]}T{match[4]}:{match[5]}:{match[6]}{offset}"
        )
        instant = micros(stamp) + int(fraction.ljust(6, "0") or 0)
    except (ValueError, OverflowError) as error:
        raise FactError(f"no such time: {text!r}", code="bad-time", hint=str(error)) from error
    if not EARLIEST_US <= instant <= LATEST_US:
        raise FactError(f"time is outside the years 1 to 9999: {text!r}", code="bad-time")
    return instant


def micros(stamp: datetime) -> int:
    """Return an aware datetime as microseconds since 1970."""
    gap = stamp - _EPOCH
    return (gap.days * 86400 + gap.seconds) * SECOND_US + gap.microseconds


def stamp_of(instant: int) -> datetime:
    """Return the instant as an aware UTC datetime.

    >>> stamp_of(0).isoformat()
    '1970-01-01T00:00:00+00:00'
    """
    return _EPOCH + timedelta(microseconds=instant)


def rfc3339(instant: int) -> str:
    """Return the canonical text of an instant: UTC, with Z, no trailing zeros.

    >>> rfc3339(500000)
    '1970-01-01T00:00:00.5Z'
    """
    text = (_EPOCH + timedelta(microseconds=instant)).isoformat()[:-6]
    return (text.rstrip("0") if "." in text else text) + "Z"


@lru_cache(maxsize=64)
def zone_info(name: str) -> ZoneInfo:
    """Return the zone from the pinned tzdata wheel.

    Raises:
        UsageError: no such zone.
    """
    try:
        parts = name.split("/")
        if not all(re.fullmatch(r"[A-Za-z0-9_+-]+", part) for part in parts):
            raise FileNotFoundError(name)
        with resources.files("tzdata").joinpath("zoneinfo", *parts).open("rb") as file:
            return ZoneInfo.from_file(file, key=name)
    except (OSError, ValueError) as error:
        raise UsageError(
            f"no such time zone: {name!r}", hint="use a name such as Europe/Berlin or UTC"
        ) from error


def tzdata_version() -> str:
    """Return the version of the pinned tzdata wheel."""
    return metadata.version("tzdata")


class Zone:
    """The days and months of one time zone.

    >>> Zone("Europe/Berlin").local_date(instant_us("2026-01-31T23:30:00Z")).isoformat()
    '2026-02-01'
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._zone = zone_info(name)
        self._days: dict[int, tuple[int, date, date]] = {}
        """By day of UTC: the local midnight in it, the local day before and the one from then on."""

    def local(self, instant: int) -> datetime:
        """Return the local datetime of an instant."""
        return stamp_of(instant).astimezone(self._zone)

    def local_date(self, instant: int) -> date:
        """Return the local day of an instant."""
        number = instant // DAY_US
        found = self._days.get(number)
        if found is not None:
            return found[1] if instant < found[0] else found[2]
        first, last = self.local(number * DAY_US), self.local((number + 1) * DAY_US - 1)
        # With a change of offset in it, a day may have two midnights: it is asked for again and again.
        if first.utcoffset() == last.utcoffset():
            self._days[number] = self.start_us(last.date()), first.date(), last.date()
        return self.local(instant).date()

    def start_us(self, day: date) -> int:
        """Return the first instant of a local day (after a gap at midnight: the first that exists)."""
        stamp = datetime(day.year, day.month, day.day, tzinfo=self._zone)
        return micros(stamp.astimezone(UTC))

    def read_us(self, text: str) -> int:
        """Return the instant of a day's first moment, a local time, or a time with an offset.

        >>> rfc3339(Zone("America/New_York").read_us("2026-03-07 22:30"))
        '2026-03-08T03:30:00Z'
        >>> rfc3339(Zone("America/New_York").read_us("2026-03-07"))
        '2026-03-07T05:00:00Z'

        Raises:
            FactError: it is none of these.
        """
        try:
            if len(text) == len("2026-03-07"):
                return self.start_us(date.fromisoformat(text))
            stamp = datetime.fromisoformat(text)
        except ValueError as error:
            raise FactError(
                f"no day and no time: {text!r}", code="bad-time",
                hint="write 2026-03-07, 2026-03-07 22:30 or 2026-03-07T22:30:00Z",
            ) from error  # fmt: skip
        if stamp.tzinfo is not None:
            return instant_us(text)
        return micros(stamp.replace(tzinfo=self._zone).astimezone(UTC))

    def end_us(self, day: date) -> int:
        """Return the instant at which a local day is over: the start of the next."""
        return self.start_us(day + timedelta(days=1))

    def plus_months(self, instant: int, months: int) -> int:
        """Return the same local time *months* later, on the last day where the month is shorter."""
        local = self.local(instant)
        return micros(datetime.combine(add_months(local.date(), months), local.timetz()).astimezone(UTC))


def add_months(day: date, months: int) -> date:
    """Return the same day of the month *months* later, or that month's last day.

    >>> add_months(date(2027, 1, 31), 1)
    datetime.date(2027, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
