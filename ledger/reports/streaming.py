"""One JSON document written piece by piece, so that a long answer needs no memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any


def array_lines(rows: Iterable[Any]) -> Iterator[str]:
    """Yield the lines of a JSON array, a row a line.

    >>> list(array_lines([{"a": 1}, {"a": 2}]))
    ['[{"a": 1}', ',{"a": 2}', ']']
    """
    lead = "["
    for row in rows:
        yield lead + _text(row)
        lead = ","
    yield "]" if lead == "," else "[]"


def object_lines(name: str, rows: Iterable[Any], rest: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of a JSON object with one long array, which comes first.

    >>> "".join(object_lines("rows", [1, 2], {"total": 3}))
    '{"rows": [1,2], "total": 3}'
    """
    lead = "{" + f"{_text(name)}: "
    for line in array_lines(rows):
        yield lead + line
        lead = ""
    yield "".join(f", {_text(key)}: {_text(value)}" for key, value in rest.items()) + "}"


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
