"""Flags: remarks of rules about members. A remark made twice at one position is kept once, as first made."""

from __future__ import annotations

from collections.abc import Iterable

from ..fold import FlagRow


def rows_of(flags: Iterable[FlagRow]) -> list[FlagRow]:
    """Return the rows, one for each key."""
    rows: dict[tuple[str, int, str, str], FlagRow] = {}
    for flag in flags:
        rows.setdefault(flag[:4], flag)
    return list(rows.values())
