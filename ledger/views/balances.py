"""Balances: a row for each member who has an entry.

One rule of signs: the column of an account is minus the sum of its postings, so what the account gave the
member is positive and what it took is negative. As every entry sums to zero::

    points + pending + held
        = issued + redeemed + expired + reversed + adjusted + transferred + waived + opened

*debt* is minus the sum of the entries that cite no lot: points spent beyond all lots. It is never negative
in a sound journal; ``loyalty check`` says so where it is.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection

from ..journal import ACCOUNTS, Entry
from .loading import rows_of_members

BalanceRow = list[Any]
_FIRST_ACCOUNT = 5
_ENTRIES, _BOOKED_US = 13, 14
_COLUMN = {account: _FIRST_ACCOUNT + number for number, account in enumerate(ACCOUNTS)}


def fold(member: str, entries: Iterable[Entry], row: BalanceRow | None) -> BalanceRow:
    """Fold one member's entries into that member's row, which is made if there is none."""
    if row is None:
        row = [member, *[0] * 13, -(2**63)]
    available = held_back = held_points = debt = count = 0
    booked_us = row[_BOOKED_US]
    column = _COLUMN
    for _, _, _, at_us, _, _, _, _, lot, points, pending, held, account, contra, _, _, _ in entries:
        count += 1
        available += points
        if pending:
            held_back += pending
        if held:
            held_points += held
        if lot is None:
            debt -= points + pending + held
        if contra:
            row[column[account]] -= contra
        booked_us = max(booked_us, at_us)
    row[1] += available
    row[2] += held_back
    row[3] += held_points
    row[4] += debt
    row[_ENTRIES] += count
    row[_BOOKED_US] = booked_us
    return row


def load(connection: Connection, slot: str, members: Iterable[str]) -> dict[str, BalanceRow]:
    """Return the stored rows of *members*."""
    return {row[0]: list(row) for row in rows_of_members(connection, f"balances__{slot}", members)}
