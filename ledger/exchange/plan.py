"""A mapping checked against the type of fact it makes, and compiled into conversions of columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct

from ..errors import FactError, UsageError
from ..facts import FactType, Registry
from ..facts.sugar import to_canonical_data
from ..facts.types import Name, field_types
from ..units import INT64_MAX, Rounding
from .cells import checked, field_convert, instant_convert, is_scalar, money
from .columns import Convert, Memo
from .mapping import Mapping


class Slot:
    """One field, the column it comes from, and how a cell becomes its value."""

    def __init__(self, name: str, column: str, convert: Convert, *, takes_currency: bool = False) -> None:
        self.name, self.column, self.takes_currency = name, column, takes_currency
        self.memo = Memo(convert)


class Plan:
    """What to do with the columns of one file.

    Attributes:
        kind: The type of the facts.
        constants: Fields that are the same in every fact, checked.
        slots: Fields of the fact that come from columns.
        line_slots: Fields of each line, in the order of the line's own fields.
        line: Makes a line of their values, by place; None without lines.
        total: The field of the fact that sums its namesake of the lines, or None.
        time: Converts cells of the column of times into instants.
        subject: Converts cells of the column of subjects.
        currency: The currency of every fact; None where it is a column.
    """

    def __init__(self, mapping: Mapping, registry: Registry) -> None:
        self.mapping = mapping
        try:
            self.kind: type[FactType] = registry.type_of(mapping.type)
        except FactError as error:
            raise UsageError(error.what, at="type", hint=error.hint) from error
        self._types = field_types(self.kind)
        self._instant = instant_convert(mapping.time_column.pattern, mapping.zone)
        plain = instant_convert(None, mapping.zone)
        self.time = Memo(self._instant)
        self.subject = Memo(self._subject())
        self.constants = self._checked_constants()
        self.currency: str | None = self.constants.get("currency")
        self.slots = [self._slot(self.kind, f, c, plain) for f, c in mapping.fields.items()]
        part = self._line_type()
        self.line_slots = self._in_order(part, plain) if part else []
        self.line: Callable[..., Any] | None = _by_place(part, self.line_slots) if part else None
        self.total = self._total()
        self._check_total = checked(self._types.get(self.total or "", int), int)
        self._refuse_gaps(part)

    def check_total(self, total: int) -> None:
        """Refuse a sum that its field cannot hold.

        Raises:
            FactError: it is out of range.
        """
        if not 0 <= total <= INT64_MAX:  # what every amount may be needs no closer look
            self._check_total(total)

    def _checked_constants(self) -> dict[str, Any]:
        try:
            given = to_canonical_data(self.kind, self.mapping.constants)
            for name, value in given.items():
                given[name] = msgspec.convert(value, self._known(self.kind, name))
        except (FactError, msgspec.ValidationError) as error:
            what = str(error).splitlines()[0].replace("`", "'")
            raise UsageError(f"{self.kind.topic}: {what[0].lower()}{what[1:]}", at="[constants]") from error
        return given

    def _known(self, kind: type[Struct], name: str) -> Any:
        types = field_types(kind)
        if name not in types:
            raise UsageError(
                f"unknown field {name!r} in the mapping", at=self.kind.topic,
                hint=f"its fields are {', '.join(t.removesuffix('_minor') for t in types)}",
            )  # fmt: skip
        return types[name]

    def _slot(self, kind: type[Struct], name: str, column: str, instant: Convert) -> Slot:
        minor = f"{name}_minor"
        if name not in field_types(kind) and minor in field_types(kind):
            return self._money_slot(kind, minor, column)
        declared = self._known(kind, name)
        if not is_scalar(declared):
            raise UsageError(f"{name!r} cannot be filled from one column", at=self.kind.topic)
        return Slot(name, column, self._or_default(kind, name, field_convert(declared, instant=instant)))

    def _money_slot(self, kind: type[Struct], minor: str, column: str) -> Slot:
        declared = field_types(kind)[minor]
        rounding: Rounding | None = self.mapping.rounding.get(column)
        currency = self.mapping.constants.get("currency")
        if currency is not None:
            convert = checked(declared, lambda cell: money(cell, currency, rounding))
            return Slot(minor, column, self._or_default(kind, minor, convert))
        if "currency" not in self.mapping.fields:
            raise UsageError(
                f"{column!r} is an amount, but the mapping has no currency", at=self.kind.topic,
                hint='write currency = "EUR" under [constants], or its column under [fields]',
            )  # fmt: skip
        exact = checked(declared, lambda pair: money(pair[0], pair[1], rounding))
        both = self._or_default(kind, minor, exact)
        return Slot(minor, column, lambda pair: both(None if pair[0] is None else pair), takes_currency=True)

    def _or_default(self, kind: type[Struct], name: str, convert: Convert) -> Convert:
        field = next(f for f in msgspec.structs.fields(kind) if f.encode_name == name)
        missing = frozenset(self.mapping.missing)

        def convert_or_default(cell: Any) -> Any:
            if cell is not None and not (isinstance(cell, str) and cell in missing):
                return convert(cell)
            if field.required:
                raise FactError(
                    f"no {name.removesuffix('_minor')!r}: the cell is empty", code="missing-field"
                )
            return field.default

        return convert_or_default

    def _subject(self) -> Convert:
        missing = frozenset(self.mapping.missing)
        named = checked(Name, str)

        def convert(cell: Any) -> Any:
            if cell is None or cell == "" or (isinstance(cell, str) and cell in missing):
                raise FactError("no subject: the cell is empty", code="missing-field")
            return named(cell)

        return convert

    def _line_type(self) -> type[Struct] | None:
        if not self.mapping.lines:
            return None
        if "lines" not in self._types:
            raise UsageError(f"{self.kind.topic} has no lines", at="[lines]")
        part: type[Struct] = self._types["lines"].__args__[0]
        return part

    def _in_order(self, part: type[Struct], instant: Convert) -> list[Slot]:
        slots = {s.name: s for s in (self._slot(part, f, c, instant) for f, c in self.mapping.lines.items())}
        return [slots[name] for name in field_types(part) if name in slots]

    def _total(self) -> str | None:
        if self.mapping.total is None:
            return None
        given = self.mapping.total
        name = f"{given}_minor" if f"{given}_minor" in self._types else given
        self._known(self.kind, name)
        if name not in {slot.name for slot in self.line_slots}:
            raise UsageError(f"total sums {given!r}, which the lines do not have", at="total")
        return name

    def _refuse_gaps(self, part: type[Struct] | None) -> None:
        filled = {*self.constants, *(slot.name for slot in self.slots), self.total, "lines" if part else None}
        self._refuse_missing(self.kind, filled)
        if part:
            self._refuse_missing(part, {slot.name for slot in self.line_slots})
        if (self.kind.about == "programme") != (self.mapping.subject is None):
            verb = "needs a" if self.kind.about != "programme" else "has no"
            raise UsageError(f"{self.kind.topic} {verb} subject", at="subject")
        if unused := set(self.mapping.rounding) - {
            *self.mapping.fields.values(),
            *self.mapping.lines.values(),
        }:
            raise UsageError(f"rounding of {min(unused)!r}, which no field uses", at="[rounding]")
        if "" in self.mapping.wanted() or not self.mapping.source:
            raise UsageError("a column and the source need a name", at="mapping")

    def _refuse_missing(self, kind: type[Struct], filled: set[str | None]) -> None:
        for field in msgspec.structs.fields(kind):
            if field.required and field.encode_name not in filled:
                name = field.encode_name.removesuffix("_minor")
                raise UsageError(
                    f"mapping does not fill {name!r}, which {self.kind.topic} needs", at=self.kind.topic,
                    hint=f"name its column under [fields], or write {name} = … under [constants]",
                )  # fmt: skip


def _by_place(part: type[Struct], slots: list[Slot]) -> Callable[..., Any]:
    required = [f.required for f in msgspec.structs.fields(part)]
    if hasattr(part, "__post_init__") or required != sorted(required, reverse=True):
        names = [slot.name for slot in slots]
        return lambda *values: part(**dict(zip(names, values, strict=True)))
    # The same fields taken by place: made in C from columns, ten times as fast as by keyword. Their values
    # have passed the checks of their types cell by cell, and the bytes are those of the type itself.
    filled = {slot.name for slot in slots}
    fields: list[Any] = [
        (f.encode_name, f.type) if f.required else (f.encode_name, f.type, f.default)
        for f in msgspec.structs.fields(part)
        if f.encode_name in filled
    ]
    return msgspec.defstruct(part.__name__, fields, frozen=True, gc=False, omit_defaults=True)
