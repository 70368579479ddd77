"""Ladders: where each member stands on each, as the last move left it. All moves are the view ``moves``."""

from __future__ import annotations

from collections.abc import Iterable

from ..fold import MoveRow

LadderRow = tuple[str, str, str, str, int, int, int, int, str]


def fold(moves: Iterable[MoveRow], rows: dict[tuple[str, str], LadderRow]) -> None:
    """Fold moves, which come in their order, into the rows by member and ladder."""
    for move in moves:
        rows[move.member, move.ladder] = (
            move.member, move.ladder, move.rung, move.old, move.number, move.booked_us, move.position,
            move.fact, move.rule,
        )  # fmt: skip
