"""Booking: how lots open, burn, release and expire, each step one balanced entry.

The file is longer than a room should be: whatever touches the points of a lot is here, to be read against
the invariants at once.
"""

from __future__ import annotations

from msgspec.structs import replace

from ..ledger.calendar import FOREVER_US
from ..ledger.journal import Entry
from ..ledger.units import INT64_MAX
from . import tracing
from .answers import NonsenseError
from .cause import Cause
from .member import Award
from .remembering import Remembering
from .state import Burned, Earned, Lot, MemberState, Trace


class Account(Remembering):
    """The books of one member: changes its state and writes entries that sum to zero."""

    __slots__ = ("entries",)

    def __init__(self, name: str, state: MemberState, entries: list[Entry]) -> None:
        super().__init__(name, state)
        self.entries = entries

    def open_lot(  # noqa: PLR0917 - called once an award: keywords cost
        self,
        award: Award,
        cause: Cause,
        usable_us: int,
        expires_us: int,
        terms_rule: str,
        pending_rule: str = "",
    ) -> None:
        """Open a lot with *award*'s points; what is owed is paid from it first.

        Raises:
            NonsenseError: the balance would pass 2^63.
        """
        state, points, booked_us, account = self.state, award.points, cause.booked_us, award.account
        number = state.lots_made = state.lots_made + 1
        is_pending = usable_us > booked_us
        if state.points + state.pending + points > INT64_MAX:
            raise NonsenseError(f"takes the balance of {self.name!r} past 2^63 with {points} points more")
        owed = 0
        if is_pending:
            state.pending += points
            lot = Lot(
                expires_us, booked_us, number, cause.fact, 0, points, usable_us, terms_rule, "", pending_rule
            )
        else:
            owed = -state.points if state.points < 0 else 0
            state.points += points
            lot = Lot(expires_us, booked_us, number, cause.fact, points, 0, usable_us, terms_rule)
        if cause.origin and cause.subject == self.name:
            lot.origin = cause.origin
        state.add_lot(lot)
        if cause.programme is not None and cause.programme.orders_us is not None:
            self.trace(cause).earned += (Earned(number, points, account, award.lines),)
        expires = None if expires_us == FOREVER_US else expires_us
        if is_pending:
            self.write(
                cause, award.rule, award.reason, number, 0, points, account, -points, usable_us, expires
            )
        else:
            self.write(
                cause, award.rule, award.reason, number, points, 0, account, -points, usable_us, expires
            )
        if owed:
            self._pay_debt(lot, min(owed, points), cause, award.rule)

    def open_lot_until(self, award: Award, cause: Cause, expires_us: int | None) -> None:
        """Open a usable lot whose terms no other rule sets."""
        last_us = FOREVER_US if expires_us is None else expires_us
        self.open_lot(award, cause, cause.booked_us, last_us, "" if expires_us is None else award.label)

    def burn(self, points: int, reason: str, cause: Cause, account: str = "redeemed") -> None:
        """Spend *points* from lots in burn order; what no lot covers is booked without one, as debt.

        Raises:
            NonsenseError: the debt would pass 2^63.
        """
        burned = self.spend(points, reason, cause, account)
        if cause.programme is not None and cause.programme.traces_us is not None:
            self.forget(cause.booked_us - cause.programme.traces_us)
            self.trace(cause).burned += burned

    def spend(self, points: int, reason: str, cause: Cause, account: str) -> tuple[Burned, ...]:
        """Spend points as ``burn`` does, and only return from where."""
        burned = self.take_from_lots(points, reason, cause, account)
        left = points - sum(part.points for part in burned)
        if left:
            self._owe(left, f"{reason}, beyond the balance: debt", cause, account)
            burned.append(Burned(account, left, None))
        return tuple(burned)

    def receive(self, lot: Lot, reason: str, cause: Cause) -> int:
        """Open a lot with points that were another's, of their own age and terms; return its number.

        What is owed is paid from it first.

        Raises:
            NonsenseError: the balance would pass 2^63.
        """
        state = self.state
        number = lot.lot = state.lots_made = state.lots_made + 1
        if state.points + state.pending + lot.points + lot.pending > INT64_MAX:
            raise NonsenseError(f"takes the balance of {self.name!r} past 2^63")
        owed = -state.points if state.points < 0 else 0
        state.points += lot.points
        state.pending += lot.pending
        state.add_lot(lot)
        expires_us = None if lot.expires_us == FOREVER_US else lot.expires_us
        self.write(
            cause, cause.rule, reason, number, lot.points, lot.pending, "transferred",
            -lot.points - lot.pending, lot.usable_us, expires_us,
        )  # fmt: skip
        if owed and lot.points:
            self._pay_debt(lot, min(owed, lot.points), cause, cause.rule)
        return number

    def take_back(  # noqa: PLR0917 - said in one place
        self, trace: Trace, earned: Earned, points: int, reason: str, cause: Cause, beyond: str
    ) -> tuple[Burned, ...]:
        """Take *points* of an award back: from its lot, from what of it expired, in burn order, beyond that.

        Its lot is also what was given away of it and has come back, as lots of other numbers.

        Returns:
            What was taken from where; see :class:`Taken`.

        Raises:
            NonsenseError: the debt would pass 2^63.
        """
        state, taken = self.state, list[Burned]()
        account = "transferred" if earned.account == "transferred" else "reversed"
        earned.taken += points
        others = {other.lot for other in trace.earned if other is not earned}
        back = [given.lot for x in state.traces for given in x.earned if given.source == trace.fact]
        own = {earned.lot, *back, *(lot.lot for lot in state.lots if lot.fact == trace.fact)} - others
        for lot in [lot for lot in state.lots if lot.lot in own]:
            pending = min(lot.pending, points)
            usable = min(lot.points, points - pending)
            if pending or usable:
                lot.pending, lot.points = lot.pending - pending, lot.points - usable
                state.pending, state.points = state.pending - pending, state.points - usable
                points -= pending + usable
                taken.append(burned_of(lot, account, pending + usable))
                self.write(cause, cause.rule, reason, lot.lot, -usable, -pending, account, pending + usable)
        self._drop_empty()
        for number in sorted(own):
            gone = min(state.expired.get(str(number), 0), points)
            if gone:
                points -= gone
                taken.append(self._take_expired(number, gone, account, reason, cause))
        if points:
            reason = f"{reason}: its own points are spent"
            elsewhere, spared = self._take_elsewhere(points, reason, cause, account, beyond)
            taken += elsewhere
            if spared:
                taken.append(Burned("", spared, earned.lot))
                earned.spared += spared
                earned.spared_by = "waived" if beyond == "waive" else "reversed"
        return tuple(taken)

    def _take_expired(self, lot: int, points: int, account: str, reason: str, cause: Cause) -> Burned:
        self.state.expired[str(lot)] -= points
        self.state.gone_points -= points
        if account == "transferred":
            # What was given goes back to who gave it, also what has expired here: it never was theirs.
            self.write(cause, cause.rule, reason, lot, points, 0, "expired", -points)
            self.write(cause, cause.rule, reason, lot, -points, 0, account, points)
        return Burned("expired", points, lot)

    def undo_taking(self, earned: Earned | None, piece: Burned, reason: str, cause: Cause) -> int:
        """Put points that were taken of an award back where they came from.

        Returns:
            How many of them no lot can take: they are for a new one.
        """
        points, rest = piece.points, 0
        if earned is not None:
            earned.taken -= points
        if piece.account == "expired":
            key = str(piece.lot)
            if earned is not None and earned.account == "transferred":
                self.write(cause, cause.rule, reason, piece.lot, points, 0, "transferred", -points)
                self.write(cause, cause.rule, reason, piece.lot, -points, 0, "expired", points)
            self.state.expired[key] = self.state.expired.get(key, 0) + points
            self.state.gone_points += points
        elif piece.account:
            rest = self.give_back(piece, reason, cause)
        elif earned is not None:
            # What was spared and has been taken since was taken from points: it goes back as such.
            rest = max(points - earned.spared, 0)
            earned.spared -= min(points, earned.spared)
        return rest

    def give_back(self, burned: Burned, reason: str, cause: Cause) -> int:
        """Give burned points back to their lot, which pays what is owed; return what no lot can take.

        What had become debt pays that debt; the rest, where it has been paid since, is for a new lot.
        """
        state, points = self.state, burned.points
        owed = -state.points if state.points < 0 else 0
        if burned.lot is None:
            paid = min(owed, points)
            if paid:
                state.points += paid
                self.write(cause, cause.rule, reason, None, paid, 0, burned.account, -paid)
            return points - paid
        lot = next((lot for lot in state.lots if lot.lot == burned.lot), None)
        expires_us = None
        if lot is None:
            lot = lot_of(burned)
            state.add_lot(lot)
            # Under this number it may be new to the journal, or have been extended while it was empty.
            expires_us = None if lot.expires_us == FOREVER_US else lot.expires_us
        if lot.usable_us > cause.booked_us:
            lot.pending += points
            state.pending += points
            self.write(
                cause, cause.rule, reason, lot.lot, 0, points, burned.account, -points, None, expires_us
            )
            return 0
        lot.points += points
        state.points += points
        self._book(cause, reason, lot.lot, points, burned.account, expires_us)
        if owed:
            self._pay_debt(lot, min(owed, points), cause, cause.rule)
        self._take_what_was_spared(lot, burned, cause)
        return 0

    def _take_what_was_spared(self, lot: Lot, burned: Burned, cause: Cause) -> None:
        """Take points that came back to a lot which had been taken back when they were spent."""
        trace = tracing.at(self.state, burned.fact)
        for earned in trace.earned if trace else ():
            taken = min(earned.spared, lot.points, burned.points) if earned.lot == lot.lot else 0
            if taken:
                earned.spared -= taken
                lot.points -= taken
                self.state.points -= taken
                reason = "the order they were earned with has come back"
                self.write(cause, cause.rule, reason, lot.lot, -taken, 0, earned.spared_by, taken)
                self._drop_empty()

    def release(self, lot: Lot, cause: Cause, *, rule: str = "", reason: str = "") -> None:
        """Make the pending points of a lot usable: it is time, or a rule says so."""
        state, points = self.state, lot.pending
        owed = -state.points if state.points < 0 else 0
        lot.pending, lot.points = 0, lot.points + points
        state.pending -= points
        state.points += points
        is_early = lot.usable_us > cause.booked_us
        if is_early:
            lot.usable_us = cause.booked_us
        rule = rule or self._cited(lot.pending_rule or lot.terms_rule, cause)
        usable_us = cause.booked_us if is_early else None
        self.write(cause, rule, reason or "points become usable", lot.lot, points, -points, "", 0, usable_us)
        if owed:
            self._pay_debt(lot, min(owed, points), cause, rule)

    def extend(self, lot: Lot, expires_us: int, reason: str, cause: Cause, terms_rule: str) -> None:
        """Let a lot live until another instant."""
        self.state.lots.remove(lot)
        lot.expires_us, lot.terms_rule = expires_us, terms_rule
        self.state.add_lot(lot)
        self.write(cause, cause.rule, reason, lot.lot, 0, 0, "", 0, None, expires_us)

    def extend_taken(self, lot: int | None, expires_us: int, cause: Cause, terms_rule: str) -> None:
        """Let points that are held or spent live longer, should they come back to this lot, or to any."""

        def longer(pieces: tuple[Burned, ...]) -> tuple[Burned, ...]:
            return tuple(
                replace(piece, expires_us=expires_us, terms_rule=terms_rule)
                if piece.lot is not None and lot in (None, piece.lot)
                and cause.booked_us < piece.expires_us < expires_us else piece
                for piece in pieces
            )  # fmt: skip

        for name, held in self.state.holds.items():
            self.state.holds[name] = replace(held, pieces=longer(held.pieces))
        for trace in self.state.traces:
            trace.burned = longer(trace.burned)
            trace.taken = tuple(
                replace(taken, lots=tuple((number, longer(parts)) for number, parts in taken.lots))
                for taken in trace.taken
            )

    def expire(self, lot: Lot, cause: Cause) -> None:
        """Take what is left of a lot, or, if the rule that set its expiry is gone, let it live."""
        state = self.state
        state.lots.remove(lot)
        programme = cause.programme
        if programme is None or lot.terms_rule not in programme.rules:
            lot.expires_us = FOREVER_US
            state.add_lot(lot)
            self.write(
                cause, lot.terms_rule, "the rule that set the expiry is not in force: the lot stays", lot.lot,
                0, 0, "", 0, None, FOREVER_US,
            )  # fmt: skip
            return
        self._write_off(lot, self._cited(lot.terms_rule, cause), "points expire", cause)

    def expire_now(self, lot: Lot, reason: str, cause: Cause) -> None:
        """Take what is left of a lot, whatever its terms say."""
        self.state.lots.remove(lot)
        self._write_off(lot, cause.rule, reason, cause)

    def _write_off(self, lot: Lot, rule: str, reason: str, cause: Cause) -> None:
        state, points, pending = self.state, lot.points, lot.pending
        state.gone_points += points + pending
        state.points -= points
        state.pending -= pending
        if state.traces and lot.booked_us >= state.traces[0].booked_us:
            key = str(lot.lot)
            state.expired[key] = state.expired.get(key, 0) + points + pending
        self.write(cause, rule, reason, lot.lot, -points, -pending, "expired", points + pending)

    def in_burn_order(self, cause: Cause) -> list[Lot]:
        """Return the open lots in the order in which the programme spends them."""
        if cause.programme is not None and cause.programme.policy.burn_order == "oldest":
            return sorted(self.state.lots, key=lambda lot: (lot.booked_us, lot.fact, lot.lot))
        return self.state.lots

    def first_usable(self, due_us: int, cause: Cause) -> Lot:
        """Return which lot becomes usable first of those that do at an instant: the first to pay a debt."""
        return next(lot for lot in self.in_burn_order(cause) if lot.pending and lot.usable_us == due_us)

    def take_from_lots(self, points: int, reason: str, cause: Cause, account: str) -> list[Burned]:
        """Take points from lots in burn order, as far as there are any; return what was taken.

        Raises:
            NonsenseError: the debt would pass 2^63.
        """
        state = self.state
        if state.points - points < -INT64_MAX:
            raise NonsenseError(f"takes the debt of {self.name!r} past 2^63 with {points} points less")
        taken = []
        for lot in self.in_burn_order(cause):
            if not points:
                break
            part = min(lot.points, points)
            if part:
                points -= part
                lot.points -= part
                state.points -= part
                self._book(cause, reason, lot.lot, -part, account)
                taken.append(burned_of(lot, account, part))
        self._drop_empty()
        return taken

    def _take_elsewhere(
        self, points: int, reason: str, cause: Cause, account: str, beyond: str
    ) -> tuple[list[Burned], int]:
        """Take points in burn order; return what was taken, and how many the member keeps for want of any."""
        taken = self.take_from_lots(points, reason, cause, account)
        left = points - sum(part.points for part in taken)
        if not left or beyond == "clamp":
            return taken, left
        self._owe(left, f"{reason}, beyond the balance: debt", cause, account)
        if beyond == "waive":
            self.state.points += left
            self.write(cause, cause.rule, "debt forgiven", None, left, 0, "waived", -left)
            return taken, left
        return [*taken, Burned(account, left, None)], 0

    def _book(  # noqa: PLR0917 - one entry
        self, cause: Cause, reason: str, lot: int, points: int, account: str, expires_us: int | None = None
    ) -> None:
        """Write that usable points come to a lot, or leave it; what is held stays the member's own."""
        if account == "held":
            self.state.held -= points
            self.write(cause, cause.rule, reason, lot, points, 0, "", 0, None, expires_us, held=-points)
        else:
            self.write(cause, cause.rule, reason, lot, points, 0, account, -points, None, expires_us)

    def _owe(self, points: int, reason: str, cause: Cause, account: str) -> None:
        self.state.points -= points
        self.write(cause, cause.rule, reason, None, -points, 0, account, points)

    def _pay_debt(self, lot: Lot, points: int, cause: Cause, rule: str) -> None:
        # The member's sum does not change: the lot pays what had been booked without one.
        lot.points -= points
        self.write(cause, rule, "pays a debt", lot.lot, -points, 0, "redeemed", points)
        self.write(cause, rule, "debt paid", None, points, 0, "redeemed", -points)
        self._drop_empty()

    def _drop_empty(self) -> None:
        lots = self.state.lots
        if any(not (lot.points or lot.pending) for lot in lots):
            self.state.lots = [lot for lot in lots if lot.points or lot.pending]

    def _cited(self, label: str, cause: Cause) -> str:
        return cause.programme.cited.get(label, label) if cause.programme else label

    def write(  # noqa: PLR0917 - called once an entry: keywords cost
        self, cause: Cause, rule: str, reason: str, lot: int | None, points: int, pending: int, account: str,
        contra: int, usable_us: int | None = None, expires_us: int | None = None, held: int = 0,
    ) -> None:  # fmt: skip
        """Write one entry: its postings, the account's *contra* among them, sum to zero."""
        state, programme = self.state, cause.programme
        number = state.entries = state.entries + 1
        # tuple.__new__ is the NamedTuple's own constructor without its argument parsing: half the time.
        self.entries.append(
            tuple.__new__(Entry, (
                self.name, number, cause.position, cause.booked_us, cause.fact, rule,
                programme.position if programme else 0, reason, lot, points, pending, held, account, contra,
                usable_us, expires_us, cause.is_late,
            ))
        )  # fmt: skip


def burned_of(lot: Lot, account: str, points: int) -> Burned:
    """Return what is remembered of points taken from a lot."""
    return Burned(
        account, points, lot.lot, lot.fact, lot.booked_us, lot.usable_us, lot.expires_us, lot.terms_rule,
        lot.origin, lot.pending_rule,
    )  # fmt: skip


def lot_of(burned: Burned, points: int = 0) -> Lot:
    """Return the lot that points were taken from, with so many in it."""
    return Lot(
        burned.expires_us, burned.booked_us, burned.lot or 0, burned.fact, points, 0, burned.usable_us,
        burned.terms_rule, burned.origin, burned.pending_rule,
    )  # fmt: skip
