"""Reports and views of plugins, as ``loyalty report NAME`` prints them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from ..ledger.errors import LoyaltyError, PluginError, UsageError
from ..ledger.reports.footer import Footer, footer
from .answers import said
from .catalogue import Catalogue
from .offering import Report, View


@dataclass(frozen=True, kw_only=True)
class Printed:
    """What a report came to."""

    name: str
    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]
    footer: Footer

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        rows = [dict(zip(self.columns, row, strict=True)) for row in self.rows]
        return {"report": self.name, "rows": rows, "footer": self.footer.fields()}

    def lines(self) -> list[str]:
        """Return it for people: numbers stand right, words left."""
        cells = [self.columns, *([_said(value) for value in row] for row in self.rows)]
        widths = [max(len(row[place]) for row in cells) for place in range(len(self.columns))]
        numbers = [all(_is_number(row[place]) for row in self.rows) for place in range(len(self.columns))]
        lines = [
            "  ".join(
                cell.rjust(width) if is_number else cell.ljust(width)
                for cell, width, is_number in zip(row, widths, numbers, strict=True)
            ).rstrip()
            for row in cells
        ]
        return [
            *lines,
            "",
            f"{len(self.rows):,} rows" if len(self.rows) != 1 else "1 row",
            self.footer.line(),
        ]

    def csv(self) -> str:
        """Return it as comma-separated values, the columns' names first."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(self.rows)
        return out.getvalue()


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _said(value: object) -> str:
    return "" if value is None else f"{value:,}" if _is_number(value) else str(value)


class Found:
    """A report or a view of a plugin, by its name."""

    def __init__(self, name: str, plugin: str, offered: type[Report] | type[View]) -> None:
        self.name, self.plugin, self._offered = name, plugin, offered
        self.about = (offered.__doc__ or "").strip()

    def table(self, connection: Connection, choices: Mapping[str, str]) -> Printed:
        """Return what there is to print.

        Raises:
            UsageError: a view is asked for something it does not know.
            PluginError: the plugin fails, or returns no table.
            HistoryError: nothing has been projected yet.
        """
        foot = footer(connection)
        if issubclass(self._offered, View):
            columns, rows = _of_view(connection, self._offered, choices)
        else:
            columns, rows = self._of_report(connection, self._offered, choices)
        return Printed(name=self.name, columns=columns, rows=rows, footer=foot)

    def _of_report(
        self, connection: Connection, report: type[Report], choices: Mapping[str, str]
    ) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
        try:
            columns, rows = report().table(connection, choices)
            rows = [tuple(row) for row in rows]
            if any(len(row) != len(columns) for row in rows):
                raise ValueError(f"a row has not {len(columns)} values")
        except LoyaltyError:
            raise
        except Exception as error:
            raise PluginError(
                f"report {self.name!r} of plugin {self.plugin!r} failed: "
                f"{type(error).__name__}: {said(error)}",
                hint="mend the plugin, or check what you set",
            ) from error
        return tuple(columns), rows


def _of_view(
    connection: Connection, view: type[View], choices: Mapping[str, str]
) -> tuple[tuple[str, ...], Sequence[Sequence[Any]]]:
    unknown = sorted(set(choices) - {"member"})
    if unknown:
        raise UsageError(f"a view knows no {unknown[0]!r}", at="--set", hint="--set member=ID")
    where = " AND member = :member" if "member" in choices else ""
    found = connection.execute(
        text(
            f"SELECT member, entry, cells FROM plugin_rows WHERE view = :view{where}"  # noqa: S608 - ours
            " ORDER BY member, entry, number"
        ),
        {"view": view.name, **choices},
    )
    names, rows = tuple(view.columns), []
    for member, entry, cells in found:
        row = msgspec.json.decode(cells)
        rows.append((member, entry, *(row.get(name) for name in names), row.get("error")))
    if not any(row[-1] for row in rows):
        return ("member", "entry", *names), [row[:-1] for row in rows]
    return ("member", "entry", *names, "error"), rows


def find_report(catalogue: Catalogue, name: str) -> Found | None:
    """Return a plugin's report or view by its name, or None."""
    offered = catalogue.reports.get(name) or catalogue.views.get(name)
    if offered is None:
        return None
    kind = "report" if name in catalogue.reports else "view"
    return Found(name, catalogue.origins[kind, name], offered)
