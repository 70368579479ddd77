"""Shared budgets are granted before a fold: each fact that may claim of one, in the order of the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from ..facts import Fact
from ..fold import Fold
from ..store.reading import FactRow, facts_of_topics


def prime(fold: Fold, connection: Connection, read: Callable[[FactRow], Fact[Any]], upto: int) -> None:
    """Let a fold grant every stored fact up to a position that has not had its turn.

    Without a budget nothing is read, and reading stops when every budget is used up.

    Args:
        fold: Keeps what it has granted.
        connection: Of a reading.
        read: Decodes a stored fact.
        upto: The position.
    """
    if not fold.claiming or fold.grants.position >= upto:
        return
    for row in facts_of_topics(connection, fold.claiming, after=fold.grants.position, upto=upto):
        if not fold.grant(read(row)):
            break
    fold.grants.position = upto
