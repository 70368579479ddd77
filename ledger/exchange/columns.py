"""Columns of cells: a plain list, or Arrow's own memory, which is opened only where it is looked at."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import compress, count
from operator import ne
from typing import Any, Protocol

from ..errors import FactError

Convert = Callable[[Any], Any]
MEMO_SIZE = 50_000


class Memo(dict[Any, Any]):
    """Converts each distinct cell once. A cell that cannot be converted has its FactError as value."""

    def __init__(self, convert: Convert) -> None:
        super().__init__()
        self._convert = convert
        self.has_faults = False

    def __missing__(self, cell: Any) -> Any:
        try:
            value = self._convert(cell)
        except FactError as error:
            value, self.has_faults = error, True
        self[cell] = value
        return value

    def values_of(self, cells: Sequence[Any]) -> list[Any]:
        """Return the values of some cells, FactErrors among them."""
        if len(self) > MEMO_SIZE:
            self.clear()
        return list(map(self.__getitem__, cells))


class Column(Protocol):
    """The cells of one column of some rows. A cell is a text, an int, a float, a bool, a tuple or None."""

    def cells(self) -> list[Any]:
        """Return all cells."""
        ...

    def at(self, rows: list[int]) -> list[Any]:
        """Return the cells of some rows."""
        ...

    def changes(self) -> set[int]:
        """Return the rows whose cell differs from that of the row before."""
        ...

    def converted(self, memo: Memo) -> list[Any]:
        """Return the value of every cell."""
        ...

    def part(self, start: int, stop: int | None = None) -> Column:
        """Return the column of some of the rows."""
        ...

    def followed_by(self, other: Column) -> Column:
        """Return one column of the rows of both."""
        ...


class CellColumn:
    """A column of Python's own objects."""

    __slots__ = ("_cells",)

    def __init__(self, cells: list[Any]) -> None:
        self._cells = cells

    def cells(self) -> list[Any]:
        """Return all cells."""
        return self._cells

    def at(self, rows: list[int]) -> list[Any]:
        """Return the cells of some rows."""
        cells = self._cells
        return [cells[row] for row in rows]

    def changes(self) -> set[int]:
        """Return the rows whose cell differs from that of the row before."""
        return set(compress(count(1), map(ne, self._cells[1:], self._cells)))

    def converted(self, memo: Memo) -> list[Any]:
        """Return the value of every cell."""
        return memo.values_of(self._cells)

    def part(self, start: int, stop: int | None = None) -> Column:
        """Return the column of some of the rows."""
        return CellColumn(self._cells[start:stop])

    def followed_by(self, other: Column) -> Column:
        """Return one column of the rows of both."""
        return CellColumn(self._cells + other.cells())


class ArrowColumn:
    """A column of numbers, flags or texts as Arrow holds it."""

    __slots__ = ("_array",)

    def __init__(self, held: Any) -> None:
        self._array = held

    def cells(self) -> list[Any]:
        """Return all cells."""
        cells: list[Any] = self._array.to_pylist()
        return cells

    def at(self, rows: list[int]) -> list[Any]:
        """Return the cells of some rows."""
        import pyarrow

        # Not pyarrow.array(rows): that looks for pandas first, and importing it takes a second.
        buffer = pyarrow.py_buffer(array("q", rows))
        chosen = pyarrow.Array.from_buffers(pyarrow.int64(), len(rows), [None, buffer])
        cells: list[Any] = self._array.take(chosen).to_pylist()
        return cells

    def changes(self) -> set[int]:
        """Return the rows whose cell differs from that of the row before."""
        from pyarrow import compute

        if self._array.null_count:
            return CellColumn(self.cells()).changes()
        is_other = compute.not_equal(self._array[1:], self._array[:-1])
        return {row + 1 for row in compute.indices_nonzero(is_other).to_pylist()}

    def converted(self, memo: Memo) -> list[Any]:
        """Return the value of every cell: each distinct one is converted once, in the order of the file."""
        if self._array.null_count:
            return memo.values_of(self.cells())
        coded = self._array.dictionary_encode()
        values = memo.values_of(coded.dictionary.to_pylist())
        return list(map(values.__getitem__, coded.indices.to_pylist()))

    def part(self, start: int, stop: int | None = None) -> Column:
        """Return the column of some of the rows."""
        return ArrowColumn(self._array[start:stop])

    def followed_by(self, other: Column) -> Column:
        """Return one column of the rows of both."""
        import pyarrow

        if isinstance(other, ArrowColumn):
            return ArrowColumn(pyarrow.concat_arrays([self._array, other._array]))
        return CellColumn(self.cells() + other.cells())
