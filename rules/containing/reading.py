"""What a stranger's rule is given to read: facts and members that refuse to be written.

A struct with a dict or a list in it cannot refuse; what it says is compared afterwards.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from ...ledger.facts import Fact
from ..member import Member

_encode = msgspec.json.Encoder(enc_hook=repr, order="deterministic").encode


class Told(Fact[Any], frozen=True, kw_only=True):  # type: ignore[misc] # msgspec allows it
    """A fact as a stranger's rule sees it."""


class Seen(Member):
    """A member as a stranger's rule sees it: the same answers, and nothing can be assigned."""

    __slots__ = ("_of",)
    _of: Member

    def __init__(self, of: Member) -> None:
        put = object.__setattr__
        put(self, "_of", of)
        put(self, "_Member__state", of._Member__state)  # type: ignore[attr-defined]
        others = of._others
        put(self, "_others", lambda name: _seen_other(others, name))

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a rule cannot assign {name!r} of a member")

    def __delattr__(self, name: str) -> None:
        raise AttributeError(f"a rule cannot delete {name!r} of a member")


def _same(name: str) -> property:
    return property(lambda self: getattr(self._of, name))


for _name in ("id", "zone", "currency", "rule", "note", "_keeps", "_grants"):
    setattr(Seen, _name, _same(_name))
# As they are now: what a rule has just given is among them. A tuple refuses more.
setattr(Seen, "_awards", property(lambda self: tuple(self._of._awards)))  # noqa: B010 - no slot of its own


def _seen_other(others: Callable[[str], Member | None], name: str) -> Member | None:
    found = others(name)
    return None if found is None else Seen(found)


def seen(member: Member) -> Member:
    """Return a member as a stranger's rule sees it."""
    if member._seen is None:
        member._seen = Seen(member)
    return member._seen


def told(asked_about: Any) -> Any:
    """Return what a rule is asked about as a stranger's sees it; all but facts are frozen already."""
    if type(asked_about) is not Fact:
        return asked_about
    fact = asked_about
    return Told(
        data=fact.data, id=fact.id, source=fact.source, subject=fact.subject, time=fact.time,
        actor=fact.actor, topic=fact.topic, position=fact.position, occurred_us=fact.occurred_us,
        is_late=fact.is_late,
    )  # fmt: skip


def print_of(value: Struct | None) -> bytes | None:
    """Return what a struct says now, to be compared later; None when nobody can alter it."""
    if value is None or _is_frozen(type(value)):
        return None
    try:
        return _encode(value)
    except (OverflowError, TypeError, ValueError):
        return repr(value).encode(errors="replace")


@cache
def _is_frozen(kind: type) -> bool:
    """Return whether nothing of a struct can be altered, all the way down."""
    return _is_firm(msgspec.inspect.type_info(kind), set())


def _is_firm(kind: msgspec.inspect.Type, seen_kinds: set[type]) -> bool:
    inspect = msgspec.inspect
    if isinstance(kind, inspect.StructType):
        if kind.cls in seen_kinds:
            return True
        seen_kinds.add(kind.cls)
        is_frozen = kind.cls.__struct_config__.frozen
        return is_frozen and all(_is_firm(field.type, seen_kinds) for field in kind.fields)
    if isinstance(kind, inspect.UnionType):
        return all(_is_firm(option, seen_kinds) for option in kind.types)
    if isinstance(kind, inspect.VarTupleType):
        return _is_firm(kind.item_type, seen_kinds)
    if isinstance(kind, inspect.TupleType):
        return all(_is_firm(item, seen_kinds) for item in kind.item_types)
    return isinstance(kind, _FIRM)


_FIRM = (
    msgspec.inspect.NoneType, msgspec.inspect.BoolType, msgspec.inspect.IntType, msgspec.inspect.FloatType,
    msgspec.inspect.StrType, msgspec.inspect.BytesType, msgspec.inspect.DateTimeType,
    msgspec.inspect.DateType, msgspec.inspect.TimeType, msgspec.inspect.TimeDeltaType,
    msgspec.inspect.DecimalType, msgspec.inspect.UUIDType, msgspec.inspect.LiteralType,
    msgspec.inspect.EnumType, msgspec.inspect.FrozenSetType,
)  # fmt: skip
