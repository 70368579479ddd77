"""Booking: how lots open, burn, release and expire, each step one balanced entry."""

from __future__ import annotations

import msgspec

from ..ledger.calendar import FOREVER_US
from ..ledger.journal import Entry
from ..ledger.units import INT64_MAX
from . import tracing
from .answers import NonsenseError
from .cause import Cause
from .member import Award
from .state import Burned, Earned, Lot, MemberState, Trace


class Account:
    """The books of one member: changes its state and writes entries that sum to zero."""

    __slots__ = ("_orders", "entries", "name", "state")

    def __init__(self, name: str, state: MemberState, entries: list[Entry]) -> None:
        self.name, self.state, self.entries = name, state, entries
        self._orders: dict[str, int] | None = None
        """How many purchases of each order are remembered and not taken back: made when first asked for."""

    def open_lot(
        self,
        award: Award,
        cause: Cause,
        usable_us: int,
        expires_us: int,
        terms_rule: str,
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
            lot = Lot(expires_us, booked_us, number, cause.fact, 0, points, 0, usable_us, terms_rule)
        else:
            owed = -state.points if state.points < 0 else 0
            state.points += points
            lot = Lot(expires_us, booked_us, number, cause.fact, points, 0, 0, usable_us, terms_rule)
        state.add_lot(lot)
        if cause.programme is not None and cause.programme.orders_us is not None:
            self.trace(cause).earned += (Earned(number, points, account, award.lines),)
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
        burned = self.spend(points, reason, cause, account)
        if cause.programme is not None and cause.programme.traces_us is not None:
            self.forget(cause.booked_us - cause.programme.traces_us)
            self.trace(cause).burned += burned

    def spend(self, points: int, reason: str, cause: Cause, account: str) -> tuple[Burned, ...]:
        """Spend points as ``burn`` does, and only return from where."""
        burned = self._from_lots(points, reason, cause, account)
        left = points - sum(part.points for part in burned)
        if left:
            self._owe(left, f"{reason}, beyond the balance: debt", cause, account)
            burned.append(Burned(account, left, None))
        return tuple(burned)

    def take_back(
        self, earned: Earned, points: int, reason: str, cause: Cause, beyond: str
    ) -> tuple[Burned, ...]:
        """Take *points* of an award back: from its lot, from what of it expired, in burn order, beyond that.

        Returns:
            What was taken from where; see :class:`Taken`.

        Raises:
            NonsenseError: the debt would pass 2^63.
        """
        state, taken = self.state, list[Burned]()
        earned.taken += points
        lot = next((lot for lot in state.lots if lot.lot == earned.lot), None)
        if lot is not None:
            pending = min(lot.pending, points)
            usable = min(lot.points, points - pending)
            if pending or usable:
                lot.pending, lot.points = lot.pending - pending, lot.points - usable
                state.pending, state.points = state.pending - pending, state.points - usable
                points -= pending + usable
                taken.append(_burned(lot, "reversed", pending + usable))
                self._write(
                    cause, cause.rule, reason, lot.lot, -usable, -pending, "reversed", pending + usable
                )
                self._drop_empty()
        gone = min(state.expired.get(str(earned.lot), 0), points)
        if gone:
            state.expired[str(earned.lot)] -= gone
            points -= gone
            taken.append(Burned("expired", gone, earned.lot))
        if points:
            reason = f"{reason}: its own points are spent"
            elsewhere, spared = self._take_elsewhere(points, reason, cause, beyond)
            taken += elsewhere
            if spared:
                taken.append(Burned("", spared, earned.lot))
                earned.spared += spared
                earned.spared_by = "waived" if beyond == "waive" else "reversed"
        return tuple(taken)

    def undo_taking(
        self, earned: Earned | None, taken: tuple[Burned, ...], points: int, reason: str, cause: Cause
    ) -> int:
        """Put *points* that were taken back where they came from, the last taken first.

        Returns:
            How many of them no lot can take: they are for a new one.
        """
        left, rest = points, 0
        for piece in reversed(taken):
            part = min(piece.points, left)
            if not part:
                continue
            left -= part
            if piece.account == "expired":
                key = str(piece.lot)
                self.state.expired[key] = self.state.expired.get(key, 0) + part
            elif piece.account:
                rest += self.give_back(msgspec.structs.replace(piece, points=part), reason, cause)
            elif earned is not None:
                # What was spared and has been taken since was taken from points: it goes back as such.
                rest += max(part - earned.spared, 0)
                earned.spared -= min(part, earned.spared)
        if earned is not None:
            earned.taken -= points
        return rest + left

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
                self._write(cause, cause.rule, reason, None, paid, 0, burned.account, -paid)
            return points - paid
        lot = next((lot for lot in state.lots if lot.lot == burned.lot), None)
        if lot is None:
            lot = Lot(
                burned.expires_us, burned.booked_us, burned.lot, burned.fact, 0, 0, 0, burned.usable_us,
                burned.terms_rule,
            )  # fmt: skip
            state.add_lot(lot)
        if lot.usable_us > cause.booked_us:
            lot.pending += points
            state.pending += points
            self._write(cause, cause.rule, reason, lot.lot, 0, points, burned.account, -points)
            return 0
        lot.points += points
        state.points += points
        self._write(cause, cause.rule, reason, lot.lot, points, 0, burned.account, -points)
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
                self._write(cause, cause.rule, reason, lot.lot, -taken, 0, earned.spared_by, taken)
                self._drop_empty()

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
        if state.traces and lot.booked_us >= state.traces[0].booked_us:
            key = str(lot.lot)
            state.expired[key] = state.expired.get(key, 0) + points + pending
        rule = self._terms_rule(lot, cause)
        self._write(cause, rule, "points expire", lot.lot, -points, -pending, "expired", points + pending)

    def trace(self, cause: Cause) -> Trace:
        """Return what is remembered of the fact at hand; made if it is not yet."""
        traces = self.state.traces
        if traces and traces[-1].fact == cause.fact:
            return traces[-1]
        found = tracing.at(self.state, cause.fact)
        if found is None:
            booked_us, asked = cause.booked_us, cause.asked
            if asked is not None and asked.position == cause.fact and asked.subject == self.name:
                found = tracing.of_other(asked, booked_us)
            else:
                found = Trace(cause.fact, "", "", booked_us, cause.occurred_us)
            traces.append(found)
        return found

    def enter_order(self, trace: Trace) -> int:
        """Return 1 if a purchase just remembered is a visit: the first of its order, or of none."""
        if not trace.key:
            trace.is_visit = True
        else:
            orders = self._open_orders()
            orders[trace.key] = count = orders.get(trace.key, 0) + 1
            trace.is_visit = count == 1
        return int(trace.is_visit)

    def return_to_order(self, trace: Trace) -> int:
        """Return 1 if a purchase that stands again is a visit: no other of its order is one."""
        same = [
            other for other in self.state.traces
            if other is not trace and trace.key and other.key == trace.key
            and other.topic == tracing.PURCHASE and not other.is_reversed
        ]  # fmt: skip
        trace.is_visit = not any(other.is_visit for other in same)
        if self._orders is not None and trace.key:
            self._orders[trace.key] = len(same) + 1
        return int(trace.is_visit)

    def leave_order(self, trace: Trace) -> int:
        """Return 1 if with a purchase taken back a visit is gone; another of its order may take its place."""
        if trace.key:
            self._less(trace.key)
            for other in self.state.traces if trace.is_visit else ():
                if other.key == trace.key and other.topic == tracing.PURCHASE and not other.is_reversed:
                    trace.is_visit, other.is_visit = False, True
                    return 0
        gone, trace.is_visit = trace.is_visit, False
        return int(gone)

    def forget(self, before_us: int) -> None:
        """Forget the facts booked before an instant."""
        traces, gone = self.state.traces, 0
        while gone < len(traces) and traces[gone].booked_us < before_us:
            trace = traces[gone]
            for earned in trace.earned:
                self.state.expired.pop(str(earned.lot), None)
            if trace.key and trace.topic == tracing.PURCHASE and not trace.is_reversed:
                self._less(trace.key)
            gone += 1
        del traces[:gone]

    def _open_orders(self) -> dict[str, int]:
        if self._orders is None:
            self._orders = {}
            # The purchase at hand stands last and is not counted yet.
            for trace in self.state.traces[:-1]:
                if trace.key and trace.topic == tracing.PURCHASE and not trace.is_reversed:
                    self._orders[trace.key] = self._orders.get(trace.key, 0) + 1
        return self._orders

    def _less(self, key: str) -> None:
        if self._orders is not None:
            count = self._orders.get(key, 0) - 1
            if count > 0:
                self._orders[key] = count
            else:
                self._orders.pop(key, None)

    def _from_lots(self, points: int, reason: str, cause: Cause, account: str) -> list[Burned]:
        state = self.state
        if state.points - points < -INT64_MAX:
            raise NonsenseError(f"takes the debt of {self.name!r} past 2^63 with {points} points less")
        lots, taken = state.lots, []
        if cause.programme is not None and cause.programme.policy.burn_order == "oldest":
            lots = sorted(lots, key=lambda lot: (lot.booked_us, lot.lot))
        for lot in lots:
            if not points:
                break
            part = min(lot.points, points)
            if part:
                points -= part
                lot.points -= part
                state.points -= part
                self._write(cause, cause.rule, reason, lot.lot, -part, 0, account, part)
                taken.append(_burned(lot, account, part))
        self._drop_empty()
        return taken

    def _take_elsewhere(
        self, points: int, reason: str, cause: Cause, beyond: str
    ) -> tuple[list[Burned], int]:
        """Take points in burn order; return what was taken, and how many the member keeps for want of any."""
        taken = self._from_lots(points, reason, cause, "reversed")
        left = points - sum(part.points for part in taken)
        if not left or beyond == "clamp":
            return taken, left
        self._owe(left, f"{reason}, beyond the balance: debt", cause, "reversed")
        if beyond == "waive":
            self.state.points += left
            self._write(cause, cause.rule, "debt forgiven", None, left, 0, "waived", -left)
            return taken, left
        return [*taken, Burned("reversed", left, None)], 0

    def _owe(self, points: int, reason: str, cause: Cause, account: str) -> None:
        self.state.points -= points
        self._write(cause, cause.rule, reason, None, -points, 0, account, points)

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


def _burned(lot: Lot, account: str, points: int) -> Burned:
    return Burned(
        account, points, lot.lot, lot.fact, lot.booked_us, lot.usable_us, lot.expires_us, lot.terms_rule
    )
