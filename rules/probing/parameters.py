"""Parameters worth trying on a rule: its defaults, and for each parameter the edges its type allows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

import msgspec
from msgspec import NODEFAULT, Struct
from msgspec.inspect import (
    BoolType,
    DecimalType,
    DictType,
    Field,
    IntType,
    ListType,
    LiteralType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
    VarTupleType,
)

from ...ledger.errors import LoyaltyError
from ..rule import Rule
from ..state import any_value
from .values import POOLS, described
from .vocabulary import Vocabulary, singular

_MOST = 6
_TRIES = 4000
_TEXTS = ("2026-03-01", "2024-01-01", "2025-12-31", "17:00-19:00", "USD", "UTC", "a")


class Variant(NamedTuple):
    """Parameters of a rule, as a programme's file would give them."""

    given: dict[str, Any]
    params: Struct
    is_wild: bool

    def words(self) -> str:
        """Return them for people."""
        if not self.given:
            return "defaults"
        return ", ".join(f"{name} = {value!r}" for name, value in sorted(self.given.items()))[:200]


class _Value(NamedTuple):
    """A value to try; a wild one is beyond what the type says anything about."""

    value: Any
    is_wild: bool = False


def variants(rule: type[Rule], vocabulary: Vocabulary) -> list[Variant]:
    """Return different parameters the rule accepts, its defaults first; none if no guess fits."""
    fields = described(rule.Params).fields
    choices = {field.encode_name: _distinct(_field(field, vocabulary)) for field in fields}
    found: list[Variant] = []

    def keep(chosen: dict[str, _Value]) -> bool:
        variant = _accepted(rule, chosen)
        if variant is None or any(any_value(variant.params) == any_value(v.params) for v in found):
            return False
        found.append(variant)
        return True

    start: dict[str, _Value] = {}
    if not keep(start):
        start = next((chosen for chosen in _guesses(fields, choices) if keep(chosen)), {})
        if not found:
            return []
    for place in range(2 * _MOST):
        if len(found) < _MOST:
            keep({name: values[place % len(values)] for name, values in choices.items() if values})
    for name, value in _in_turn(choices):
        if len(found) < _MOST + 2:
            keep({**start, name: value})
    return found


def _in_turn(choices: dict[str, list[_Value]]) -> Iterator[tuple[str, _Value]]:
    for place in range(max(map(len, choices.values()), default=0)):
        for name, values in choices.items():
            if place < len(values):
                yield name, values[place]


def _guesses(fields: tuple[Field, ...], choices: dict[str, list[_Value]]) -> Iterator[dict[str, _Value]]:
    random = Random(7)  # noqa: S311 - a guess, no secret
    for count in range(_TRIES):
        chosen: dict[str, _Value] = {}
        for field in fields:
            values = choices[field.encode_name]
            if values and (field.required or random.random() < 0.15 + count / _TRIES / 2):
                chosen[field.encode_name] = random.choice(values)
        yield chosen


def _accepted(rule: type[Rule], chosen: dict[str, _Value]) -> Variant | None:
    given = {name: choice.value for name, choice in chosen.items()}
    try:
        params = msgspec.convert(given, rule.Params)
        rule(params).fits("USD")
        msgspec.convert(any_value(params), rule.Params)
    except (msgspec.ValidationError, LoyaltyError, ValueError, TypeError, ArithmeticError, LookupError):
        return None
    return Variant(given, params, any(choice.is_wild for choice in chosen.values()))


def _distinct(values: list[_Value]) -> list[_Value]:
    return list({repr(value.value): value for value in values}.values())


def _field(field: Field, vocabulary: Vocabulary) -> list[_Value]:
    values = _values(field.type, field.name, vocabulary)
    if field.default is not NODEFAULT:
        values = [_Value(any_value(field.default)), *values]
    return values


def _values(kind: Type, name: str, vocabulary: Vocabulary) -> list[_Value]:
    make = _KINDS.get(type(kind))
    return make(kind, name, vocabulary) if make else []


def _whole(kind: IntType, _: str, vocabulary: Vocabulary) -> list[_Value]:
    low = kind.ge if kind.ge is not None else (kind.gt + 1 if kind.gt is not None else None)
    high = kind.le if kind.le is not None else (kind.lt - 1 if kind.lt is not None else None)
    values = [1, 2, 3, 10, 100, *vocabulary.numbers[:4]]
    values += [edge for edge in (low, high) if edge is not None]
    tame = [v for v in values if (low is None or v >= low) and (high is None or v <= high)]
    wild = ([] if low is not None else [0, -1]) + ([] if high is not None else [10**9])
    return [*map(_Value, tame), *(_Value(v, is_wild=True) for v in wild if low is None or v >= low)]


def _decimal(*_: Any) -> list[_Value]:
    return [
        *map(_Value, ("1", "2.5", "0.5", "10", "100")),
        *(_Value(v, is_wild=True) for v in ("0", "-1", "1e9")),
    ]


def _text(kind: StrType, name: str, vocabulary: Vocabulary) -> list[_Value]:
    one = singular(name)
    own = vocabulary.of_field.get(one, [])[:4]
    words = [*own, *POOLS.get(one, ())[:2], *_TEXTS, *vocabulary.days[:2], *vocabulary.names[:3]]
    if not own and one not in POOLS:
        words = [*_TEXTS[-1:], *words]
    return [_Value(word) for word in words if not kind.max_length or len(word) <= kind.max_length]


def _list(kind: VarTupleType | ListType, name: str, vocabulary: Vocabulary) -> list[_Value]:
    items = [value.value for value in _values(kind.item_type, name, vocabulary) if not value.is_wild]
    lists = [[], items[:1], items[:2], items[1:4], items[:3]]
    return [_Value(values) for values in lists]


def _table(kind: DictType, name: str, vocabulary: Vocabulary) -> list[_Value]:
    keys = [value.value for value in _values(kind.key_type, name, vocabulary)][:3]
    values = [value.value for value in _values(kind.value_type, name, vocabulary) if not value.is_wild][:3]
    return [
        _Value({}),
        _Value(dict(zip(keys, values, strict=False))),
        _Value(dict(zip(keys[:1], values, strict=False))),
    ]


def _struct(kind: StructType, _: str, vocabulary: Vocabulary) -> list[_Value]:
    choices = {field.encode_name: _field(field, vocabulary) for field in kind.fields}
    needed = {field.encode_name for field in kind.fields if field.required}
    made = []
    for place in range(5):
        for names in (needed, set(choices)):
            chosen = {
                name: choices[name][place % len(choices[name])].value
                for name in sorted(names)
                if choices[name]
            }
            try:
                msgspec.convert(chosen, kind.cls)
            except (msgspec.ValidationError, ValueError, TypeError, ArithmeticError):
                continue
            made.append(_Value(chosen))
    return made


def _union(kind: UnionType, name: str, vocabulary: Vocabulary) -> list[_Value]:
    return [value for option in kind.types for value in _values(option, name, vocabulary)]


_KINDS: dict[type[Type], Callable[[Any, str, Vocabulary], list[_Value]]] = {
    IntType: _whole,
    DecimalType: _decimal,
    BoolType: lambda *_: [_Value(False), _Value(True)],  # noqa: FBT003 - they are the values
    LiteralType: lambda kind, *_: [_Value(value) for value in kind.values],
    NoneType: lambda *_: [_Value(None)],
    StrType: _text,
    VarTupleType: _list,
    ListType: _list,
    DictType: _table,
    StructType: _struct,
    UnionType: _union,
    Metadata: lambda kind, name, vocabulary: _values(kind.type, name, vocabulary),
}
