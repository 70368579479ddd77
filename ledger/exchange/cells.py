"""From a cell to the value of a field: one conversion for each kind of field, exact or refused."""

from __future__ import annotations

import re
import typing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Any

import msgspec

from ..calendar import Zone, instant_us, micros, rfc3339, zone_info
from ..errors import FactError
from ..facts.types import Time
from ..units import Rounding, decimals, minor_units, rounded
from .columns import Convert

MAX_DIGITS = 28
"""Decimal arithmetic is exact up to so many digits."""
_CLOCK = re.compile(r"%[HIMScXpfzZT]")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the zone is added afterwards
_FLAGS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def number_of(cell: Any) -> Decimal:
    """Return the number a cell shows: of a float, the shortest decimal that reads back as it.

    Raises:
        FactError: not a finite number of sensible size.
    """
    try:
        number = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
    except (InvalidOperation, ValueError, TypeError):
        number = Decimal("NaN")
    if isinstance(cell, bool) or not number.is_finite():
        raise FactError(f"no number: {str(cell)!r}", code="not-a-number")
    if number.adjusted() > 30:
        raise FactError(f"number is out of range: {str(cell)!r}", code="out-of-range")
    if len(number.as_tuple().digits) > MAX_DIGITS:
        raise FactError(f"number has more than {MAX_DIGITS} digits: {str(cell)[:60]!r}", code="out-of-range")
    return number


def money(cell: Any, currency: str, rounding: Rounding | None) -> int:
    """Return a decimal amount as minor units, rounded as named or exact.

    Raises:
        FactError: as ``units.minor_units``.
    """
    number = number_of(cell)
    if rounding is not None:
        places = decimals(currency)
        number = Decimal(rounded(number.scaleb(places), rounding)).scaleb(-places)
    try:
        return minor_units(number, currency)
    except FactError as error:
        what = error.what.replace(repr(str(number)), repr(str(cell)))
        raise FactError(what, code=error.code, hint=error.hint) from error


def _whole(cell: Any) -> int:
    number = number_of(cell)
    if number != number.to_integral_value():
        raise FactError(f"no whole number: {str(cell)!r}", code="not-a-number")
    return int(number)


def _number(cell: Any) -> int | Decimal:
    number = number_of(cell)
    if number.adjusted() < -30:
        raise FactError(f"number is out of range: {str(cell)!r}", code="out-of-range")
    return int(number) if number == number.to_integral_value() else Decimal(format(number.normalize(), "f"))


def _flag(cell: Any) -> bool:
    value = cell if isinstance(cell, bool) else _FLAGS.get(str(cell).strip().lower())
    if value is None:
        raise FactError(f"no yes or no: {str(cell)!r}", code="invalid", hint="write true or false")
    return value


def _labels(cell: Any) -> tuple[str, ...]:
    parts = cell if isinstance(cell, (list, tuple)) else str(cell).split("|")
    return tuple(str(part).strip() for part in parts if part is not None)


def is_scalar(declared: Any) -> bool:
    """Return whether one cell can fill a field of the declared type."""
    for option in _options(declared):
        origin = typing.get_origin(option)
        if origin is dict or (isinstance(option, type) and issubclass(option, msgspec.Struct)):
            return False
        if origin is tuple and not is_scalar(typing.get_args(option)[0]):
            return False
    return True


def field_convert(declared: Any, *, instant: Convert) -> Convert:
    """Return the conversion into a field of the declared type, checks of its bounds included."""
    options = _options(declared)
    kinds = {_kind(option) for option in options}
    if Time in options:
        return checked(declared, lambda cell: rfc3339(instant(cell)))
    inner: dict[Any, Convert] = {Decimal: _number, int: _whole, bool: _flag, tuple: _labels}
    chosen = next((convert for kind, convert in inner.items() if kind in kinds), str)
    return checked(declared, chosen)


