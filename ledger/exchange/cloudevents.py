"""CloudEvents as JSON Lines: one fact a line, as ``loyalty export`` writes them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from ..errors import FactError, HistoryError
from ..facts import Draft, Registry, read_event
from ..facts.purchase import PurchaseRecorded
from .chunk import Chunk, Fault, Item
from .source_file import RawLine, SourceFile

CHUNK_LINES = 2_000
MAX_CHUNK = 16 << 20
"""Bytes after which a chunk ends, so that long lines do not fill the memory."""


def event_items(source: SourceFile, registry: Registry) -> Iterator[list[Item]]:
    """Yield the facts of a file, some thousand lines at a time; blank lines are passed over.

    Raises:
        HistoryError: empty, binary, or it cannot be read to its end; the facts before are yielded first.
    """
    source.check_text()
    lines: list[RawLine] = []
    size = 0
    failure: HistoryError | None = None
    try:
        for line in source.lines():
            if line.content.strip():
                lines.append(line)
                size += len(line.content)
            if len(lines) >= CHUNK_LINES or size > MAX_CHUNK:
                yield items_of_lines(lines, registry)
                lines, size = [], 0
    except HistoryError as error:
        failure = error
        if lines and not lines[-1].content.endswith(b"\n"):
            lines.pop()
    if lines:
        yield items_of_lines(lines, registry)
    if failure:
        raise failure


def items_of_lines(lines: list[RawLine], registry: Registry) -> list[Item]:
    """Return the fact, or the fault, of every line."""
    chunk = Chunk([line.number for line in lines], {}, [line.content for line in lines], {})
    items = []
    for row, line in enumerate(lines):
        try:
            if line.fault:
                raise line.fault.error
            content = line.content.removeprefix(b"\xef\xbb\xbf") if line.number == 1 else line.content
            draft = read_event(registry, content.strip(b" \t\r\n"))
            items.append(Item(chunk, row, row + 1, row, draft, purchase=_purchase(draft)))
        except FactError as error:
            items.append(Item(chunk, row, row + 1, row, None, Fault(error), _subject(line.content)))
        except RecursionError:
            deep = Fault(FactError("deeper than 32 levels", code="too-deep"))
            items.append(Item(chunk, row, row + 1, row, None, deep))
    return items


class _Amount(msgspec.Struct, gc=False):
    amount_minor: int
    currency: str


class _Purchase(msgspec.Struct, gc=False):
    data: _Amount


_decode_purchase = msgspec.json.Decoder(_Purchase).decode


def _purchase(draft: Draft) -> tuple[str, int] | None:
    if draft.topic != PurchaseRecorded.topic:
        return None
    bought = _decode_purchase(draft.state).data
    return bought.currency, bought.amount_minor


class _Subject(msgspec.Struct):
    subject: str | None = None


def _subject(content: bytes) -> str | None:
    try:
        return msgspec.json.decode(content, type=_Subject).subject
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
