"""What a method may return that is neither an effect nor effects, or without end."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from typing import Any

from loyalty_ledger.rules import Accrue, Burn, Effect, NotQualified
from probing.aliens import ALIENS, BOOLS, NUMBERS, SlyText
from probing.nonsense import Case

FINE, SAID = Accrue(points=5, reason="x"), NotQualified(reason="x")


class _Endless:
    def __iter__(self) -> Iterator[Effect]:
        return itertools.repeat(SAID)


def _stubborn() -> Iterator[Effect]:
    try:
        while True:
            yield SAID
    finally:
        yield SAID


def _one_by_one(*parts: Any) -> Iterator[Any]:
    yield from parts


async def _later() -> Effect:
    return Accrue(points=5, reason="x")


async def _ever_later() -> AsyncIterator[Effect]:
    yield Accrue(points=5, reason="x")


NO_EFFECT: list[Any] = [
    *BOOLS, *NUMBERS, "", "many points", "\ud800", {}, {"points": 5}, {FINE}, frozenset({FINE}), {FINE: FINE},
    {"x": FINE}.keys(), b"", (5,), ((FINE,),), [[FINE]], [None], [FINE, None], [FINE, Accrue], (FINE, "x"),
    [FINE, Effect()], [Accrue, Burn], Effect, SlyText("x"),
]  # fmt: skip
ENDLESS: list[Callable[[], Any]] = [
    _Endless,
    _stubborn,
    lambda: itertools.repeat(SAID),
    lambda: itertools.cycle([SAID]),
    lambda: [SAID] * 20_000,
    lambda: (SAID for _ in itertools.count()),
    lambda: iter(lambda: SAID, None),
    lambda: itertools.chain.from_iterable(itertools.repeat([SAID])),
]
MADE: list[Callable[[], Any]] = [
    _later,
    _ever_later,
    lambda: _one_by_one(None),
    lambda: _one_by_one(FINE, 5),
    lambda: _one_by_one(FINE, [FINE]),
    lambda: _one_by_one("x"),
    lambda: _one_by_one(Accrue),
    lambda: iter([5]),
    lambda: zip([FINE], [FINE], strict=True),
]


def returns() -> list[Case]:
    """Return what a method may return that is neither an effect nor effects."""
    plain = [*NO_EFFECT, *(value for value in ALIENS if not _is_fine_to_return(value))]
    found = [_returning(f"return {number}", partial(_itself, value)) for number, value in enumerate(plain)]
    makers = enumerate([*MADE, *ENDLESS])
    return found + [_returning(f"making {number}", make) for number, make in makers]


def _returning(name: str, make: Callable[[], Any]) -> Case:
    return Case(name, "answered ", lambda _: make())


def _itself(value: Any) -> Any:
    return value


def _is_fine_to_return(value: Any) -> bool:
    """Return whether it is an effect, an empty list, or can be read only once."""
    return isinstance(value, (Effect, Iterator)) or (isinstance(value, list) and not value)
