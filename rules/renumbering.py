"""Other numbers for the lots of a state: wherever a lot is named, it is named anew."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from .state import Burned, MemberState, Trace

Number = Callable[[int], int]
"""From the number of a lot to its other one."""


def pieces(burned: tuple[Burned, ...], number: Number) -> tuple[Burned, ...]:
    """Return what was taken from lots, by their other numbers."""
    return tuple(piece if piece.lot is None else replace(piece, lot=number(piece.lot)) for piece in burned)


def trace(remembered: Trace, number: Number) -> None:
    """Name the lots of a remembered fact anew."""
    for earned in remembered.earned:
        earned.lot = number(earned.lot)
    remembered.burned = pieces(remembered.burned, number)
    remembered.taken = tuple(
        replace(taken, lots=tuple((number(lot), pieces(parts, number)) for lot, parts in taken.lots))
        for taken in remembered.taken
    )


def renumber(state: MemberState, number: Number) -> None:
    """Name all lots of a state anew."""
    for lot in state.lots:
        lot.lot = number(lot.lot)
    state.expired = {str(number(int(lot))): points for lot, points in state.expired.items()}
    for remembered in state.traces:
        trace(remembered, number)
    for name, held in state.holds.items():
        state.holds[name] = replace(held, pieces=pieces(held.pieces, number))
