"""The building blocks of fact types: what a text, an amount, a share may look like."""

from __future__ import annotations

import typing
from decimal import Decimal
from functools import cache
from types import UnionType
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from msgspec import Meta, Struct

from ..units import MOST

Subject = Literal["member", "staff", "programme"]

# No control characters: PostgreSQL refuses NUL in text, and terminals obey the others.
_VISIBLE = r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+$"
Name = Annotated[str, Meta(min_length=1, max_length=255, pattern=_VISIBLE)]
Text = Annotated[str, Meta(min_length=1, max_length=1024, pattern=_VISIBLE)]
Time = Annotated[str, Meta(min_length=20, max_length=35, description="RFC 3339 with offset")]
Day = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD, a day of the programme's zone")
]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code")]
Minor = Annotated[int, Meta(ge=-MOST, le=MOST, description="integer of minor units")]
Price = Annotated[int, Meta(ge=0, le=MOST, description="integer of minor units, 0 or more")]
Points = Annotated[int, Meta(ge=-MOST, le=MOST, description="points, not 0 where they move")]
Gain = Annotated[int, Meta(ge=1, le=MOST, description="points, 1 or more")]
Count = Annotated[int, Meta(ge=0, le=2**63 - 1)]
Position = Annotated[int, Meta(ge=1, le=2**63 - 1, description="place in the log, from 1")]
Quantity = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | Decimal
Number = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)] | Decimal


class FactType(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The data of one type of fact.

    Attributes:
        topic: The CloudEvents type: the stored name, for ever.
        about: Whose stream the fact goes to: its subject is a member, a staff member, or nobody.
    """

    topic: ClassVar[str]
    about: ClassVar[Subject] = "member"

    def members(self) -> tuple[str, ...]:
        """Return the members this data names beside the subject."""
        return ()


class Part(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """A piece of a fact's data, such as a line of an order."""


def check_numbers(value: Any) -> bool:
    """Refuse NaN and infinite decimals anywhere in a fact's data; return whether all are in canonical form.

    Raises:
        ValueError: naming the number.
    """
    if isinstance(value, Decimal):
        if not value.is_finite() or abs(value.adjusted()) > 30:
            raise ValueError(f"no finite number of sensible size: {str(value)!r}")
        return str(value) == format(value.normalize(), "f") and value != value.to_integral_value()
    inner: list[Any] = []
    if isinstance(value, Struct):
        inner = [getattr(value, name) for name in value.__struct_fields__]
    elif isinstance(value, dict):
        inner = list(value.values())
    elif isinstance(value, (tuple, list)):
        inner = list(value)
    is_canonical = True
    for item in inner:
        is_canonical &= check_numbers(item)
    return is_canonical


@cache
def field_types(kind: type[Struct]) -> dict[str, Any]:
    """Return the declared type of every field of a struct."""
    return {field.encode_name: field.type for field in msgspec.structs.fields(kind)}


def takes_text(declared: Any) -> bool:
    """Return whether a field of this type can hold any text."""
    if typing.get_origin(declared) is typing.Annotated:
        return takes_text(typing.get_args(declared)[0])
    if typing.get_origin(declared) in {UnionType, typing.Union}:
        return any(takes_text(option) for option in typing.get_args(declared))
    return declared is str
