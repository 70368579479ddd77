"""Daily: what each account gave and took on each day of the programme's zone, over all members.

Signs as in :mod:`balances`. A row is a sum, so sums made apart are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from ..calendar import DAY_US, Zone
from ..journal import ACCOUNTS, Entry
from .loading import rows_of_texts

DailyRow = list[Any]
_WIDTH = 2 + len(ACCOUNTS)
_COLUMN = {account: 2 + number for number, account in enumerate(ACCOUNTS)}


class Daily:
    """Sums by day.

    Attributes:
        rows: By day, YYYY-MM-DD.
    """

    def __init__(self, zone: Zone) -> None:
        self.rows: dict[str, DailyRow] = {}
        self._zone = zone
        self._days: dict[int, tuple[int, str, str]] = {}
        """By day of UTC: the local midnight in it, the local day before and the one from then on."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries to the sums of the days they were booked on."""
        days, rows, column = self._days, self.rows, _COLUMN
        for entry in entries:
            at_us = entry[3]
            found = days.get(at_us // DAY_US)
            if found is None:
                row = self._row(at_us)
            else:
                day = found[1] if at_us < found[0] else found[2]
                row = rows.get(day) or self._of(day)
            row[1] += 1
            contra = entry[13]
            if contra:
                row[column[entry[12]]] -= contra

    def take_out(self, entries: Iterable[Entry]) -> None:
        """Take entries out of the sums: those of a group that is folded anew."""
        taken = Daily(self._zone)
        taken.add(entries)
        for day, (_, *sums) in taken.rows.items():
            self.merge({day: [day, *(-number for number in sums)]})

    def merge(self, rows: Mapping[str, DailyRow]) -> None:
        """Add sums made elsewhere."""
        for day, row in rows.items():
            mine = self._of(day)
            for number in range(1, _WIDTH):
                mine[number] += row[number]

    def clear(self) -> dict[str, DailyRow]:
        """Return the sums and begin again."""
        rows, self.rows = self.rows, {}
        return rows

    def _row(self, at_us: int) -> DailyRow:
        number = at_us // DAY_US
        first, last = self._zone.local(number * DAY_US), self._zone.local((number + 1) * DAY_US - 1)
        # With a change of offset in it, a day may have two midnights: it is asked for again and again.
        if first.utcoffset() == last.utcoffset():
            midnight_us = self._zone.start_us(last.date())
            self._days[number] = midnight_us, first.date().isoformat(), last.date().isoformat()
        return self._of(self._zone.local_date(at_us).isoformat())

    def _of(self, day: str) -> DailyRow:
        row = self.rows.get(day)
        if row is None:
            row = self.rows[day] = [day, *[0] * (_WIDTH - 1)]
        return row


def load(connection: Connection, slot: str, days: Iterable[str]) -> dict[str, DailyRow]:
    """Return the stored rows of *days*."""
    return {row[0]: list(row) for row in rows_of_texts(connection, f"daily__{slot}", "day", days)}
