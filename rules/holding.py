"""Holds: points set apart from their lots, then spent or given back."""

from __future__ import annotations

import msgspec

from .cause import Cause
from .journaling import Account
from .state import Burned, Held


def place(account: Account, name: str, points: int, order: str, reason: str, cause: Cause) -> None:  # noqa: PLR0917
    """Set points apart, in burn order; the member must have them."""
    pieces = account.take_from_lots(points, reason, cause, "held")
    account.state.holds[name] = Held(cause.fact, order, tuple(pieces))


def void(account: Account, name: str, reason: str, cause: Cause) -> None:
    """Give all that a hold holds back to its lots."""
    _give_back(account, account.state.holds.pop(name).pieces, reason, cause)


def capture(account: Account, name: str, points: int, reason: str, cause: Cause) -> tuple[Burned, ...]:
    """Spend points of a hold, in the order they were taken; the rest goes back to its lots.

    Returns:
        What was spent.
    """
    spent, rest, left = list[Burned](), list[Burned](), points
    for piece in account.state.holds.pop(name).pieces:
        part = min(piece.points, left)
        left -= part
        if part:
            account.state.held -= part
            account.write(cause, cause.rule, reason, piece.lot, 0, 0, "redeemed", part, held=-part)
            spent.append(msgspec.structs.replace(piece, account="redeemed", points=part))
        if part < piece.points:
            rest.append(msgspec.structs.replace(piece, points=piece.points - part))
    _give_back(account, tuple(rest), f"{reason}: the rest is free", cause)
    return tuple(spent)


def held_points(held: Held) -> int:
    """Return how many points a hold holds."""
    return sum(piece.points for piece in held.pieces)


def _give_back(account: Account, pieces: tuple[Burned, ...], reason: str, cause: Cause) -> None:
    for piece in pieces:
        account.give_back(piece, reason, cause)
