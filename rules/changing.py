"""Lots that change without being earned or spent: held, extended, released, expired, given anew."""

from __future__ import annotations

from . import holding
from .answers import NonsenseError, instant, whole, words
from .compile import Handler
from .effects import Capture, Expire, Extend, Hold, Reinstate, Release, Void
from .member import Award, Member
from .moving import Moving
from .state import Held
from .tracing import REDEMPTION


class Changing(Moving):
    """A group whose members' lots can change."""

    def _hold(self, effect: Hold, _: Handler, member: Member) -> None:
        name, reason = words(effect.hold, "Hold.hold"), words(effect.reason, "Hold.reason")
        account = self._accounts[member.id]
        points = whole(effect.points, "Hold.points", 1)
        if name in account.state.holds:
            raise NonsenseError(f"answered Hold.hold {name!r}, which is open")
        if points > account.state.points:
            can = account.state.points
            raise NonsenseError(f"answered Hold.points {points}, but {can} points can be spent")
        order = "" if effect.order is None else words(effect.order, "Hold.order")
        holding.place(account, name, points, order, reason, self._at)

    def _capture(self, effect: Capture, _: Handler, member: Member) -> None:
        reason, held = words(effect.reason, "Capture.reason"), self._open_hold(effect, member)
        points = whole(effect.points, "Capture.points", 1, holding.held_points(held))
        account, at = self._accounts[member.id], self._at
        spent = holding.capture(account, effect.hold, points, reason, at)
        if at.programme is not None and at.programme.traces_us is not None:
            account.forget(at.booked_us - at.programme.traces_us)
            trace = account.trace(at)
            trace.burned += spent
            # From here on it is the redemption of its order: that can be cancelled, and given back.
            trace.topic, trace.key = REDEMPTION, held.order
        self._look_for_due(member.id)

    def _void(self, effect: Void, _: Handler, member: Member) -> None:
        reason = words(effect.reason, "Void.reason")
        self._open_hold(effect, member)
        holding.void(self._accounts[member.id], effect.hold, reason, self._at)
        self._look_for_due(member.id)

    def _open_hold(self, effect: Capture | Void, member: Member) -> Held:
        what = f"{type(effect).__name__}.hold"
        held = self._states[member.id].holds.get(words(effect.hold, what))
        if held is None:
            raise NonsenseError(f"answered {what} {effect.hold!r}, but no such hold is open")
        return held

    def _extend(self, effect: Extend, handler: Handler, member: Member) -> None:
        expires_us = instant(effect.expires_us, "Extend.expires_us")
        reason, account = words(effect.reason, "Extend.reason"), self._accounts[member.id]
        if effect.lot is not None:
            whole(effect.lot, "Extend.lot", 1)
        for lot in list(account.state.lots):
            if lot.expires_us < expires_us and effect.lot in (None, lot.lot):
                account.extend(lot, expires_us, reason, self._at, handler.label)
        account.extend_taken(effect.lot, expires_us, self._at, handler.label)

    def _release(self, effect: Release, handler: Handler, member: Member) -> None:
        fact = whole(effect.fact, "Release.fact", 1, self._latest)
        reason = words(effect.reason, "Release.reason")
        account = self._accounts[member.id]
        for lot in list(account.in_burn_order(self._at)):
            if lot.fact == fact and lot.pending:
                account.release(lot, self._at, rule=handler.rule, reason=reason)

    def _reinstate(self, effect: Reinstate, handler: Handler, member: Member) -> None:
        account, reason = self._accounts[member.id], words(effect.reason, "Reinstate.reason")
        points = whole(effect.points, "Reinstate.points", 1, max(account.state.gone_points, 0))
        expires_us = None if effect.expires_us is None else instant(effect.expires_us, "Reinstate.expires_us")
        award = Award(handler.rule, handler.label, points, reason, None, expires_us, "expired")
        account.state.gone_points -= points
        account.open_lot_until(award, self._at, expires_us)
        self._look_for_due(member.id)

    def _expire_now(self, effect: Expire, _: Handler, member: Member) -> None:
        account, reason = self._accounts[member.id], words(effect.reason, "Expire.reason")
        for lot in list(account.state.lots):
            account.expire_now(lot, reason, self._at)
