"""What a fact may be given as, beside its canonical form: decimal amounts and local spellings of time.

``"amount": "12.34"`` stands for ``"amount_minor": 1234`` in the currency of the fact, at every level.
"""

from __future__ import annotations

import typing
from datetime import date
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Any

from msgspec import Struct

from ..calendar import instant_us, rfc3339
from ..errors import FactError
from ..units import minor_units
from .types import Day, Time, field_types


def to_canonical_data(kind: type[Struct], fields: dict[str, Any]) -> dict[str, Any]:
    """Return *fields* with decimal amounts as minor units, times in UTC and quantities normalised.

    Raises:
        FactError: an amount that its currency cannot hold, or given twice, or without a currency.
    """
    currency = fields.get("currency")
    return _struct(kind, fields, currency if isinstance(currency, str) else None)


def _struct(kind: type[Struct], fields: dict[str, Any], currency: str | None) -> dict[str, Any]:
    types = field_types(kind)
    ready: dict[str, Any] = {}
    for name, value in fields.items():
        minor = f"{name}_minor"
        if name not in types and minor in types:
            if minor in fields:
                raise FactError(f"amount is given twice: {name!r} and {minor!r}", code="invalid")
            if currency is None:
                raise FactError(
                    f"{name!r} is a decimal amount, but the fact has no currency", code="missing-field"
                )
            if not isinstance(value, (str, int, Decimal)):
                raise FactError(f"{name} is no decimal amount: {value!r}", code="not-a-number")
            ready[minor] = minor_units(value, currency)
        elif name in types:
            ready[name] = _value(types[name], value, currency)
        else:
            ready[name] = value
    return ready


def _value(declared: Any, value: Any, currency: str | None) -> Any:
    for part in _options(declared):
        origin = typing.get_origin(part)
        if part == Time and isinstance(value, str):
            return rfc3339(instant_us(value))
        if part == Day and isinstance(value, str):
            _check_day(value)
        if part == Decimal and isinstance(value, (Decimal, str)):
            return _number(value)
        if isinstance(part, type) and issubclass(part, Struct) and isinstance(value, dict):
            return _struct(part, value, currency)
        if origin is tuple and isinstance(value, (list, tuple)):
            inner = typing.get_args(part)[0]
            return [_value(inner, item, currency) for item in value]
        if origin is dict and isinstance(value, dict):
            inner = typing.get_args(part)[1]
            return {key: _value(inner, item, currency) for key, item in value.items()}
    return value


def _options(declared: Any) -> tuple[Any, ...]:
    if typing.get_origin(declared) in {UnionType, typing.Union}:
        return tuple(option for part in typing.get_args(declared) for option in _options(part))
    return (declared,)


@cache
def has_times(kind: type[Struct]) -> bool:
    """Return whether the type has a field of time or day at any level: those are checked by their value."""

    def timed(declared: Any) -> bool:
        for part in _options(declared):
            if part in {Time, Day}:
                return True
            if isinstance(part, type) and issubclass(part, Struct):
                return has_times(part)
            if typing.get_origin(part) in {tuple, dict}:
                return any(timed(inner) for inner in typing.get_args(part) if inner is not Ellipsis)
        return False

    return any(timed(declared) for declared in field_types(kind).values())


def _check_day(text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError as error:
        raise FactError(f"no such day: {text!r}", code="bad-time", hint="write 2026-01-31") from error


def _number(value: Decimal | str) -> Any:
    try:
        number = Decimal(value)
    except ArithmeticError:
        return value
    if not number.is_finite():
        raise FactError(f"no finite number: {str(value)!r}", code="not-a-number")
    if abs(number.adjusted()) > 30:
        raise FactError(f"number is out of range: {str(value)!r}", code="out-of-range")
    if number == number.to_integral_value():
        return int(number)
    return Decimal(format(number.normalize(), "f"))
