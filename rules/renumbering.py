"""Other numbers for the lots of a state: wherever a lot is named, it is named anew."""

from __future__ import annotations

from collections.abc import Callable

from msgspec.structs import replace

from .state import Burned, MemberState, Trace

Number = Callable[[int], int]
"""From the number of a lot to its other one."""


Whose = Callable[[str], str]
"""From whose a lot was to whose it is."""


def _as_it_was(origin: str) -> str:
    return origin


def pieces(burned: tuple[Burned, ...], number: Number, whose: Whose = _as_it_was) -> tuple[Burned, ...]:
    """Return what was taken from lots, by their other numbers."""
    return tuple(
        piece if piece.lot is None else replace(piece, lot=number(piece.lot), origin=whose(piece.origin))
        for piece in burned
    )


def trace(remembered: Trace, number: Number, whose: Whose = _as_it_was) -> None:
    """Name the lots of a remembered fact anew, and whose they are."""
    remembered.origin = whose(remembered.origin)
    for earned in remembered.earned:
        earned.lot = number(earned.lot)
    remembered.burned = pieces(remembered.burned, number, whose)
    remembered.taken = tuple(
        replace(taken, lots=tuple((number(lot), pieces(parts, number, whose)) for lot, parts in taken.lots))
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
