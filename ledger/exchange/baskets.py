"""Columns in, facts out: rows are grouped into baskets, and every basket becomes a draft or a fault."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from typing import Any

import msgspec

from ..errors import FactError, HistoryError
from ..facts import Draft, Registry
from ..facts.envelope import checked_draft
from ..facts.purchase import PurchaseRecorded
from .chunk import Chunk, Fault, Item
from .columns import Memo
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
        edges = _edges(rows, plan)
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


def _edges(rows: Chunk, plan: Plan) -> list[int]:
    """Return where baskets start, and the end."""
    size = len(rows)
    if not plan.mapping.group_columns:
        return list(range(size + 1))
    keys = [rows.columns[key] for key in plan.mapping.group_columns]
    changes = set().union(*(key.changes() for key in keys))
    cells = list(zip(*(key.cells() for key in keys), strict=True)) if rows.faults else []
    for row in rows.faults:
        if plan.mapping.rows == "scattered":
            changes |= set() if is_sure(rows, row, plan) else {row, row + 1} - {0, size}
            continue
        before, after = cells[max(row - 1, 0) : row], cells[row + 1 : row + 2]
        is_inside = bool(before) and before == after
        if is_inside or (cells[row] not in before + after and not is_sure(rows, row, plan)):
            # The row stands in a basket, or nobody can say which neighbour it belongs to: they go with it.
            changes -= {row, row + 1}
    return [0, *sorted(changes), size]


def is_sure(rows: Chunk, row: int, plan: Plan) -> bool:
    """Return whether the cells of a row that cannot be read are those of their columns, as far as they go."""
    cells = {name: column.at([row])[0] for name, column in rows.columns.items()}
    cells = {name: cell for name, cell in cells.items() if cell is not None}
    keys = [cells.get(name) for name in plan.mapping.group_columns]
    if any(key is None or key == "" or "\ufffd" in str(key) for key in keys):
        return False
    memos = [(plan.time, plan.mapping.time_column.column)]
    memos += [(slot.memo, slot.column) for slot in (*plan.slots, *plan.line_slots) if not slot.takes_currency]
    return not any(isinstance(memo[cells[name]], FactError) for memo, name in memos if name in cells)


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
        firsts = _Rows(rows, starts, faults)
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
                    ready, bought = self._draft(
                        event_id, member, time_us, dict(zip(names, values, strict=True))
                    )
                    items.append(Item(rows, start, stop, start, ready, None, member, bought, digest))
                    continue
                except FactError as error:
                    worst[number] = start, Fault(error)
            at, fault = worst[number]
            known = member if isinstance(member, str) else None
            items.append(Item(rows, start, stop, at, None, fault, known, None, digest))
        return items

    def _draft(
        self, event_id: str, member: str | None, time_us: int, values: dict[str, Any]
    ) -> tuple[Draft, tuple[str, int] | None]:
        plan = self.plan
        try:
            if plan.total is not None:
                plan.check_total(values[plan.total])
            typed = plan.kind(**plan.constants, **values)
        except ValueError as error:
            raise FactError(str(error)) from error
        ready = checked_draft(
            plan.kind, typed, event_id=event_id, source=plan.mapping.source, topic=plan.kind.topic,
            subject=member, occurred_us=time_us, actor=plan.mapping.actor,
        )  # fmt: skip
        if len(ready.state) > MAX_STATE:
            raise FactError(f"fact is longer than 1 MiB: {len(ready.state)} bytes", code="too-long")
        bought = (typed.currency, typed.amount_minor) if isinstance(typed, PurchaseRecorded) else None
        return ready, bought

    def _values(self, slot: Slot, rows: _Rows) -> list[Any]:
        if not slot.takes_currency:
            return rows.values(slot.memo, slot.column)
        return rows.values(slot.memo, slot.column, self.plan.mapping.fields["currency"])

    def _lines(
        self, line: Callable[..., Any], rows: Chunk, edges: list[int], faults: dict[int, Fault]
    ) -> dict[str, list[Any]]:
        """Return the lines of every basket, and their sums where the fact has one."""
        cells = _Rows(rows, None, faults)
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
            return list(map(_id_text, rows.columns[named[0]].at(edges[:-1])))
        if named:
            parts = zip(*(rows.columns[name].at(edges[:-1]) for name in named), strict=True)
            return [":".join(map(_escaped, part)) for part in parts]
        names = sorted(rows.columns)
        table = list(zip(*(rows.columns[name].cells() for name in names), strict=True))
        label = _encode([self.plan.mapping.source, *names])
        name = self.naming.name
        return [name(label + _encode(table[a:b])) for a, b in pairwise(edges)]

    def _refuse_disagreement(self, rows: Chunk, edges: list[int], faults: dict[int, Fault]) -> None:
        starts = set(edges)
        for column in self.shared:
            for row in sorted(rows.columns[column].changes() - starts):
                before, after = rows.columns[column].at([row - 1, row])
                what = f"rows of one basket differ in {column!r}: {before!r} and {after!r}"
                faults.setdefault(row, Fault(FactError(what, code="rows-differ"), column))


class _Rows:
    """The values of some rows: the first row of each basket, or (no starts) all rows."""

    def __init__(self, rows: Chunk, starts: list[int] | None, faults: dict[int, Fault]) -> None:
        self.rows, self.faults = rows, faults
        self.starts = None if starts is None or len(starts) == len(rows) else starts

    def values(self, memo: Memo, column: str, currency: str | None = None) -> list[Any]:
        """Return converted cells; those that cannot be converted are added to the faults."""
        if currency is not None:
            values = memo.values_of(list(zip(self._cells(column), self._cells(currency), strict=True)))
        elif self.starts is not None:
            values = memo.values_of(self._cells(column))
        else:
            values = self.rows.columns[column].converted(memo)
        if memo.has_faults:
            for number, value in enumerate(values):
                if isinstance(value, FactError):
                    row = number if self.starts is None else self.starts[number]
                    self.faults.setdefault(row, Fault(value, column))
        return values

    def _cells(self, column: str) -> list[Any]:
        cells = self.rows.columns[column]
        return cells.cells() if self.starts is None else cells.at(self.starts)


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