def _kind(option: Any) -> Any:
    origin = typing.get_origin(option)
    return typing.get_args(option)[0] if origin is typing.Annotated else origin or option


def checked(declared: Any, inner: Convert) -> Convert:
    """Return *inner* followed by the checks of the declared type."""
    # A struct's checks are compiled once; those of a bare type are looked up at every call.
    cell_type: Any = msgspec.defstruct("Cell", [("value", declared)], array_like=True)
    check = msgspec.convert

    def convert(cell: Any) -> Any:
        try:
            return check((inner(cell),), cell_type).value
        except msgspec.ValidationError as error:
            text = str(error)[0].lower() + str(error)[1:].replace("`", "'").removesuffix(" - at '$[0]'")
            code = "out-of-range" if "9223372036854775807" in text or "out of range" in text else "invalid"
            raise FactError(f"{text}: {str(cell)[:60]!r}", code=code) from error

    return convert


def _options(declared: Any) -> tuple[Any, ...]:
    if typing.get_origin(declared) in {UnionType, typing.Union}:
        return tuple(option for part in typing.get_args(declared) for option in _options(part))
    return (declared,)


def instant_convert(pattern: str | None, zone: str | None) -> Convert:
    """Return the conversion of a cell into microseconds since 1970.

    Args:
        pattern: As for ``strptime``; None: RFC 3339, with or without offset, or a day.
        zone: Zone of times without an offset; None refuses them.

    Raises:
        UsageError: no such zone.
    """
    clock = _Clock(pattern, zone)
    read = clock.plain if pattern is None else clock.patterned

    def convert(cell: Any) -> int:
        text = str(cell).strip()
        try:
            return read(text)
        except (ValueError, OverflowError) as error:
            raise FactError(f"no such time: {text[:60]!r}", code="bad-time", hint=str(error)) from error

    return convert


def _utc_us(text: str) -> int:
    """Return the instant of a local time as if it were UTC."""
    is_whole = len(text) == 19 or (len(text) > 20 and text[19] == "." and not text[20:].strip("0"))
    if is_whole and text[10] in " T" and text[4] == text[7] == "-" and text[13] == text[16] == ":":
        return micros(datetime.fromisoformat(text[:19]).replace(tzinfo=UTC))
    return instant_us(f"{text}Z")


class _Clock:
    def __init__(self, pattern: str | None, zone: str | None) -> None:
        self._pattern = pattern or ""
        self._is_day = pattern is not None and not _CLOCK.search(pattern)
        self._zone = None if zone is None else Zone(zone)
        self._local = None if zone is None else zone_info(zone)

    def plain(self, text: str) -> int:
        """Return the instant of an RFC 3339 time, with or without offset, or of a day."""
        if self._zone is None:
            return instant_us(text)
        if len(text) == 10 and _DAY.fullmatch(text):
            return self._zone.start_us(date.fromisoformat(text))
        if text[-1:] in "Zz" or text[-6:-5] in "+-":
            return instant_us(text)
        utc_us = _utc_us(text)
        return (
            utc_us
            if self._zone.name == "UTC"
            else self._placed(_NAIVE_EPOCH + timedelta(microseconds=utc_us))
        )

    def patterned(self, text: str) -> int:
        """Return the instant of a time in the form of the pattern."""
        stamp = datetime.strptime(text, self._pattern)  # noqa: DTZ007 - the zone is added afterwards
        if stamp.tzinfo is None and self._zone is None:
            hint = 'write zone = "Europe/Berlin", or whichever it is, in the mapping'
            raise FactError(f"time has no zone: {text!r}", code="no-zone", hint=hint)
        if self._is_day and self._zone is not None:
            return self._zone.start_us(stamp.date())
        return self._placed(stamp)

    def _placed(self, stamp: datetime) -> int:
        if stamp.tzinfo is None:
            stamp = stamp.replace(tzinfo=self._local)
        return micros(stamp.astimezone(UTC))
