"""Parquet files: only the columns that are read, some thousand rows at a time."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ..errors import FactError, HistoryError, LoyaltyError
from .chunk import Chunk, Fault
from .columns import ArrowColumn, CellColumn, Column
from .delimited import check_columns
from .mapping import Mapping

CHUNK_ROWS = 32_768


def load_arrow() -> Any:
    """Import pyarrow, which takes its time, when a file asks for it.

    Raises:
        LoyaltyError: it is not installed.
    """
    # Arrow's own pool keeps what it frees: a file of ten parts takes a sixth more memory than of one.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        hint = "pip install 'loyalty-ledger[parquet]'"
        raise LoyaltyError("reading Parquet needs pyarrow", hint=hint) from error
    return pyarrow


class ParquetFile:
    """The rows of one Parquet file; those of a file whose facts have no id are read with all columns.

    Attributes:
        columns: The names of its columns.
        total_rows: How many rows it has.
        done_rows: How many were read.
    """

    def __init__(self, path: Path, mapping: Mapping) -> None:
        """Read the schema.

        Raises:
            HistoryError: no Parquet file, or a column is missing or of a kind that is not read.
            LoyaltyError: pyarrow is not installed.
        """
        self._arrow = pyarrow = load_arrow()
        self._path = path
        self.done_rows = 0
        try:
            self._file = pyarrow.parquet.ParquetFile(path, memory_map=False, pre_buffer=False)
        except (pyarrow.ArrowException, OSError) as error:
            what = f"no Parquet file: {str(error).splitlines()[0]}"
            raise HistoryError(what, at=str(path), hint="was it copied to its end?") from error
        self.total_rows: int = self._file.metadata.num_rows
        schema = self._file.schema_arrow
        self.columns: list[str] = list(schema.names)
        check_columns(self.columns, mapping, str(path))
        wanted = set(mapping.wanted() if mapping.id_columns else self.columns)
        readable = {field.name for field in schema if _is_readable(pyarrow, field.type)}
        if refused := set(mapping.wanted()) - readable:
            name = min(refused)
            kind = schema.field(name).type
            raise HistoryError(f"column {name!r} is of the kind {kind}, which is not read", at=str(path))
        self._names = [name for name in self.columns if name in wanted & readable]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows.

        Raises:
            HistoryError: a part of the file cannot be read.
        """
        parts = self._file.iter_batches(CHUNK_ROWS, columns=self._names, use_threads=False)
        while True:
            try:
                part = next(parts, None)
            except (self._arrow.ArrowException, OSError) as error:
                raise HistoryError(
                    f"file cannot be read further: {str(error).splitlines()[0]}",
                    at=f"{self._path}, after row {self.done_rows}",
                ) from error
            if part is None:
                return
            if part.num_rows:
                yield self._chunk(part)

    def _chunk(self, part: Any) -> Chunk:
        first = self.done_rows + 1
        self.done_rows += part.num_rows
        faults: dict[int, Fault] = {}
        columns = {name: self._column(part.column(name), name, faults) for name in self._names}
        return Chunk(range(first, self.done_rows + 1), columns, None, faults)

    def _column(self, column: Any, name: str, faults: dict[int, Fault]) -> Column:
        types = self._arrow.types
        if types.is_dictionary(column.type):
            column = column.dictionary_decode()
        if types.is_timestamp(column.type) and column.type.tz is not None:
            column = column.cast(self._arrow.timestamp(column.type.unit, "UTC"))
        if types.is_temporal(column.type) or types.is_decimal(column.type):
            column = column.cast(self._arrow.string())
        if types.is_list(column.type) or types.is_large_list(column.type):
            return CellColumn([_hashable(cell) for cell in column.to_pylist()])
        try:
            column.validate(full=True)
        except self._arrow.ArrowInvalid:
            return CellColumn(_damaged(column, name, faults))
        return ArrowColumn(column)


def _damaged(column: Any, name: str, faults: dict[int, Fault]) -> list[Any]:
    cells: list[Any] = []
    for row, scalar in enumerate(column):
        try:
            cells.append(scalar.as_py())
        except UnicodeDecodeError:
            faults.setdefault(row, Fault(FactError("text is not UTF-8", code="encoding"), name))
            cells.append(None)
    return cells


def _is_readable(arrow: Any, kind: Any) -> bool:
    types = arrow.types
    if types.is_dictionary(kind) or types.is_list(kind) or types.is_large_list(kind):
        return _is_readable(arrow, kind.value_type)
    checks = (
        types.is_integer, types.is_floating, types.is_boolean, types.is_string, types.is_large_string,
        types.is_timestamp, types.is_date, types.is_decimal, types.is_null,
    )  # fmt: skip
    return any(check(kind) for check in checks)


def kept_chunk(content: bytes, mapping: Mapping) -> Chunk:
    """Return the rows of bytes that were kept: one JSON object a line.

    Raises:
        HistoryError: a column of the mapping was not kept.
    """
    rows = [msgspec.json.decode(line) for line in content.splitlines()]
    check_columns(list(rows[0]), mapping, "the rejected rows")
    columns: dict[str, Column] = {
        name: CellColumn([_hashable(row[name]) for row in rows]) for name in rows[0]
    }
    return Chunk(range(1, len(rows) + 1), columns, None, {})


def _hashable(cell: Any) -> Any:
    return tuple(cell) if isinstance(cell, list) else cell
