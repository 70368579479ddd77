"""Lots: what each accrual brought, what is left of it, and its terms.

A lot begins with the first entry that cites it. *points*, *pending* and *held* are the sums of its entries:
what is left. *earned* is the sum of what came in under the accounts issued, opened, adjusted and
transferred (entries whose *contra* is negative); points given back by a cancelled redemption were earned
before and do not count again. A later entry that carries terms changes them.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection

from ..journal import Entry
from .loading import rows_of_keys

LotRow = list[Any]
_EARNING = frozenset({"issued", "opened", "adjusted", "transferred"})


def fold(member: str, entries: Iterable[Entry], lots: dict[int, LotRow]) -> None:
    """Fold one member's entries into that member's lots, by lot number."""
    for entry in entries:
        (
            _,
            _,
            _,
            booked_us,
            fact,
            rule,
            _,
            _,
            lot,
            points,
            pending,
            held,
            account,
            contra,
            usable_us,
            expires_us,
            _,
        ) = entry
        if lot is None:
            continue
        earned = -contra if contra < 0 and account in _EARNING else 0
        row = lots.get(lot)
        if row is None:
            opened_us = booked_us if usable_us is None else usable_us
            lots[lot] = [
                member,
                lot,
                fact,
                rule,
                booked_us,
                opened_us,
                expires_us,
                earned,
                points,
                pending,
                held,
            ]
            continue
        if usable_us is not None:
            row[5] = usable_us
        if expires_us is not None:
            row[6] = expires_us
        row[7] += earned
        row[8] += points
        row[9] += pending
        row[10] += held


def touched(entries: Iterable[Entry]) -> set[tuple[str, int]]:
    """Return the keys of the rows that these entries change."""
    return {(entry[0], entry[8]) for entry in entries if entry[8] is not None}


def load(
    connection: Connection, slot: str, keys: Collection[tuple[str, int]]
) -> dict[str, dict[int, LotRow]]:
    """Return the stored rows of *keys*, by member and lot."""
    found: dict[str, dict[int, LotRow]] = {}
    for row in rows_of_keys(connection, f"lots__{slot}", "lot", keys):
        found.setdefault(row[0], {})[row[1]] = list(row)
    return found
