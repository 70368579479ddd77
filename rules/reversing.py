"""Taking back what facts earned, giving back what they spent, and undoing either."""

from __future__ import annotations

from ..ledger.units import ROUNDINGS
from . import tracing
from .answers import NonsenseError, one_of, shown, whole, words
from .asking import Asking
from .compile import Handler
from .effects import Restore, Reverse, Undo
from .member import Award, Member
from .state import Burned, Taken, Trace
from .sums import Sums


class Reversing(Asking):
    """A group in which the effects of facts can be reversed."""

    def _reach(self, name: str) -> Member:
        """Return another member of the group, its time passed; the cause is booked by that clock now."""
        raise NotImplementedError

    def _remembered(self, effect: Reverse | Restore | Undo, member: Member) -> Trace:
        what = f"{type(effect).__name__}.fact"
        trace = tracing.at(self._states[member.id], whole(effect.fact, what, 1))
        if trace is None:
            raise NonsenseError(f"answered {what} {effect.fact}, but that fact is not remembered")
        return trace

    def _reverse(self, effect: Reverse, handler: Handler, member: Member) -> None:
        trace, reason = self._remembered(effect, member), words(effect.reason, "Reverse.reason")
        one_of(effect.by, "Reverse.by", ("lines", "order"))
        one_of(effect.beyond, "Reverse.beyond", ("debt", "clamp", "waive"))
        one_of(effect.rounding, "Reverse.rounding", tuple(ROUNDINGS))
        if trace.is_reversed:
            self._note(member.id, handler.rule, "all of it was taken back before", is_refusal=True)
            return
        before_minor, returned = tracing.returned_minor(trace), trace.returned
        _mark_returned(trace, effect.returned)
        self._take_back(member.id, trace, effect, reason, before_minor, tracing.more(trace, returned))
        if trace.is_reversed:
            for other in trace.others:
                saved = self._at.copy()
                name = self._reach(other).id
                for theirs in tracing.beside(self._states[name], trace):
                    if not theirs.is_reversed:
                        theirs.is_reversed = True
                        self._take_back(name, theirs, effect, reason, 0, ())
                        reached(self._accounts[member.id].trace(saved), name)
                self._at.restore(saved)

    def _take_back(  # noqa: PLR0917 - said once for the member and once for the others
        self, name: str, trace: Trace, effect: Reverse, reason: str, before_minor: int, more: tuple[int, ...]
    ) -> None:
        """Take what is due back of each award, and what the fact counted for in sums."""
        account, taken, lots = self._accounts[name], {"issued": 0, "adjusted": 0}, []
        for earned in trace.earned:
            due = tracing.due_back(earned, trace, by=effect.by, rounding=effect.rounding) - earned.taken
            if due > 0:
                lots.append(
                    (earned.lot, account.take_back(trace, earned, due, reason, self._at, effect.beyond))
                )
                taken[earned.account] = taken.get(earned.account, 0) + due
        spend_minor = visits = 0
        if trace.topic == tracing.PURCHASE:
            spend_minor = self._counted_minor(trace, before_minor)
            if trace.is_reversed:
                visits = -account.leave_order(trace)
        account.trace(self._at).taken += (Taken(trace.fact, more, tuple(lots)),)
        more_sums = Sums(-taken["issued"], -taken["adjusted"], spend_minor, visits)
        self._count(name, more_sums, trace.occurred_us, trace.origin)

    def _counted_minor(self, trace: Trace, before_minor: int) -> int:
        programme = self._at.programme
        if programme is None or trace.currency != programme.currency:
            return 0
        return before_minor - tracing.returned_minor(trace)

    def _restore(self, effect: Restore, handler: Handler, member: Member) -> None:
        trace, reason = self._remembered(effect, member), words(effect.reason, "Restore.reason")
        if trace.is_restored:
            self._note(member.id, handler.rule, "it was given back before", is_refusal=True)
            return
        trace.is_restored = True
        account = self._accounts[member.id]
        account.trace(self._at).taken += (Taken(trace.fact, was_spent=True),)
        for burned in sorted(trace.burned, key=goes_to_a_lot):
            rest = account.give_back(burned, reason, self._at)
            if rest:
                award = Award(handler.rule, handler.label, rest, reason, None, None, burned.account)
                self._open_lot(member, award)
            if burned.account == "adjusted":
                self._count(member.id, Sums(adjusted=burned.points), trace.occurred_us, trace.origin)
        self._look_for_due(member.id)

    def _undo(self, effect: Undo, handler: Handler, member: Member) -> None:
        trace, reason = self._remembered(effect, member), words(effect.reason, "Undo.reason")
        if trace.is_undone or not trace.taken:
            self._note(member.id, handler.rule, "it took nothing, or that was undone before", is_refusal=True)
            return
        self._undo_of(trace, handler, member, reason)
        for other in trace.others:
            saved = self._at.copy()
            whose = self._reach(other)
            for theirs in tracing.beside(self._states[whose.id], trace):
                if not theirs.is_undone:
                    self._undo_of(theirs, handler, whose, reason)
            self._at.restore(saved)

    def _undo_of(self, trace: Trace, handler: Handler, member: Member, reason: str) -> None:
        """Undo what one fact took back of one member, the last first."""
        for taken in reversed(trace.taken):
            other = tracing.at(self._states[member.id], taken.fact)
            if taken.was_spent:
                self._spend_again(other, reason, member)
            else:
                self._give_again(other, taken, reason, handler, member)
        trace.is_undone = True
        self._look_for_due(member.id)

    def _spend_again(self, trace: Trace | None, reason: str, member: Member) -> None:
        """Spend again what was given back, in burn order."""
        if trace is None:
            return
        trace.is_restored, spent, trace.burned = False, trace.burned, ()
        for burned in spent:
            trace.burned += self._accounts[member.id].spend(burned.points, reason, self._at, burned.account)
            if burned.account == "adjusted":
                self._count(member.id, Sums(adjusted=-burned.points), trace.occurred_us, trace.origin)

    def _give_again(
        self, trace: Trace | None, taken: Taken, reason: str, handler: Handler, member: Member
    ) -> None:
        """Give what was taken of a fact's awards, and count the fact again in sums."""
        account, given = self._accounts[member.id], {"issued": 0, "adjusted": 0}
        earned_of = {earned.lot: earned for earned in trace.earned} if trace else {}
        pieces = [(earned_of.get(lot), piece) for lot, parts in taken.lots for piece in parts]
        for earned, piece in sorted(pieces, key=lambda pair: goes_to_a_lot(pair[1])):
            rest = account.undo_taking(earned, piece, reason, self._at)
            if rest:
                award = Award(handler.rule, handler.label, rest, reason, None, None, "reversed")
                self._open_lot(member, award)
            if earned is not None:
                given[earned.account] = given.get(earned.account, 0) + piece.points
        if trace is None:
            return
        before_minor, was_reversed = tracing.returned_minor(trace), trace.is_reversed
        trace.returned = tracing.less(trace, taken.returned)
        # Points that a return took by rounding may have been given again with all lines back: they are due.
        is_all_taken = all(earned.taken >= earned.points for earned in trace.earned)
        trace.is_reversed = bool(trace.returned) and is_all_taken and _is_all_back(trace)
        spend_minor = visits = 0
        if trace.topic == tracing.PURCHASE:
            spend_minor = self._counted_minor(trace, before_minor)
            stands_again = was_reversed and not trace.is_reversed
            visits = account.return_to_order(trace) if stands_again else 0
        more = Sums(given["issued"], given["adjusted"], spend_minor, visits)
        self._count(member.id, more, trace.occurred_us, trace.origin)

    def _look_for_due(self, name: str) -> None:
        if self._states[name].due_us() <= self._at.booked_us:
            self._due_now.append(name)


