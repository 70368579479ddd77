"""Opening the files of others: plain or .gz, with limits that hold before anything is parsed."""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from ..errors import FactError, HistoryError
from .chunk import Fault

MAX_LINE = 8 << 20
MAX_RATIO = 100
FREE_BYTES = 64 << 20
"""How much a .gz file may unpack to whatever its size."""


_PEEKED = 4096
_MARKS = (b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b", b"PK\x03\x04")
"""How UTF-16, gzip and zip files start."""


class RawLine(NamedTuple):
    """One line of a file as it is, line end included."""

    number: int
    content: bytes
    fault: Fault | None


class SourceFile:
    """A file that is read once, from its start to its end.

    Attributes:
        path: Where it is.
        size_bytes: Its size on disk.
    """

    def __init__(self, path: Path, plain: BinaryIO, *, is_packed: bool) -> None:
        self.path = path
        self._plain = plain
        self.size_bytes = plain.seek(0, io.SEEK_END)
        plain.seek(0)
        self._stream: BinaryIO = gzip.GzipFile(fileobj=plain) if is_packed else plain  # type: ignore[assignment]
        self._unpacked = 0 if is_packed else -1
        self._line = 0
        self._head = b""

    @property
    def done_bytes(self) -> int:
        """How much of the file on disk was read."""
        return self._plain.tell()

    def check_text(self) -> None:
        """Refuse a file that cannot be lines of text.

        Raises:
            HistoryError: it is empty, or binary.
        """
        start = self._peek()
        self._head = self._readline()
        if not self._head:
            raise HistoryError("file is empty", at=str(self.path))
        if b"\0" in self._head or start.startswith(_MARKS) or _is_binary(start):
            what = f"file is no text in UTF-8: it starts with {start[:8]!r}"
            hint = "unpack it, or save it as UTF-8 text; Parquet files end in .parquet"
            raise HistoryError(what, at=f"{self.path}:1", hint=hint)

    def lines(self) -> Iterator[RawLine]:
        """Yield every line; one that is too long is cut and has a fault.

        Raises:
            HistoryError: the file cannot be read to its end, or unpacks to far more than its size.
        """
        while line := self._head or self._readline():
            self._head = b""
            self._line += 1
            fault = None
            if len(line) > MAX_LINE:
                fault = Fault(FactError(f"line is longer than {MAX_LINE >> 20} MiB", code="too-long"))
                self._skip_line(line)
            yield RawLine(self._line, line, fault)

    def _skip_line(self, part: bytes) -> None:
        while part and not part.endswith(b"\n"):
            part = self._readline()

    def _peek(self) -> bytes:
        try:
            return self._stream.peek(_PEEKED)[:_PEEKED]  # type: ignore[attr-defined,no-any-return]
        except (EOFError, zlib.error, OSError) as error:
            raise HistoryError(f"file cannot be read: {error}", at=str(self.path)) from error

    def _readline(self) -> bytes:
        try:
            line = self._stream.readline(MAX_LINE + 1)
        except (EOFError, zlib.error, OSError) as error:
            raise HistoryError(
                f"file cannot be read further: {error}", at=f"{self.path}:{self._line + 1}"
            ) from error
        if self._unpacked >= 0:
            self._unpacked += len(line)
            if self._unpacked > FREE_BYTES + MAX_RATIO * self._plain.tell():
                what = f"file unpacks to more than {MAX_RATIO} times its size"
                at = f"{self.path}:{self._line + 1}"
                raise HistoryError(what, at=at, hint="unpack it yourself and look at it")
        return line


def _is_binary(start: bytes) -> bool:
    if b"\0" not in start:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return True
    return False


@contextmanager
def open_source(path: Path) -> Iterator[SourceFile]:
    """Open a file for one reading.

    Raises:
        HistoryError: missing, a folder, or not permitted.
    """
    try:
        plain = path.open("rb")
    except OSError as error:
        raise HistoryError(f"cannot open the file: {error.strerror}", at=str(path)) from error
    with plain:
        yield SourceFile(path, plain, is_packed=path.suffix == ".gz")
