"""Which reader reads a file, and how kept bytes are read again."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from ..errors import HistoryError, UsageError
from ..facts import Registry
from . import delimited, parquet
from .baskets import is_sure, items_of
from .chunk import Chunk, Item
from .cloudevents import event_items, items_of_lines
from .mapping import Format, Mapping
from .occurrences import KeptName, Naming
from .plan import Plan
from .scattered import brought_together
from .source_file import RawLine, open_source

CLOUDEVENTS = "cloudevents"
_EVENT_SUFFIXES = (".jsonl", ".ndjson", ".json")


class Opened(NamedTuple):
    """A file that was found readable.

    Attributes:
        format: Its format, as kept with the import.
        kept_mapping: The mapping and the file's columns as JSON, enough to read kept bytes again.
        items: Its facts.
        extent: How much was read, and of how much: bytes, of a Parquet file rows.
    """

    format: str
    kept_mapping: str | None
    items: Iterator[list[Item]]
    extent: Callable[[], tuple[int, int]]


class KeptMapping(msgspec.Struct, frozen=True):
    """A mapping as it is stored with an import."""

    mapping: Mapping
    columns: list[str]
    format: Format


@contextmanager
def open_file(path: Path, mapping: Mapping | None, registry: Registry, naming: Naming) -> Iterator[Opened]:
    """Open a file; what is wrong with all of it is found here.

    Args:
        path: The file.
        mapping: How rows become facts; None for CloudEvents.
        registry: The known types of facts.
        naming: Gives ids to facts without an id of their own.

    Raises:
        HistoryError: missing, empty, binary, in another encoding or format, or without a column.
        UsageError: the mapping does not fit its type of fact, or the file needs one.
    """
    if mapping is None:
        _refuse_tables(path)
        with open_source(path) as source:
            items = event_items(source, registry)
            yield Opened(CLOUDEVENTS, None, items, lambda: (source.done_bytes, source.size_bytes))
        return
    kind = mapping.format_of(path)
    plan = Plan(mapping, registry)
    with open_source(path) as source:
        reader: parquet.ParquetFile | delimited.DelimitedFile
        if kind == "parquet":
            rows = reader = parquet.ParquetFile(path, mapping)
            extent = lambda: (rows.done_rows, rows.total_rows)  # noqa: E731
        else:
            reader = delimited.DelimitedFile(source, mapping, kind)
            extent = lambda: (source.done_bytes, source.size_bytes)  # noqa: E731
        kept = msgspec.json.encode(KeptMapping(mapping, reader.columns, kind)).decode()
        with closing(_joined(reader.chunks(), plan)) as chunks:
            yield Opened(kind, kept, items_of(chunks, plan, registry, naming), extent)


def _joined(chunks: Iterator[Chunk], plan: Plan) -> Generator[Chunk, None, None]:
    keys = plan.mapping.group_columns
    if plan.mapping.rows == "scattered" and keys:
        yield from brought_together(chunks, keys, lambda chunk, row: is_sure(chunk, row, plan))
    else:
        yield from chunks


def _refuse_tables(path: Path) -> None:
    suffix = Path(path.stem).suffix if path.suffix == ".gz" else path.suffix
    if suffix.lower() in (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq"):
        raise UsageError(
            f"a {suffix} file needs a mapping: {path.name!r}", hint="loyalty import FILE --map MAPPING.toml"
        )


def read_again(
    content: bytes, kept: str | None, registry: Registry, *, mapping: Mapping | None, digest: str
) -> list[Item]:
    """Return the facts of bytes that were kept when they were rejected.

    Args:
        content: As kept.
        kept: The mapping stored with their import; None for CloudEvents.
        registry: The known types of facts.
        mapping: Another mapping to use instead, or None.
        digest: Of the reject; the id of a fact that has none of its own.

    Raises:
        HistoryError: a column of the mapping was not kept.
        UsageError: the mapping does not fit its type of fact.
    """
    if kept is None:
        return items_of_lines([RawLine(0, content, None)], registry)
    stored = msgspec.json.decode(kept, type=KeptMapping)
    used = mapping or stored.mapping
    if stored.format == "parquet":
        chunk = parquet.kept_chunk(content, used)
    else:
        chunk = delimited.kept_chunk(content, stored.columns, used, stored.format)
    if not len(chunk):
        raise HistoryError("kept rows are empty")
    chunks = items_of([chunk], Plan(used, registry), registry, KeptName(digest))
    return [item for items in chunks for item in items]
