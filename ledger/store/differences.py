"""Where two facts of the same identity differ: what a conflict names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

_MISSING = object()


def differing_fields(stored: bytes, given: bytes) -> tuple[str, ...]:
    """Return the dotted paths at which two JSON texts differ, in code-point order.

    >>> differing_fields(b'{"id":"1","data":{"amount_minor":5}}', b'{"id":"1","data":{"amount_minor":6}}')
    ('data.amount_minor',)
    """
    return tuple(sorted(_differing("", msgspec.json.decode(stored), msgspec.json.decode(given))))


def _differing(path: str, stored: Any, given: Any) -> Iterator[str]:
    if isinstance(stored, dict) and isinstance(given, dict):
        for key in stored.keys() | given.keys():
            below = f"{path}.{key}" if path else key
            yield from _differing(below, stored.get(key, _MISSING), given.get(key, _MISSING))
    elif isinstance(stored, list) and isinstance(given, list) and len(stored) == len(given):
        for index, (old, new) in enumerate(zip(stored, given, strict=True)):
            yield from _differing(f"{path}.{index}", old, new)
    elif type(stored) is not type(given) or stored != given:
        yield path
