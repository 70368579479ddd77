"""Daily: what each account gave and took on each day of the programme's zone, over all members.

Signs as in :mod:`balances`. A row is a sum, so sums made apart are added.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Connection

from ..calendar import HOUR_US, Zone
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
        self._by_hour: dict[int, DailyRow] = {}

    def add(self, entries: Iterable[Entry]) -> None:
        """Add entries to the sums of the days they were booked on."""
        by_hour, column = self._by_hour, _COLUMN
        for entry in entries:
            row = by_hour.get(entry[3] // HOUR_US)
            if row is None:
                row = self._row(entry[3])
            row[1] += 1
            contra = entry[13]
            if contra:
                row[column[entry[12]]] -= contra

    def merge(self, rows: Mapping[str, DailyRow]) -> None:
        """Add sums made elsewhere."""
        for day, row in rows.items():
            mine = self._of(day)
            for number in range(1, _WIDTH):
                mine[number] += row[number]

    def clear(self) -> dict[str, DailyRow]:
        """Return the sums and begin again."""
        rows, self.rows = self.rows, {}
        self._by_hour.clear()
        return rows

    def _row(self, instant: int) -> DailyRow:
        day = self._zone.local_date(instant)
        row = self._of(day.isoformat())
        start_us, end_us = self._zone.start_us(day), self._zone.end_us(day)
        first, last = self._zone.local(start_us), self._zone.local(end_us - 1)
        # Without a change of offset, every hour between two midnights lies in the day.
        if first.date() == last.date() == day and first.utcoffset() == last.utcoffset():
            hours = range(-(-start_us // HOUR_US), end_us // HOUR_US)
            self._by_hour.update(dict.fromkeys(hours, row))
        return row

    def _of(self, day: str) -> DailyRow:
        row = self.rows.get(day)
        if row is None:
            row = self.rows[day] = [day, *[0] * (_WIDTH - 1)]
        return row


def load(connection: Connection, slot: str, days: Iterable[str]) -> dict[str, DailyRow]:
    """Return the stored rows of *days*."""
    return {row[0]: list(row) for row in rows_of_texts(connection, f"daily__{slot}", "day", days)}
