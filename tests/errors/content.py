"""From the text of a case to the bytes of its files: encoded, packed, cut, as Parquet, or of many rows."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_KINDS: dict[str, tuple[pa.DataType, Callable[[str], Any]]] = {
    "text": (pa.string(), str),
    "float": (pa.float64(), float),
    "long": (pa.uint64(), int),
    "local": (pa.timestamp("us"), datetime.fromisoformat),
    "utc": (pa.timestamp("us", "UTC"), datetime.fromisoformat),
}


def written(text: str, words: list[str]) -> bytes:
    """Return *text* as bytes, changed by each of *words* in turn."""
    content = text.encode()
    for word in words:
        content = _changed(content, word)
    return content


def _changed(content: bytes, word: str) -> bytes:
    match word.split():
        case ["gzip"]:
            return gzip.compress(content, compresslevel=0, mtime=0)  # the same bytes wherever it runs
        case [count, "rows"]:
            *lines, last = content.decode().splitlines(keepends=True)
            return "".join([*lines, *(last.replace("#", str(n)) for n in range(1, int(count) + 1))]).encode()
        case ["first", count, "bytes"]:
            return content[: int(count)]
        case ["escapes"]:
            return content.decode().rstrip("\n").encode("latin-1").decode("unicode_escape").encode("latin-1")
        case ["parquet", *kinds]:
            return _parquet(content.decode(), dict(kind.split(":") for kind in kinds))
        case [encoding]:
            return content.decode().encode(encoding)
    raise ValueError(word)


def _parquet(text: str, kinds: dict[str, str]) -> bytes:
    header, *rows = [line.split(",") for line in text.splitlines()]
    columns = {}
    for name, cells in zip(header, zip(*rows, strict=True), strict=True):
        kind, read = _KINDS[kinds.get(name, "text")]
        columns[name] = pa.array([read(cell) for cell in cells], kind)
    out = io.BytesIO()
    pq.write_table(pa.table(columns), out)
    return out.getvalue()
