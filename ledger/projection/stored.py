"""Stored bytes as the fold reads them: types are checked, bounds and patterns are not once more.

They were checked when the fact entered, and the bytes have not changed since: the log's hashes prove it. To
match every text with its pattern again would take a fifth of a rebuild.
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import cache, reduce
from operator import or_
from types import UnionType
from typing import Any

import msgspec
from msgspec import NODEFAULT, Struct

from ..facts import Fact, FactType, Registry

Decode = Callable[[bytes], Any]


def stored_decoders(registry: Registry) -> dict[str, Decode]:
    """Return, by topic, what decodes stored bytes into a ``Fact``; its data is of a subclass of its type."""
    return {topic: _decoder(registry.type_of(topic)) for topic in registry.fact_decoders()}


@cache
def _decoder(kind: type[FactType]) -> Decode:
    return msgspec.json.Decoder(Fact[_unbounded(kind)]).decode  # type: ignore[misc]


@cache
def _unbounded(kind: type[Struct]) -> type[Struct]:
    """Return the struct with the same fields, but without the bounds and patterns of their types."""
    fields = [(field.name, _bare(field.type), _default(field)) for field in msgspec.structs.fields(kind)]
    return msgspec.defstruct(
        kind.__name__, fields, bases=(kind,), module=kind.__module__, frozen=True, kw_only=True, gc=False,
        namespace={"topic": kind.topic} if issubclass(kind, FactType) else None,
    )  # fmt: skip


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not NODEFAULT:
        return msgspec.field(default_factory=field.default_factory, name=field.encode_name)
    return msgspec.field(default=field.default, name=field.encode_name)


def _bare(declared: Any) -> Any:
    origin, inner = typing.get_origin(declared), typing.get_args(declared)
    if origin is typing.Annotated:
        return _bare(inner[0])
    if origin in {UnionType, typing.Union}:
        return reduce(or_, map(_bare, inner))
    if origin in {tuple, dict}:
        return origin[tuple(part if part is ... else _bare(part) for part in inner)]
    if isinstance(declared, type) and issubclass(declared, Struct):
        return _unbounded(declared)
    return declared
