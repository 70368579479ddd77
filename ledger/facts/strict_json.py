"""JSON read strictly: what the standard library would let pass in silence is refused here."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any, NoReturn

from ..errors import FactError
from ..units import INT64_MAX

MAX_DEPTH = 32
MAX_BYTES = 1 << 20


def parse(text: bytes) -> Any:
    """Return the value of a JSON text; numbers with a point come as Decimal.

    Raises:
        FactError: not UTF-8, no JSON, a duplicate key, NaN or Infinity, an integer beyond 2^63, deeper than
            32 levels, or longer than 1 MiB.
    """
    if len(text) > MAX_BYTES:
        raise FactError(f"longer than 1 MiB: {len(text)} bytes", code="too-long")
    try:
        return json.loads(
            text.decode(), object_pairs_hook=_object, parse_constant=_constant, parse_float=_decimal,
            parse_int=_integer,
        )  # fmt: skip
    except UnicodeDecodeError as error:
        raise FactError(
            f"not UTF-8 at byte {error.start}: {error.object[error.start]:#04x}", code="encoding"
        ) from error
    except json.JSONDecodeError as error:
        raise FactError(f"no JSON: {error.msg} at column {error.colno}", code="not-json") from error
    except RecursionError as error:
        raise FactError(f"deeper than {MAX_DEPTH} levels", code="too-deep") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise FactError(f"duplicate key {key!r}", code="duplicate-key")
        found[key] = value
    return found


def _constant(name: str) -> NoReturn:
    raise FactError(f"{name} is no number", code="not-a-number")


def _decimal(text: str) -> Decimal:
    number = Decimal(text)
    if abs(number.adjusted()) > 30:
        raise FactError(f"number is out of range: {text[:40]}", code="out-of-range")
    return number


def _integer(text: str) -> int:
    if len(text) > 20 or not -INT64_MAX - 1 <= int(text) <= INT64_MAX:
        raise FactError(f"integer is beyond 2^63: {text[:40]}", code="out-of-range")
    return int(text)
