"""Purchases: how many, how much and when, for each member and currency, from the facts of that type.

Counted are those the fold accepted: of a member set aside, those before the position in the view
quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from ..facts.purchase import PurchaseRecorded
from .loading import rows_of_members

TOPIC = PurchaseRecorded.topic
Bought = tuple[str, str, int, int]
"""What counts here of a purchase: member, currency, minor units and when. The fact itself is let go at once:
to keep whole baskets until their member is folded costs memory and time."""
PurchaseRow = list[Any]
Purchases = dict[str, dict[str, PurchaseRow]]


def fold(bought: Iterable[Bought], rows: Purchases) -> None:
    """Fold purchases into the rows, by member and currency."""
    for member, currency, amount_minor, occurred_us in bought:
        currencies = rows.get(member)
        if currencies is None:
            currencies = rows[member] = {}
        row = currencies.get(currency)
        if row is None:
            currencies[currency] = [member, currency, 1, amount_minor, occurred_us, occurred_us]
            continue
        row[2] += 1
        row[3] += amount_minor
        if occurred_us > row[5]:
            row[5] = occurred_us
        elif occurred_us < row[4]:
            row[4] = occurred_us


def load(connection: Connection, slot: str, members: Iterable[str]) -> Purchases:
    """Return the stored rows of *members*, by member and currency."""
    found: Purchases = {}
    for row in rows_of_members(connection, f"purchases__{slot}", members):
        found.setdefault(row[0], {})[row[1]] = list(row)
    return found
