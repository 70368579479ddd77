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
        self._by_hour: dict[int, DailyRow | None] = {}

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
        hour = instant // HOUR_US
        row = self._of(self._zone.local_date(instant).isoformat())
        if hour not in self._by_hour:
            first, last = self._zone.local(hour * HOUR_US), self._zone.local((hour + 1) * HOUR_US - 1)
            # As Zone itself: an hour lies in one day unless midnight or a change of offset falls inside it.
            is_whole = first.date() == last.date() and first.utcoffset() == last.utcoffset()
            self._by_hour[hour] = row if is_whole else None
        return row

    def _of(self, day: str) -> DailyRow:
        row = self.rows.get(day)
        if row is None:
            row = self.rows[day] = [day, *[0] * (_WIDTH - 1)]
        return row


def load(connection: Connection, slot: str, days: Iterable[str]) -> dict[str, DailyRow]:
    """Return the stored rows of *days*."""
    return {row[0]: list(row) for row in rows_of_texts(connection, f"daily__{slot}", "day", days)}
