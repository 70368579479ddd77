"""Digests of views: equal rows give equal digests, on either database and in whatever generation.

A digest is the SHA-256 of the rows in the order of their key, each a JSON array on a line of its own:
integers, texts, true, false and null; bytes in base64. No row holds when it was recorded or in which
generation it stands.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec
from sqlalchemy import Boolean, Connection

from ..store.bulk import stream_rows
from ..tables import SLOTS, VIEWS
from .generations import live

_encode = msgspec.json.Encoder().encode


def digest_of_views(connection: Connection) -> dict[str, str]:
    """Return the digest of every live view, by name; before the first run, of empty ones."""
    serving = live(connection)
    return digest_of_slot(connection, serving.slot if serving else SLOTS[0])


def digest_of_slot(connection: Connection, slot: str, names: Iterable[str] = tuple(VIEWS)) -> dict[str, str]:
    """Return the digests of views in one slot."""
    return {name: _digest(connection, name, slot) for name in names}


def overall_digest(digests: dict[str, str]) -> str:
    """Return one digest for all: of the lines "name digest", in the order of the names."""
    return hashlib.sha256(
        "".join(f"{name} {digests[name]}\n" for name in sorted(digests)).encode()
    ).hexdigest()


def _digest(connection: Connection, name: str, slot: str) -> str:
    table = VIEWS[name][slot]
    keys = ", ".join(column.name for column in table.primary_key)
    # SQLite knows no booleans: it gives back 0 and 1.
    flags = [number for number, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    digest = hashlib.sha256()
    for row in stream_rows(connection, f"SELECT * FROM {table.name} ORDER BY {keys}"):  # noqa: S608 - our own names
        values: list[object] | tuple[object, ...] = row
        if flags:
            values = list(row)
            for number in flags:
                values[number] = bool(values[number])
        digest.update(_encode(values) + b"\n")
    return digest.hexdigest()
