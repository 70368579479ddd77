"""Columns in, facts out: rows are grouped into baskets, and every basket becomes a draft or a fault."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import compress, count, pairwise
from operator import ne
from typing import Any

import msgspec

from ..errors import FactError, HistoryError
from ..facts import Draft, Registry, draft
from .cells import Memo
from .chunk import Chunk, Fault, Item
from .occurrences import Naming
from .plan import Plan, Slot

MAX_ROWS = 50_000
MAX_STATE = 1 << 20
_encode = msgspec.json.encode


def items_of(chunks: Iterable[Chunk], plan: Plan, registry: Registry, naming: Naming) -> Iterator[list[Item]]:
    """Yield the facts of each chunk, a basket that goes on in the next chunk with the next.

    Args:
        chunks: Rows in the order of the file; rows of a basket follow each other.
        plan: What the columns mean.
        registry: The known types of facts.
        naming: Gives ids to facts without an id of their own.

    Raises:
        HistoryError: a basket does not end.
    """
    builder = _Builder(plan, registry, naming)
    keys = plan.mapping.group_columns
    rest: Chunk | None = None
    for chunk in chunks:
        rows = chunk if rest is None else rest.followed_by(chunk)
        edges = _edges(rows, keys)
        if keys:
            rest = rows.tail(edges[-2])
            edges.pop()
            if len(rest) > MAX_ROWS:
                raise HistoryError(
                    f"a basket has more than {MAX_ROWS} rows, from line {rest.lines[0]}",
                    hint="is `group` in the mapping the column that tells one basket from the next?",
                )
        if len(edges) > 1:
            yield builder.items(rows, edges)
    if rest is not None:
        yield builder.items(rest, [0, len(rest)])


def _edges(rows: Chunk, keys: tuple[str, ...]) -> list[int]:
    """Return where baskets start, and the end."""
    size = len(rows)
    if not keys:
        return list(range(size + 1))
    changes = _changes(_key_cells(rows, keys))
    if rows.faults:
        cells = _key_cells(rows, keys)
        for row in rows.faults:
            around = cells[max(row - 1, 0) : row] + cells[row + 1 : row + 2]
            if cells[row] not in around:
                # Nobody can say which neighbour the row belongs to: it takes both with it.
                changes -= {row, row + 1}
    return [0, *sorted(changes), size]


def _key_cells(rows: Chunk, keys: tuple[str, ...]) -> list[Any]:
    if len(keys) == 1:
        return rows.columns[keys[0]]
    return list(zip(*(rows.columns[key] for key in keys), strict=True))


def _changes(cells: list[Any]) -> set[int]:
    """Return the rows whose cell differs from that of the row before."""
    return set(compress(count(1), map(ne, cells[1:], cells)))


class _Builder:
    def __init__(self, plan: Plan, registry: Registry, naming: Naming) -> None:
        self.plan, self.registry, self.naming = plan, registry, naming
        mapping = plan.mapping
        shared = [*mapping.id_columns, mapping.time_column.column, *(slot.column for slot in plan.slots)]
        shared += [mapping.subject] if mapping.subject else []
        self.shared = [column for column in dict.fromkeys(shared) if column not in mapping.group_columns]

    def items(self, rows: Chunk, edges: list[int]) -> list[Item]:
        """Return the facts of the baskets between *edges*."""
        mapping, plan = self.plan.mapping, self.plan
        starts = edges[:-1]
        faults = dict(rows.faults)
        if len(starts) < edges[-1]:
            self._refuse_disagreement(rows, edges, faults)
        firsts = _Firsts(rows, starts, faults)
        times = firsts.values(plan.time, mapping.time_column.column)
        subjects = firsts.values(plan.subject, mapping.subject) if mapping.subject else [None] * len(starts)
        fields = {slot.name: self._values(slot, firsts) for slot in plan.slots}
        if plan.line is not None:
            fields |= self._lines(plan.line, rows, edges, faults)
        ids = self._ids(rows, edges)
        worst = _by_basket(faults, edges)
        names = tuple(fields)
        table = zip(*fields.values(), strict=True) if fields else ((),) * len(starts)
        items = []
        for number, (stop, event_id, member, time_us, values) in enumerate(
            zip(edges[1:], ids, subjects, times, table, strict=True)
        ):
            start = starts[number]
            digest = "" if mapping.id_columns else event_id
            if number not in worst:
                try:
                    ready = self._draft(event_id, member, time_us, dict(zip(names, values, strict=True)))
                    items.append(Item(rows, start, stop, start, ready, None, member, digest))
                    continue
                except FactError as error:
                    worst[number] = start, Fault(error)
            at, fault = worst[number]
            known = member if isinstance(member, str) else None
            items.append(Item(rows, start, stop, at, None, fault, known, digest))
        return items

    def _draft(self, event_id: str, member: str | None, time_us: int, values: dict[str, Any]) -> Draft:
        plan = self.plan
        try:
            if plan.total is not None:
                plan.check_total(values[plan.total])
            typed = plan.kind(**plan.constants, **values)
        except ValueError as error:
            raise FactError(str(error)) from error
        ready = draft(
            self.registry, event_id=event_id, source=plan.mapping.source, topic=plan.kind.topic, subject=member,
            occurred_us=time_us, data=typed, actor=plan.mapping.actor,
        )  # fmt: skip
        if len(ready.state) > MAX_STATE:
            raise FactError(f"fact is longer than 1 MiB: {len(ready.state)} bytes", code="too-long")
        return ready

    def _values(self, slot: Slot, rows: _Firsts) -> list[Any]:
        if not slot.takes_currency:
            return rows.values(slot.memo, slot.column)
        return rows.values(slot.memo, slot.column, self.plan.mapping.fields["currency"])

    def _lines(
        self, line: Callable[..., Any], rows: Chunk, edges: list[int], faults: dict[int, Fault]
    ) -> dict[str, list[Any]]:
        """Return the lines of every basket, and their sums where the fact has one."""
        cells = _Firsts(rows, None, faults)
        columns = {slot.name: self._values(slot, cells) for slot in self.plan.line_slots}
        lines = list(map(line, *columns.values()))
        spans = list(pairwise(edges))
        made: dict[str, list[Any]] = {"lines": [tuple(lines[start:stop]) for start, stop in spans]}
        if self.plan.total is not None:
            amounts = columns[self.plan.total]
            if faults:
                amounts = [0 if isinstance(amount, FactError) else amount for amount in amounts]
            made[self.plan.total] = [sum(amounts[start:stop]) for start, stop in spans]
        return made

    def _ids(self, rows: Chunk, edges: list[int]) -> list[str]:
        named = self.plan.mapping.id_columns
        if len(named) == 1:
            cells = rows.columns[named[0]]
            return [_id_text(cells[start]) for start in edges[:-1]]
        if named:
            columns = [rows.columns[name] for name in named]
            return [":".join(_escaped(cells[start]) for cells in columns) for start in edges[:-1]]
        names = sorted(rows.columns)
        table = list(zip(*(rows.columns[name] for name in names), strict=True))
        label = _encode([self.plan.mapping.source, *names])
        name = self.naming.name
        return [name(label + _encode(table[a:b])) for a, b in pairwise(edges)]

    def _refuse_disagreement(self, rows: Chunk, edges: list[int], faults: dict[int, Fault]) -> None:
        starts = set(edges)
        for column in self.shared:
            for row in sorted(_changes(rows.columns[column]) - starts):
                cells = rows.columns[column]
                what = f"rows of one basket differ in {column!r}: {cells[row - 1]!r} and {cells[row]!r}"
                faults.setdefault(row, Fault(FactError(what, code="rows-differ"), column))


class _Firsts:
    """The cells of some rows: the first row of each basket, or all rows."""

    def __init__(self, rows: Chunk, starts: list[int] | None, faults: dict[int, Fault]) -> None:
        self.rows, self.faults = rows, faults
        self.starts = None if starts is None or len(starts) == len(rows) else starts

    def values(self, memo: Memo, column: str, currency: str | None = None) -> list[Any]:
        """Return converted cells; those that cannot be converted are added to the faults."""
        cells: Any = self._cells(column)
        if currency is not None:
            cells = zip(cells, self._cells(currency), strict=True)
        values = memo.column(cells)
        if memo.has_faults:
            for number, value in enumerate(values):
                if isinstance(value, FactError):
                    row = number if self.starts is None else self.starts[number]
                    self.faults.setdefault(row, Fault(value, column))
        return values

    def _cells(self, column: str) -> list[Any]:
        cells = self.rows.columns[column]
        return cells if self.starts is None else [cells[row] for row in self.starts]


def _by_basket(faults: dict[int, Fault], edges: list[int]) -> dict[int, tuple[int, Fault]]:
    """Return the first fault of each basket that has one, and its row."""
    worst: dict[int, tuple[int, Fault]] = {}
    for row in sorted(faults):
        if row < edges[-1]:
            worst.setdefault(bisect_right(edges, row) - 1, (row, faults[row]))
    return worst


def _id_text(cell: Any) -> str:
    return "" if cell is None else str(cell)


def _escaped(cell: Any) -> str:
    return _id_text(cell).replace("%", "%25").replace(":", "%3A")


__all__ = ["MAX_ROWS", "items_of"]
