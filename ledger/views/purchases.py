"""Purchases: how many, how much and when, for each member and currency, from the facts of that type.

Counted are those the fold accepted: of a member set aside, those before the position in the view
quarantine.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from ..facts import Fact
from ..facts.purchase import PurchaseRecorded
from .loading import rows_of_members

TOPIC = PurchaseRecorded.topic
PurchaseRow = list[Any]
Purchases = dict[str, dict[str, PurchaseRow]]


def fold(facts: Iterable[Fact[PurchaseRecorded]], rows: Purchases) -> None:
    """Fold purchases into the rows, by member and currency."""
    for fact in facts:
        purchase, member, occurred_us = fact.data, fact.subject, fact.occurred_us
        currencies = rows.get(member)
        if currencies is None:
            currencies = rows[member] = {}
        row = currencies.get(purchase.currency)
        if row is None:
            currency = purchase.currency
            currencies[currency] = [member, currency, 1, purchase.amount_minor, occurred_us, occurred_us]
            continue
        row[2] += 1
        row[3] += purchase.amount_minor
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
