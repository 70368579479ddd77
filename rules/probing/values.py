"""Values for the fields of a fact, made from their types and names: usual ones, and those at the limits."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from msgspec.inspect import (
    BoolType,
    DecimalType,
    DictType,
    IntType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
)

from ...ledger.calendar import DAY_US, rfc3339
from ...ledger.units import MOST
from .vocabulary import Vocabulary, singular

POOLS = {
    "category": ["food", "drinks", "books", "toys", "garden"],
    "brand": ["acme", "own", "borealis"],
    "label": ["red", "private", "delivery", "sale"],
    "sku": ["a-1", "b-2", "c-3", "d-4"],
    "channel": ["web", "store", "app", "phone"],
    "store": ["s1", "s2", "s3"],
    "region": ["north", "south"],
    "staff": ["kim", "lee"],
    "activity": ["review", "visit", "training"],
    "reason": ["moved", "price", "mistake"],
    "kind": ["voucher", "suggestion", "discount"],
    "occasion": ["birthday", "visit"],
    "means": ["card", "cash"],
    "currency": ["USD", "USD", "USD", "USD", "USD", "USD", "EUR", "JPY"],
}
_MEMBER_FIELDS = ("referred", "to", "absorbed", "referrer")
_POSITION_FIELDS = ("retracted", "merge")
_THINGS = ("order", "complaint", "hold", "reward", "promise", "feedback", "survey", "action", "gift")
_AMOUNTS = [0, 1, 99, 100, 101, 350, 999, 1000, 1250, 2599, 5000, 9999, 10_000, 25_000, 123_456]
_POINTS = [1, 2, 5, 10, 50, 100, 250, 500, 1000]
_COUNTS = [0, 1, 2, 3, 5, 10]
_EXTREMES = [0, 1, 2**31, 2**53 + 1, 10**12, MOST - 1, MOST, 2**63 - 1]
_LONG = 255
_UNUSUAL = ["Ü·ñ", "with space", "x" * _LONG, "0", "日本"]


_V = TypeVar("_V")


class Scene(Struct):
    """Where a fact stands.

    Attributes:
        subject: The member it is about.
        others: The other members of the group.
        occurred_us: When it happens.
        positions: Of the subject's earlier facts.
        is_extreme: Numbers go to the limits.
    """

    subject: str
    others: tuple[str, ...]
    occurred_us: int
    positions: list[int]
    is_extreme: bool = False


class Maker:
    """Makes values for the fields of facts; equal seeds make equal values."""

    def __init__(self, seed: int, vocabulary: Vocabulary) -> None:
        self.random = Random(seed)  # noqa: S311 - a history, no secret
        self._vocabulary = vocabulary
        self._makers: dict[type[Type], Callable[[Any, str, Scene], Any]] = {
            IntType: self._whole, BoolType: lambda *_: self.random.random() < 0.5,
            DecimalType: lambda *_: self._pick(["1.5", "0.25", "12.125"]),
            LiteralType: lambda kind, *_: self._pick(list(kind.values)), StrType: self._text,
            VarTupleType: self._list, DictType: self._table, NoneType: lambda *_: None,
            StructType: lambda kind, _, scene: self.fields(kind.cls, scene),
            UnionType: self._one_of, Metadata: lambda kind, *rest: self._value(kind.type, *rest),
        }  # fmt: skip

    def fields(self, kind: type[Struct], scene: Scene) -> dict[str, Any]:
        """Return fields for a struct, most of the optional ones among them."""
        made: dict[str, Any] = {}
        for field in described(kind).fields:
            if field.required or self.random.random() < 0.7:
                value = self._value(field.type, field.name, scene)
                if value is not None or field.required:
                    made[field.encode_name] = value
        return made

    def _pick(self, values: list[_V]) -> _V:
        return values[self.random.randrange(len(values))]

    def _value(self, kind: Type, name: str, scene: Scene) -> Any:
        make = self._makers.get(type(kind))
        return make(kind, name, scene) if make else None

    def _one_of(self, kind: UnionType, name: str, scene: Scene) -> Any:
        options = [option for option in kind.types if not isinstance(option, NoneType)]
        # Whole numbers first: most quantities are.
        place = 0 if len(options) == 1 or self.random.random() < 0.8 else self.random.randrange(len(options))
        return self._value(options[place], name, scene)

    def _whole(self, kind: IntType, name: str, scene: Scene) -> int | None:
        if name in _POSITION_FIELDS:
            return self._pick(scene.positions) if scene.positions else None
        numbers = self._vocabulary.numbers
        known = _COUNTS
        if name.endswith("_minor"):
            near = [n + d for n in numbers for d in (-1, 0, 1)]
            known = _AMOUNTS * 2 + near + [100 * n for n in near]
        elif "point" in name:
            known = _POINTS + numbers
        elif numbers and self.random.random() < 0.5:
            known = numbers
        if scene.is_extreme:
            known = _EXTREMES
        if self.random.random() < 0.1 and kind.ge is not None and kind.ge < 0:
            known = [-number for number in known]
        return _within(self._pick(known), kind)

    def _text(self, kind: StrType, name: str, scene: Scene) -> str | None:
        if (kind.min_length, kind.max_length) == (20, 35):
            return rfc3339(scene.occurred_us + self._pick([-1, 0, 1, 7, 30, 400]) * DAY_US)
        if kind.pattern and "\\d{4}-" in kind.pattern:
            return rfc3339(scene.occurred_us)[:10]
        if name in _MEMBER_FIELDS:
            return self._pick(list(scene.others)) if scene.others else None
        if scene.is_extreme and self.random.random() < 0.3 and not kind.pattern:
            return self._pick(_UNUSUAL)
        return self._name(singular(name))

    def _name(self, name: str) -> str:
        if name in _THINGS:
            return f"{name}-{self.random.randint(1, 4)}"
        own = self._vocabulary.of_field.get(name, [])
        if name == "currency":
            return self._pick([*POOLS[name], *(word for word in own if len(word) == 3)])
        chance = self.random.random()
        if own and chance < 0.5:
            return self._pick(own)
        if self._vocabulary.names and chance < 0.7:
            return self._pick(self._vocabulary.names)
        return self._pick(POOLS.get(name) or [f"{name}-a", f"{name}-b", f"{name}-c"])

    def _list(self, kind: VarTupleType, name: str, scene: Scene) -> list[Any]:
        most = 60 if scene.is_extreme and self.random.random() < 0.3 else 4
        items = [self._value(kind.item_type, name, scene) for _ in range(self.random.randint(0, most))]
        return [item for item in items if item is not None]

    def _table(self, kind: DictType, name: str, scene: Scene) -> dict[str, Any]:
        words = [*self._vocabulary.words(singular(name)), "colour", "birthday", "score"]
        keys = {self._pick(words) for _ in range(self.random.randint(0, 3))}
        return {key: self._value(kind.value_type, key, scene) for key in sorted(keys)}


def _within(number: int, kind: IntType) -> int:
    low = kind.ge if kind.ge is not None else (kind.gt + 1 if kind.gt is not None else -(2**63))
    high = kind.le if kind.le is not None else (kind.lt - 1 if kind.lt is not None else 2**63 - 1)
    return max(low, min(number, high))


@cache
def described(kind: type[Struct]) -> StructType:
    """Return what msgspec knows of a struct's fields."""
    found = msgspec.inspect.type_info(kind)
    if not isinstance(found, StructType):
        raise TypeError(f"{kind} is no struct")
    return found
