"""Points and facts that pass from one member to another: transfers, merges and their undoing."""

from __future__ import annotations

import msgspec

from ..ledger.fold import FlagRow
from ..ledger.units import MOST
from . import holding, renumbering, sums
from .answers import NonsenseError, whole, words, yes_or_no
from .compile import Handler
from .effects import Changed, Merge, Transfer, Unmerge
from .journaling import lot_of
from .member import Award, Member
from .reversing import Reversing, reached
from .state import Burned, Earned, Lot, Trace
from .sums import Sums


class Moving(Reversing):
    """A group in which points and facts can pass from one member to another."""

    def _transfer(self, effect: Transfer, handler: Handler, member: Member) -> None:
        points = whole(effect.points, "Transfer.points", 1, MOST)
        reason = words(effect.reason, "Transfer.reason")
        to = self._states.holder(words(effect.to, "Transfer.to"))
        if to is None or to == member.id:
            raise NonsenseError(f"answered Transfer.to {effect.to!r}, not another member of the group")
        restarts = yes_or_no(effect.restarts, "Transfer.restarts")
        account, at = self._accounts[member.id], self._at
        pieces = account.spend(points, reason, at, "transferred")
        if at.programme is not None and at.programme.traces_us is not None:
            account.forget(at.booked_us - at.programme.traces_us)
            trace = account.trace(at)
            trace.burned += pieces
            reached(trace, to)
        saved = at.copy()
        receiver = self._reach(to)
        for piece in pieces:
            if restarts or piece.lot is None:
                self._open_lot(
                    receiver,
                    Award(handler.rule, handler.label, piece.points, reason, None, None, "transferred"),
                )
            else:
                self._received(to, piece, reason)
        self._look_for_due(to)
        at.restore(saved)

    def _received(self, to: str, piece: Burned, reason: str) -> None:
        account = self._accounts[to]
        lot = lot_of(msgspec.structs.replace(piece, origin=""), piece.points)
        number = account.receive(lot, reason, self._at)
        if self._at.programme is not None and self._at.programme.orders_us is not None:
            earned = Earned(number, piece.points, "transferred", source=piece.fact)
            account.trace(self._at).earned += (earned,)

    # Merging

    def _merge(self, effect: Merge, _: Handler, member: Member) -> None:
        absorbed, reason = words(effect.absorbed, "Merge.absorbed"), words(effect.reason, "Merge.reason")
        if self._states.holder(absorbed) != absorbed or absorbed == member.id:
            raise NonsenseError(f"answered Merge.absorbed {absorbed!r}, no other member of its own")
        saved = self._at.copy()
        self._reach(absorbed)
        saved.booked_us = max(saved.booked_us, self._at.booked_us)
        account = self._accounts[absorbed]
        # By the facts that placed them: states come back from their bytes with the names sorted.
        for hold in sorted(account.state.holds, key=lambda name: (account.state.holds[name].fact, name)):
            holding.void(account, hold, f"{reason}: the hold is given up", self._at)
        for name in (absorbed, member.id):
            self._pass_until(name, saved.booked_us)
        self._at.restore(saved)
        self._pass(absorbed, member.id, "", {absorbed, *self._origins(absorbed)}, reason)
        account.state.absorbed_by, account.state.absorbed_at = member.id, self._at.fact
        account.state.absorbed_sums = tuple(sums.total(account.state))

    def _unmerge(self, effect: Unmerge, handler: Handler, member: Member) -> None:
        absorbed, reason = words(effect.absorbed, "Unmerge.absorbed"), words(effect.reason, "Unmerge.reason")
        merge = whole(effect.merge, "Unmerge.merge", 1)
        if not self.is_card(absorbed, member.id, self._at.origin or member.id) or (
            self._states[absorbed].absorbed_at != merge
        ):
            why = f"fact {merge} has not merged {absorbed} into {member.id}"
            self.flags.append(FlagRow(member.id, self._at.position, handler.rule, "merge-refused", why))
            return
        theirs = {name for name in self._origins(member.id) if absorbed in self._states.chain(name)}
        for between in self._states.chain(absorbed)[1:-1]:
            self._join(between, absorbed, -1)
            self._states[between].position = self._at.position
        back = self._states[absorbed]
        back.absorbed_by, back.absorbed_at = "", 0
        # Its timers have rested: what was due meanwhile fires now, behind the lots that come back.
        back.clock_us = max(back.clock_us, self._at.booked_us)
        self._pass(member.id, absorbed, absorbed, theirs, reason)
        saved = self._at.copy()
        self._reach(absorbed)
        # Its rules have not heard of what it counted while it rested.
        state = self._states[absorbed]
        before, state.absorbed_sums = state.absorbed_sums, tuple(sums.NONE)
        more = (now - was for now, was in zip(sums.total(state), before, strict=True))
        self._tell_change(absorbed, Sums(*more))
        self._at.restore(saved)

    def is_card(self, absorbed: str, holder: str, asker: str) -> bool:
        """Return whether a member is a card of another, and *asker*, who is too, does not rest upon it."""
        if absorbed == holder or self._states.holder(absorbed) != holder:
            return False
        return absorbed not in self._states.chain(asker)

    def _origins(self, holder: str) -> set[str]:
        """Return whose lots and facts a member has taken over."""
        state = self._states[holder]
        origins = {lot.origin for lot in state.lots} | {trace.origin for trace in state.traces}
        return origins - {""}

    def _pass(self, giver: str, to: str, own: str, theirs: set[str], reason: str) -> None:
        """Let lots, facts and sums pass to another: all that a member has, or (*own*) what was *theirs*."""
        source, target, numbers = self._states[giver], self._states[to], dict[int, int]()
        open_lots = self._accounts[giver].in_burn_order(self._at)
        for lot in [lot for lot in open_lots if not own or lot.origin in theirs]:
            old = lot.lot
            numbers[old] = self._pass_lot(giver, to, lot, own, reason)

        def number(old: int) -> int:
            if old not in numbers:
                # What is gone by now may come back: it needs a number that no other lot has.
                numbers[old] = target.lots_made = target.lots_made + 1
            return numbers[old]

        if not own:
            self._pass_debt(giver, to, reason)
        passing = [trace for trace in source.traces if not own or trace.origin in theirs]
        self._pass_facts(giver, to, own, passing, number)
        if own:
            self._join(giver, to, -1)
        else:
            self._join(to, giver, 1)
        self._look_for_due(to)

    def _pass_lot(self, giver: str, to: str, lot: Lot, own: str, reason: str) -> int:
        account, at = self._accounts[giver], self._at
        account.state.lots.remove(lot)
        account.state.points -= lot.points
        account.state.pending -= lot.pending
        points = lot.points + lot.pending
        account.write(at, at.rule, reason, lot.lot, -lot.points, -lot.pending, "transferred", points)
        lot.origin = _origin(lot.origin, giver, own)
        return self._accounts[to].receive(lot, reason, at)

    def _pass_debt(self, giver: str, to: str, reason: str) -> None:
        account, at = self._accounts[giver], self._at
        debt = -account.state.points
        if debt > 0:
            account.state.points = 0
            account.write(at, at.rule, f"{reason}: debt", None, debt, 0, "transferred", -debt)
            self._accounts[to].spend(debt, f"{reason}: debt", at, "transferred")

    def _pass_facts(
        self, giver: str, to: str, own: str, passing: list[Trace], number: renumbering.Number
    ) -> None:
        source, target = self._accounts[giver], self._accounts[to]
        positions = {trace.fact for trace in passing}
        source.state.traces = [x for x in source.state.traces if x.fact not in positions or x not in passing]
        for trace in passing:
            for earned in trace.earned:
                gone = source.state.expired.pop(str(earned.lot), 0)
                source.state.gone_points -= gone
                if gone:
                    target.state.expired[str(number(earned.lot))] = gone
                    target.state.gone_points += gone
            renumbering.trace(trace, number, lambda origin: _origin(origin, giver, own))
        target.state.traces = sorted((*target.state.traces, *passing), key=_age)
        source.recount()
        target.recount()

    def _join(self, name: str, other: str, sign: int) -> None:
        """Add the sums of another member, or take them out again, and tell the rules."""
        at, programme = self._at, self._at.programme
        if programme is None or programme.sums_days is None:
            return
        today = programme.zone.local_date(at.booked_us)
        state = self._states[name]
        more = sums.join(
            state, self._states[other], sign, today=today.toordinal(), keep_days=programme.sums_days
        )
        if not state.absorbed_by and any(more):
            self._tell_change(name, more)

    def _tell_change(self, name: str, more: Sums) -> None:
        """Tell a member's rules, when it is their turn, that its sums have changed."""
        at, programme = self._at, self._at.programme
        if programme is not None and programme.changed:
            today = programme.zone.local_date(at.booked_us)
            changed = Changed(at.fact, at.occurred_us, at.booked_us, today, today, more, has_losses=True)
            self._changed.setdefault(name, []).append(changed)

    def _pass_until(self, name: str, until_us: int) -> None:
        """Fire what is due for a member up to an instant; the cause is another's then."""
        raise NotImplementedError


def _origin(origin: str, giver: str, own: str) -> str:
    """Return whose a lot or a fact is after it has passed: the giver's, or, going back to *own*, its own."""
    if own:
        return "" if origin == own else origin
    return origin or giver


def _age(trace: Trace) -> tuple[int, int]:
    return trace.booked_us, trace.fact
