"""Booking: how lots open, burn, release and expire, each step one balanced entry."""

from __future__ import annotations

from ..ledger.calendar import FOREVER_US
from ..ledger.journal import Entry
from ..ledger.units import INT64_MAX
from .answers import NonsenseError
from .compile import Programme
from .member import Award
from .state import Lot, MemberState


class Cause:
    """What the entries being written answer to; the engine sets it before it books."""

    __slots__ = ("booked_us", "fact", "is_late", "occurred_us", "position", "programme", "rule")

    def __init__(self) -> None:
        self.position = 0
        self.fact = 0
        self.booked_us = 0
        self.occurred_us = 0
        self.rule = ""
        self.programme: Programme | None = None
        self.is_late = False

    def copy(self) -> Cause:
        """Return a copy, to come back to after a detour."""
        other = Cause()
        other.restore(self)
        return other

    def restore(self, other: Cause) -> None:
        """Take over what *other* holds."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))


class Account:
    """The books of one member: changes its state and writes entries that sum to zero."""

    __slots__ = ("entries", "name", "state")

    def __init__(self, name: str, state: MemberState, entries: list[Entry]) -> None:
        self.name, self.state, self.entries = name, state, entries

    def open_lot(  # noqa: PLR0917 - called once an award: keywords cost
        self,
        award: Award,
        cause: Cause,
        usable_us: int,
        expires_us: int,
        terms_rule: str,
        account: str = "issued",
    ) -> None:
        """Open a lot with *award*'s points; what is owed is paid from it first.

        Raises:
            NonsenseError: the balance would pass 2^63.
        """
        state, points, booked_us = self.state, award.points, cause.booked_us
        number = state.lots_made = state.lots_made + 1
        is_pending = usable_us > booked_us
        if state.points + state.pending + points > INT64_MAX:
            raise NonsenseError(f"takes the balance of {self.name!r} past 2^63 with {points} points more")
        owed = 0
        if is_pending:
            state.pending += points
            lot = Lot(expires_us, booked_us, number, cause.fact, 0, points, 0, usable_us, terms_rule)
        else:
            owed = -state.points if state.points < 0 else 0
            state.points += points
            lot = Lot(expires_us, booked_us, number, cause.fact, points, 0, 0, usable_us, terms_rule)
        state.add_lot(lot)
        expires = None if expires_us == FOREVER_US else expires_us
        if is_pending:
            self._write(
                cause, award.rule, award.reason, number, 0, points, account, -points, usable_us, expires
            )
        else:
            self._write(
                cause, award.rule, award.reason, number, points, 0, account, -points, usable_us, expires
            )
        if owed:
            self._pay_debt(lot, min(owed, points), cause, award.rule)

    def burn(self, points: int, reason: str, cause: Cause, account: str = "redeemed") -> None:
        """Spend *points* from lots in burn order; what no lot covers is booked without one, as debt.

        Raises:
            NonsenseError: the debt would pass 2^63.
        """
        state, left = self.state, points
        if state.points - points < -INT64_MAX:
            raise NonsenseError(f"takes the debt of {self.name!r} past 2^63 with {points} points less")
        lots = [lot for lot in state.lots if lot.points > 0]
        if cause.programme is not None and cause.programme.policy.burn_order == "oldest":
            lots.sort(key=lambda lot: (lot.booked_us, lot.lot))
        for lot in lots:
            if not left:
                break
            taken = min(lot.points, left)
            left -= taken
            lot.points -= taken
            state.points -= taken
            self._write(cause, cause.rule, reason, lot.lot, -taken, 0, account, taken)
        self._drop_empty()
        if left:
            state.points -= left
            self._write(
                cause, cause.rule, f"{reason}, beyond the balance: debt", None, -left, 0, account, left
            )

    def release(self, lot: Lot, cause: Cause) -> None:
        """Make the pending points of a lot usable."""
        state, points = self.state, lot.pending
        owed = -state.points if state.points < 0 else 0
        lot.pending, lot.points = 0, lot.points + points
        state.pending -= points
        state.points += points
        rule = self._terms_rule(lot, cause)
        self._write(cause, rule, "points become usable", lot.lot, points, -points, "", 0)
        if owed:
            self._pay_debt(lot, min(owed, points), cause, rule)

    def expire(self, lot: Lot, cause: Cause) -> None:
        """Take what is left of a lot, or, if the rule that set its expiry is gone, let it live."""
        state = self.state
        state.lots.remove(lot)
        programme = cause.programme
        if programme is None or lot.terms_rule not in programme.rules:
            lot.expires_us = FOREVER_US
            state.add_lot(lot)
            self._write(
                cause, lot.terms_rule, "the rule that set the expiry is not in force: the lot stays", lot.lot,
                0, 0, "", 0, None, FOREVER_US,
            )  # fmt: skip
            return
        points, pending = lot.points, lot.pending
        state.points -= points
        state.pending -= pending
        rule = self._terms_rule(lot, cause)
        self._write(cause, rule, "points expire", lot.lot, -points, -pending, "expired", points + pending)

    def _pay_debt(self, lot: Lot, points: int, cause: Cause, rule: str) -> None:
        # The member's sum does not change: the lot pays what had been booked without one.
        lot.points -= points
        self._write(cause, rule, "pays a debt", lot.lot, -points, 0, "redeemed", points)
        self._write(cause, rule, "debt paid", None, points, 0, "redeemed", -points)
        self._drop_empty()

    def _drop_empty(self) -> None:
        lots = self.state.lots
        if any(not (lot.points or lot.pending or lot.held) for lot in lots):
            self.state.lots = [lot for lot in lots if lot.points or lot.pending or lot.held]

    def _terms_rule(self, lot: Lot, cause: Cause) -> str:
        return (
            cause.programme.cited.get(lot.terms_rule, lot.terms_rule) if cause.programme else lot.terms_rule
        )

    def _write(  # noqa: PLR0917 - called once an entry: keywords cost
        self, cause: Cause, rule: str, reason: str, lot: int | None, points: int, pending: int, account: str,
        contra: int, usable_us: int | None = None, expires_us: int | None = None,
    ) -> None:  # fmt: skip
        state, programme = self.state, cause.programme
        number = state.entries = state.entries + 1
        # tuple.__new__ is the NamedTuple's own constructor without its argument parsing: half the time.
        self.entries.append(
            tuple.__new__(Entry, (
                self.name, number, cause.position, cause.booked_us, cause.fact, rule,
                programme.position if programme else 0, reason, lot, points, pending, 0, account, contra,
                usable_us, expires_us, cause.is_late,
            ))
        )  # fmt: skip
