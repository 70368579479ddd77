"""Stored rows beside those the facts give, key by key: what differs, and in which column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from sqlalchemy import Boolean

from ..tables import SLOTS, VIEWS
from .finding import Cell, Check, Finding

Row = tuple[Any, ...]
Pair = tuple[Row | None, Row | None]
"""A stored row and the expected one of the same key; None where there is none."""

CHECKS = {
    view: Check(f"{view}-refolded", f"Every row of the view {view} is what the facts give.") for view in VIEWS
}
"""By view."""

_LONGEST = 60
_LEAD = 12
# As SQLite orders values of different kinds: whatever a stranger has put into a key stands in this order.
_KINDS: dict[type, int] = {type(None): 0, bool: 1, int: 1, float: 1, str: 2, bytes: 3}


class Columns(NamedTuple):
    """What is compared of a table.

    Attributes:
        check: The check that what differs is found by.
        table: The name to read it by.
        names: Of the columns, those of the key first.
        width: How many of them are the key.
        flags: Columns that are true or false.
    """

    check: Check
    table: str
    names: tuple[str, ...]
    width: int
    flags: frozenset[str] = frozenset()

    def select(self, source: str) -> str:
        """Return SQL for all rows of *source* in the order of their key."""
        columns = ", ".join(f'"{name}"' for name in self.names)
        keys = ", ".join(f'"{name}"' for name in self.names[: self.width])
        return f"SELECT {columns} FROM {source} ORDER BY {keys}"  # noqa: S608 - our own names

    def differences(self, stored: Iterable[Row], expected: Iterable[Row]) -> Iterator[Finding]:
        """Yield a finding for each cell that differs, and for each row that only one side has.

        Args:
            stored: Rows in the order of their key.
            expected: The same.
        """
        for ours, theirs in _pairs(iter(stored), iter(expected), self.width):
            if ours is None or theirs is None:
                yield self._lonely(ours, theirs)
                continue
            for name, *cells in zip(self.names, ours, theirs, strict=True):
                if cells[0] != cells[1]:
                    one, other = (self._value(name, cell) for cell in cells)
                    what = f"{name} is {_shown(one, other)}, the facts give {_shown(other, one)}"
                    yield self._finding(ours, what, name, _plain(one), _plain(other))

    def _lonely(self, ours: Row | None, theirs: Row | None) -> Finding:
        row = ours or theirs or ()
        told = {name: self._value(name, value) for name, value in zip(self.names, row, strict=True)}
        values = ", ".join(
            f"{name} {_shown(told[name])}" for name in self.names[self.width :] if told[name] is not None
        )
        plain = {name: _plain(value) for name, value in told.items()}
        if theirs is None:
            what = f"row is one too many, the facts give none: {values}"
            return self._finding(row, what, None, plain, None)
        return self._finding(row, f"row is missing, the facts give {values}", None, None, plain)

    def _finding(self, row: Row, what: str, column: str | None, stored: object, expected: object) -> Finding:
        key = dict(zip(self.names[: self.width], row, strict=False))
        member = str(key.pop("member")) if "member" in key else None
        place = " ".join((self.table, *(f"{name} {_shown(value)}" for name, value in key.items())))
        position = None
        if "position" in self.names and "position" not in key:
            position = row[self.names.index("position")]
        cell = Cell(
            self.table, {name: _plain(value) for name, value in key.items()}, column, stored, expected
        )
        return Finding(
            self.check.name, what, place, member, position if isinstance(position, int) else None, cell
        )

    def _value(self, name: str, value: object) -> object:
        # SQLite knows no booleans: it gives back 0 and 1.
        return bool(value) if name in self.flags and value in (0, 1) else value


def columns_of(view: str) -> Columns:
    """Return what is compared of a view: everything."""
    table = VIEWS[view][SLOTS[0]]
    names = tuple(column.name for column in table.columns)
    flags = frozenset(column.name for column in table.columns if isinstance(column.type, Boolean))
    return Columns(CHECKS[view], view, names, len(table.primary_key), flags)


def _pairs(stored: Iterator[Row], expected: Iterator[Row], width: int) -> Iterator[Pair]:
    """Yield what differs: two rows of one key, or a row that has no other."""
    ours, theirs = next(stored, None), next(expected, None)
    while ours is not None and theirs is not None:
        mine, other = ours[:width], theirs[:width]
        if mine == other:
            if ours != theirs:
                yield ours, theirs
            ours, theirs = next(stored, None), next(expected, None)
        elif _is_before(mine, other):
            yield ours, None
            ours = next(stored, None)
        else:
            yield None, theirs
            theirs = next(expected, None)
    while ours is not None:
        yield ours, None
        ours = next(stored, None)
    while theirs is not None:
        yield None, theirs
        theirs = next(expected, None)


def _is_before(one: Row, other: Row) -> bool:
    try:
        return one < other
    except TypeError:
        ranked = [[(_KINDS[type(value)], value) for value in row] for row in (one, other)]
        return ranked[0] < ranked[1]


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _shown(value: object, other: object = "") -> str:
    """Return a value for people; a long one around the place where it begins to differ from *other*."""
    if value is None or isinstance(value, bool):
        return {None: "nothing", True: "true", False: "false"}[value]
    if not isinstance(value, str | bytes):
        return str(value)
    text, beside = str(_plain(value)), str(_plain(other))
    pairs = enumerate(zip(text, beside, strict=False))
    same = next((place for place, (one, two) in pairs if one != two), min(len(text), len(beside)))
    start = max(same - _LEAD, 0) if len(text) > _LONGEST else 0
    cut = text[start : start + _LONGEST]
    before, behind = "…" if start else "", "…" if start + _LONGEST < len(text) else ""
    return f"{before}{cut!r}{behind}" if isinstance(value, str) else f"{before}{cut}{behind}"
