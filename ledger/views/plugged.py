"""Views of plugins: rows that follow from a member's entries, one by one, in the table ``plugin_rows``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, NamedTuple

import msgspec

from ..errors import HaltError
from ..journal import Entry
from ..units import INT64_MAX

MOST_ROWS = 100
_UNKEPT = re.compile("(?<= at )0x[0-9a-fA-F]+|[\x00-\x1f\x7f\ud800-\udfff]")
"""Addresses differ in each process; lone surrogates and control characters cannot be kept or shown."""
_encode = msgspec.json.Encoder(order="deterministic").encode


class View:
    """A view of a plugin: rows that follow from each entry by itself. It reads nothing else.

    The rows stand in the table ``plugin_rows`` (member, view, entry, number, cells as JSON), are part of
    every rebuild, digest and check, and ``loyalty report NAME`` prints them.

    Attributes:
        name: Of the view; unique across plugins.
        columns: By name, ``int`` or ``str``; any of them may be None in a row.
    """

    name: ClassVar[str]
    columns: ClassVar[Mapping[str, type]]

    def rows(self, entry: Entry) -> Iterable[Mapping[str, int | str | None]]:  # noqa: ARG002 - to override
        """Return what an entry adds to the view: no row, one or several."""
        return ()


class PluginRow(NamedTuple):
    """A row of a plugin's view, in the columns of the table ``plugin_rows``."""

    member: str
    view: str
    entry: int
    number: int
    """Among the rows of this entry, from 1."""
    cells: str
    """JSON: the columns; or only ``error``, when the plugin failed here."""


def rows_of(views: Sequence[View], entries: Iterable[Entry]) -> list[PluginRow]:
    """Return the rows that entries add; a view that fails leaves a row that says so, and harms no other."""
    return [
        PluginRow(entry.member, view.name, entry.entry, number, row)
        for entry in entries
        for view in views
        for number, row in enumerate(_written(view, entry), start=1)
    ]


def _written(view: View, entry: Entry) -> list[str]:
    try:
        rows = []
        for row in view.rows(entry):
            rows.append(
                _encode({name: _checked(view, name, row.get(name)) for name in view.columns}).decode()
            )
            if len(rows) > MOST_ROWS:
                raise ValueError(f"more than {MOST_ROWS} rows for one entry")
            unknown = sorted(set(row) - set(view.columns))
            if unknown:
                raise ValueError(f"no column {unknown[0]!r}")
    except HaltError:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code may raise anything
        return [_encode({"error": f"{type(error).__name__}: {_said(error)}"}).decode()]
    return rows


def _said(error: BaseException) -> str:
    """Return a stranger's words, the same in every process: without addresses, as any database keeps them."""
    try:
        text = str(error)
    except (Exception, SystemExit):  # noqa: BLE001 - a stranger's exception
        return "no message"
    return _UNKEPT.sub("?", text[:1000])[:400]


def _checked(view: View, name: str, value: object) -> object:
    if value is not None and type(value) is not view.columns[name]:
        found = repr(value) if isinstance(value, (int, str, float)) else f"of {type(value).__name__}"
        raise ValueError(f"column {name!r} is {found}, no {view.columns[name].__name__}")
    if isinstance(value, int) and abs(value) > INT64_MAX:
        raise ValueError(f"column {name!r} is past 2^63")
    return value
