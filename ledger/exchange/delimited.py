"""CSV, TSV and whitespace-separated text: rows with their bytes, and none lost to a stray quote."""

from __future__ import annotations

import codecs
import csv
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from ..errors import FactError, HistoryError, UsageError
from .chunk import Chunk, Fault
from .columns import CellColumn, Column
from .mapping import Format, Mapping
from .source_file import RawLine, SourceFile

CHUNK_ROWS = 32_768
MAX_ROW_LINES = 100
"""How many lines a quoted cell may span."""
MAX_COLUMNS = 256


class _Row(NamedTuple):
    line: int
    raw: bytes
    cells: list[str]
    fault: Fault | None


class DelimitedFile:
    """The rows of one text file.

    Attributes:
        columns: The names of its columns.
    """

    def __init__(self, source: SourceFile, mapping: Mapping, kind: Format) -> None:
        """Read the header.

        Raises:
            HistoryError: empty, binary, not in the encoding, or a column is missing.
            UsageError: no such encoding.
        """
        source.check_text()
        feed = _Feed(source.lines(), _codec(mapping.encoding))
        self._rows = rows_of(feed, kind)
        at = f"{source.path}:1"
        first = next(self._rows, None)
        if first is None:
            raise HistoryError("file is empty", at=str(source.path))
        if first.fault is not None and first.fault.error.code == "encoding":
            hint = 'write its encoding in the mapping, such as encoding = "cp1252"'
            raise HistoryError(first.fault.error.what, at=at, hint=hint)
        if mapping.columns:
            self.columns = list(mapping.columns)
        elif mapping.header:
            self.columns = [cell.strip() for cell in first.cells]
        else:
            hint = 'write columns = ["first", "second"]'
            raise UsageError("mapping says header = false, but has no columns", hint=hint)
        check_columns(self.columns, mapping, at)
        feed.width = len(self.columns)
        self._pending = [] if mapping.header else [first]

    def chunks(self) -> Iterator[Chunk]:
        """Yield the rows after the header.

        Raises:
            HistoryError: the file cannot be read to its end; the rows before are yielded first.
        """
        failure: HistoryError | None = None
        while failure is None:
            part, self._pending = self._pending, []
            try:
                part.extend(islice(self._rows, CHUNK_ROWS))
            except HistoryError as error:
                failure = error
            if part:
                yield chunk_of(part, self.columns)
            elif failure is None:
                return
        raise failure


def check_columns(columns: list[str], mapping: Mapping, at: str) -> None:
    """Refuse a file whose columns are not those the mapping reads.

    Raises:
        HistoryError: a column is missing, there twice, or there are too many.
    """
    twice = [name for number, name in enumerate(columns) if name in columns[:number]]
    if twice:
        raise HistoryError(f"column {twice[0]!r} is there twice", at=at)
    if len(columns) > MAX_COLUMNS:
        raise HistoryError(f"more than {MAX_COLUMNS} columns: {len(columns)}", at=at)
    for name in mapping.wanted():
        if name not in columns:
            shown = ", ".join(repr(column) for column in columns[:20])
            raise HistoryError(f"no column {name!r}", at=at, hint=f"the file has {shown}")


def chunk_of(rows: list[_Row], columns: list[str]) -> Chunk:
    """Return rows column by column; one with too few or too many cells has a fault."""
    width = len(columns)
    faults: dict[int, Fault] = {}
    table: list[list[str] | list[str | None]] = []
    for number, row in enumerate(rows):
        cells: list[str] | list[str | None] = row.cells
        if len(cells) != width or row.fault:
            what = f"row has {len(cells)} cells, but there are {width} columns"
            faults[number] = row.fault or Fault(FactError(what, code="cells"))
            cells = [*cells[:width], *[None] * (width - len(cells))]
        table.append(cells)
    turned = zip(columns, zip(*table, strict=True), strict=True)
    cells_by_name: dict[str, Column] = {name: CellColumn(list(cells)) for name, cells in turned}
    return Chunk([row.line for row in rows], cells_by_name, [row.raw for row in rows], faults)


def kept_chunk(content: bytes, columns: list[str], mapping: Mapping, kind: Format) -> Chunk:
    """Return the rows of bytes that were kept.

    Raises:
        HistoryError: a column of the mapping is not among *columns*.
    """
    check_columns(columns, mapping, "the rejected rows")
    lines = (RawLine(number, line, None) for number, line in enumerate(content.splitlines(keepends=True), 1))
    feed = _Feed(lines, _codec(mapping.encoding))
    feed.width = len(columns)
    return chunk_of(list(rows_of(feed, kind)), columns)


def rows_of(feed: _Feed, kind: Format) -> Iterator[_Row]:
    """Yield every row that is not blank, with its first line, its bytes and its cells."""
    if kind == "whitespace":
        for text in feed:
            if cells := text.split():
                yield feed.row(cells)
            feed.forget()
        return
    reader = csv.reader(feed, delimiter="\t" if kind == "tsv" else ",", strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield feed.broken_row(str(error))
            continue
        if feed.has_swallowed(cells):
            yield feed.broken_row("a quote opens before other rows")
            continue
        if cells:
            yield feed.row(cells)
        feed.forget()


class _Feed:
    """Hands text to the csv module and keeps the bytes until their row is complete."""

    def __init__(self, lines: Iterator[RawLine], encoding: str) -> None:
        self._lines, self._encoding = lines, encoding
        self._again: deque[RawLine] = deque()
        self._taken: list[RawLine] = []
        self._fault: Fault | None = None
        self.width: int | None = None

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        if len(self._taken) >= MAX_ROW_LINES:
            raise StopIteration
        line = self._again.popleft() if self._again else next(self._lines)
        self._taken.append(line)
        if line.fault:
            self._fault = line.fault
        try:
            text = line.content.decode(self._encoding)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            what = f"not {self._encoding.upper()} at byte {error.start + 1} of the line: {byte:#04x}"
            self._fault = Fault(FactError(what, code="encoding"))
            text = line.content.decode(self._encoding, "replace")
        return text.removeprefix("\ufeff") if line.number == 1 else text

    def has_swallowed(self, cells: list[str]) -> bool:
        """Return whether a row of several lines is none, but rows behind a stray quote."""
        return len(self._taken) > 1 and self.width is not None and len(cells) != self.width

    def row(self, cells: list[str]) -> _Row:
        """Return the row that the lines taken make."""
        return _Row(self._taken[0].number, b"".join(line.content for line in self._taken), cells, self._fault)

    def broken_row(self, why: str) -> _Row:
        """Return the first line taken as a row that cannot be read, and hand out the others again."""
        first, *others = self._taken
        self._again.extendleft(reversed(others))
        fault = None if others else self._fault
        fault = fault or Fault(FactError(f"row cannot be split: {why}", code="quoting"))
        self.forget()
        return _Row(first.number, first.content, [], fault)

    def forget(self) -> None:
        """Start the next row."""
        self._taken = []
        self._fault = None


def _codec(name: str) -> str:
    try:
        # Lines are split before they are decoded: the line end must be the byte it is in ASCII.
        if "a\n".encode(name) == b"a\n":
            return codecs.lookup(name).name
        raise LookupError(name)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"no encoding of text to be read line by line: {name!r}", hint="use utf-8, latin-1 or cp1252"
        ) from error