def reached(trace: Trace, other: str) -> None:
    """Remember that a fact reached another member of the group."""
    if other not in trace.others:
        trace.others += (other,)


def goes_to_a_lot(piece: Burned) -> bool:
    """Return whether a piece goes back to a lot: as they were taken, but after debts and what had expired.

    So a debt is paid by the points that would be spent first, and no lot pays what was no debt before.
    """
    return piece.lot is not None and piece.account not in {"", "expired"}


def _mark_returned(trace: Trace, returned: tuple[int, ...] | None) -> None:
    if returned is None:
        # What is free counts 1 where it has come back.
        trace.is_reversed, trace.returned = True, tuple(max(weight, 1) for weight in trace.weights)
        return
    if type(returned) is not tuple or len(returned) != len(trace.weights):
        raise NonsenseError(
            f"answered Reverse.returned {shown(returned)}, not one number a part of the order"
        )
    before = trace.returned or (0,) * len(trace.weights)
    for part, (was, now, weight) in enumerate(zip(before, returned, trace.weights, strict=True)):
        whole(now, f"Reverse.returned[{part}]", was, max(weight, 1))
    trace.returned = returned
    trace.is_reversed = _is_all_back(trace)


def _is_all_back(trace: Trace) -> bool:
    return all(
        now >= weight and (now or weight or not _earns(trace, part))
        for part, (now, weight) in enumerate(zip(trace.returned, trace.weights, strict=True))
    )


def _earns(trace: Trace, part: int) -> bool:
    """Return whether some award counts a part of the order for itself, such as an item that was free."""
    return any(earned.weights is not None and earned.weights[part] for earned in trace.earned)
