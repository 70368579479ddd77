"""Values that are wrong wherever a rule answers them, and those that are wrong in some fields."""

from __future__ import annotations

import enum
import itertools
import math
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import msgspec

from loyalty_ledger.ledger.calendar import EARLIEST_US, LATEST_US
from loyalty_ledger.rules import FOREVER_US, Accrue, Effect


class SlyText(str):
    """A text that is equal to whatever it is compared with."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


class SlyNumber(int):
    """A number that is never too large."""

    def __le__(self, other: object) -> bool:
        return True

    __ge__ = __gt__ = __lt__ = __le__


class Colour(enum.StrEnum):
    """Texts that are none."""

    RED = "redeemed"


class Size(enum.IntEnum):
    """Numbers that are none."""

    SMALL = 1


class Unseen:
    """What nobody can print."""

    def __repr__(self) -> str:
        raise ValueError("no")


class Unequal:
    """What nobody can compare or count."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("no")

    def __len__(self) -> int:
        raise ValueError("no")

    __hash__ = None  # type: ignore[assignment]


def _deep() -> list[Any]:
    found: list[Any] = []
    for _ in range(10_000):
        found = [found]
    return found


def _round() -> list[Any]:
    found: list[Any] = []
    found.append(found)
    return found


ALIENS: list[Any] = [
    1.5, 2.0, math.nan, math.inf, -math.inf, Decimal(2), Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"),
    Decimal("1E+999999"), Fraction(1, 2), 1j, b"x", bytearray(b"x"), memoryview(b"x"),
    datetime(2026, 1, 1),  # noqa: DTZ001
    datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1), timedelta(1), [], [5], ["x"], {5}, {"x", "y", "z"},
    frozenset({"x"}), range(3), _deep(), _round(), Accrue, int, Effect(), Accrue(points=1, reason="x"),
    object(), Unseen(), Unequal(), len, lambda: 5, (n for n in (1, 2)), itertools.count(), ..., math,
    NotImplemented, ValueError("x"), uuid.UUID(int=5), msgspec.UNSET, SlyText("x"), SlyNumber(5), Colour.RED,
    Size.SMALL,
]  # fmt: skip
TEXTS: list[Any] = [
    "", "\0", "a\0b", "\ud800", "x\udfff", "a\nb", "\x1b[31m", "\x7f", "x" * 2001, "x" * 100_000, "é" * 2001,
]  # fmt: skip
NUMBERS: list[Any] = [5, 0, -1, 2**63, 10**400, 10**5000]
BOOLS: list[Any] = [True, False]
TUPLES: list[Any] = [(), (5,), ("x",), ((5,),)]
DICTS: list[Any] = [{}, {"points": 5}, {5: "points"}]
OUT_OF_TIME: list[Any] = [FOREVER_US - 1, FOREVER_US + 1, LATEST_US + 1, EARLIEST_US - 1, -(2**63), 10**400]
IN_A_TUPLE: list[Any] = [
    1.0, True, None, "5", -1, 2**63, SlyNumber(1), Decimal(1), math.nan, [1], (1,), b"5", Unseen(),
    Size.SMALL,
]  # fmt: skip
