"""The rows of every view while they grow, harvest by harvest, until they are written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Connection

from ..calendar import Zone
from ..fold import Entry, FlagRow, MoveRow, StateRow, TimerRow
from ..store.bulk import insert_rows, upsert_rows
from ..tables import VIEWS
from ..views import balances, daily, flags, ladders, lots, plugged, purchases, timers
from ..views.factual import Factual
from ..views.noting import Note, in_order
from ..views.quarantine import QuarantineRow
from .folding import Harvest


class Sheets:
    """Rows of all views. A rebuild begins with none; a run loads the stored rows its harvests change.

    Attributes:
        daily: Sums to be added to the stored ones; ``clear`` leaves them.
        size: About how many rows there are, without those of *daily*.
    """

    def __init__(self, zone: Zone, plugged_in: Sequence[plugged.View] = ()) -> None:
        self.daily = daily.Daily(zone)
        self._plugged_in = plugged_in
        self._factual = Factual()
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self.journal: list[Entry] = []
        self.lots: dict[str, dict[int, lots.LotRow]] = {}
        self.balances: dict[str, balances.BalanceRow] = {}
        self.purchases: purchases.Purchases = {}
        self.moves: list[MoveRow] = []
        self.ladders: dict[tuple[str, str], ladders.LadderRow] = {}
        self._factual.clear()
        self.timers: list[TimerRow] = []
        self.flags: list[FlagRow] = []
        self.plugin_rows: list[plugged.PluginRow] = []
        self.states: list[StateRow] = []
        self.quarantine: list[QuarantineRow] = []
        self.touched: list[str] = []
        self._stored: set[tuple[str, int]] = set()
        self.size = 0

    def load(self, connection: Connection, slot: str, harvests: Iterable[Harvest]) -> None:
        """Take in the stored rows that these harvests will change."""
        keys: set[tuple[str, int]] = set()
        earning: set[str] = set()
        buying: set[str] = set()
        notes: list[Note] = []
        for harvest in harvests:
            keys |= lots.touched(harvest.entries)
            earning.update([entry[0] for entry in harvest.entries])
            buying.update([row[0] for row in harvest.bought])
            notes += in_order(harvest.noted, harvest.actions)
        if keys:
            self.lots = lots.load(connection, slot, keys)
            self._stored = {(member, lot) for member, mine in self.lots.items() for lot in mine}
        if earning:
            self.balances = balances.load(connection, slot, earning)
        if buying:
            self.purchases = purchases.load(connection, slot, buying)
        if notes:
            self._factual.load(connection, slot, notes)

    def add(self, harvest: Harvest) -> None:  # noqa: C901 - one look at each kind of row
        """Fold a harvest into the rows."""
        _, members, entries, remarks, bought, states, pending, asides, moves, actions, noted, _ = harvest
        if entries:
            self.journal += entries
            if self._plugged_in:
                self.plugin_rows += plugged.rows_of(self._plugged_in, entries)
            self.daily.add(entries)
            if len(members) == 1:
                self._book(members[0], entries)
            else:
                by_member: dict[str, list[Entry]] = {}
                for entry in entries:
                    by_member.setdefault(entry[0], []).append(entry)
                for member, booked in by_member.items():
                    self._book(member, booked)
        if bought:
            purchases.fold(bought, self.purchases)
        if moves or actions or noted:
            self._stand(moves, in_order(noted, actions))
        self.states += states
        if harvest.is_last:
            self.touched += members
        self.size += 2 * len(entries) + len(states)
        if pending:
            self.timers += timers.rows_of(pending)
        if remarks:
            self.flags += flags.rows_of(remarks)
        self.quarantine += asides

    def write_new(self, connection: Connection, slot: str) -> None:
        """Write rows into places that are empty, those of *daily* left out, and begin again."""
        for name, rows in self._rows().items():
            insert_rows(connection, VIEWS[name][slot], rows)
        self.clear()

    def write_more(self, harvest: Harvest, connection: Connection, slot: str) -> None:
        """Write what comes of a group whose first harvests are written, those of *daily* left out.

        So a member with a hundred thousand facts takes no more memory than others do.
        """
        self.load(connection, slot, (harvest,))
        self.add(harvest)
        self._update(connection, slot)
        self.clear()

    def write_new_days(self, connection: Connection, slot: str) -> None:
        """Write the sums of all days into an empty table."""
        insert_rows(connection, VIEWS["daily"][slot], _tuples(self.daily.clear().values()))

    def update(self, connection: Connection, slot: str) -> None:
        """Write the rows over the stored ones, add the sums of *daily*, and begin again."""
        self._update(connection, slot)
        sums = self.daily.clear()
        if sums:
            self.daily.merge(daily.load(connection, slot, sums))
            self.daily.merge(sums)
            upsert_rows(connection, VIEWS["daily"][slot], _tuples(self.daily.clear().values()))
        self.clear()

    def _update(self, connection: Connection, slot: str) -> None:
        timers.remove(connection, slot, self.touched)
        rows = self._rows()
        for name in ("journal", "moves", "timers", "flags", "quarantine", "plugin_rows"):
            insert_rows(connection, VIEWS[name][slot], rows.pop(name))
        # Nearly every lot a batch touches is new.
        insert_rows(
            connection, VIEWS["lots"][slot], [row for row in rows["lots"] if row[:2] not in self._stored]
        )
        rows["lots"] = [row for row in rows["lots"] if row[:2] in self._stored]
        for name, changed in rows.items():
            upsert_rows(connection, VIEWS[name][slot], changed)

    def _book(self, member: str, entries: Sequence[Entry]) -> None:
        mine = self.lots.get(member)
        if mine is None:
            mine = self.lots[member] = {}
        lots.fold(member, entries, mine)
        self.balances[member] = balances.fold(member, entries, self.balances.get(member))

    def _stand(self, moves: Sequence[MoveRow], notes: Sequence[Note]) -> None:
        self.moves += moves
        ladders.fold(moves, self.ladders)
        self._factual.add(notes)
        self.size += 2 * len(moves) + len(notes)

    def _rows(self) -> dict[str, list[Any]]:
        return {
            "journal": self.journal,
            "lots": _tuples(row for mine in self.lots.values() for row in mine.values()),
            "balances": _tuples(self.balances.values()),
            "purchases": _tuples(row for mine in self.purchases.values() for row in mine.values()),
            "moves": self.moves,
            "ladders": list(self.ladders.values()),
            **self._factual.rows(),
            "timers": self.timers,
            "quarantine": self.quarantine,
            "flags": self.flags,
            "plugin_rows": self.plugin_rows,
            "member_states": self.states,
        }


def _tuples(rows: Iterable[list[Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in rows]
