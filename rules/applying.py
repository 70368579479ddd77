"""Applying effects: the one place where a rule's answer changes a member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..ledger.fold import ActionRow, FlagRow, MoveRow
from ..ledger.units import INT64_MAX, MOST
from .answers import NonsenseError, figures, instant, one_of, positions, shown, whole, words
from .asking import CAP
from .changing import Changing
from .compile import Handler
from .effects import (
    Accrue,
    Burn,
    Capture,
    Changed,
    Count,
    Effect,
    Expire,
    Extend,
    Flag,
    Hold,
    Keep,
    Limit,
    Merge,
    Move,
    NotQualified,
    Recommend,
    Reinstate,
    Release,
    Restore,
    Reverse,
    SetTimer,
    Settle,
    StopTimer,
    Transfer,
    Undo,
    Unmerge,
    Void,
    Wait,
)
from .lineage import remembered
from .member import Member
from .reversing import reached
from .state import Alarm, Rung
from .sums import Sums
from .sums import add as add_sums
from .tracing import PURCHASE

EXPIRE, LAST_PHASE = 1, 99
_MOST_ROUNDS = 100
_encode = msgspec.json.Encoder(order="deterministic").encode


class Applying(Changing):
    """A group whose rules' effects are applied."""

    def _reach(self, name: str) -> Member:
        """Return another member of the group, its time passed; the cause is booked by that clock now."""
        raise NotImplementedError

    def _apply(self, effect: Effect, handler: Handler, asked: Member) -> None:
        kind = type(effect)
        name = effect.member
        if name is not None and type(name) is not str:
            raise NonsenseError(f"answered {kind.__name__}.member {shown(name)}, not the id of a member")
        if kind is NotQualified:
            reason = words(effect.reason, "NotQualified.reason")  # type: ignore[attr-defined]
            if name is not None and name != asked.id:
                raise NonsenseError(f"answered NotQualified.member {shown(name)}, who was not asked")
            self._note(asked.id, handler.rule, reason, is_refusal=True)
            return
        if name is None or name == asked.id:
            self._book(effect, handler, asked, is_own=True)
            return
        if self._states.holder(name) is None:
            raise NonsenseError(f"answered {kind.__name__}.member {shown(name)}, who is not in the group")
        saved = self._at.copy()
        self._book(effect, handler, self._reach(name), is_own=False)
        self._at.restore(saved)
        if kind is Accrue and saved.programme is not None and saved.programme.orders_us is not None:
            reached(self._accounts[asked.id].trace(saved), name)

    def _book(self, effect: Effect, handler: Handler, member: Member, *, is_own: bool) -> None:
        if type(effect) is Accrue:
            self._award(effect, handler, member, is_own=is_own)
        elif type(effect) is Limit:
            self._limit(effect, handler, member, is_own=is_own)
        else:
            book = _BOOKS.get(type(effect))
            if book is None:
                raise NonsenseError(f"answered {shown(effect)}, which has no meaning here")
            book(self, effect, handler, member)

    def _limit(self, effect: Limit, handler: Handler, member: Member, *, is_own: bool) -> None:
        if handler.stage != CAP or not is_own:
            raise NonsenseError("answered Limit outside the stage cap, or Limit.member for another member")
        points, kept = whole(effect.points, "Limit.points"), []
        reason = words(effect.reason, "Limit.reason")
        for award in member._awards:
            part = min(award.points, points)
            points -= part
            if part:
                kept.append(award._replace(points=part))
            if part < award.points:
                cut = f"{award.points} points cut to {part} by {handler.rule}: {reason}"
                self._note(member.id, award.rule, cut, is_refusal=not part)
        member._awards[:] = kept
        self._note(member.id, handler.rule, reason)

    def _burn(self, effect: Burn, _: Handler, member: Member) -> None:
        points = whole(effect.points, "Burn.points", 1, MOST)
        reason, account = words(effect.reason, "Burn.reason"), effect.account
        one_of(account, "Burn.account", ("redeemed", "adjusted", "opened"))
        self._accounts[member.id].burn(points, reason, self._at, account)
        if account == "adjusted":
            self._count(member.id, Sums(adjusted=-points), self._at.occurred_us)

    def _set_timer(self, effect: SetTimer, handler: Handler, member: Member) -> None:
        due_us, key = instant(effect.due_us, "SetTimer.due_us"), words(effect.key, "SetTimer.key")
        phase = max(whole(effect.phase, "SetTimer.phase", 0, LAST_PHASE), EXPIRE + 1)
        alarm = Alarm(due_us, phase, handler.label, key, self._at.fact)
        if self._answered is not None and not self._answered < alarm:
            raise NonsenseError(f"answered SetTimer.due_us {due_us}, not after the timer that it answers")
        self._states[member.id].set_alarm(alarm)
        if due_us <= self._at.booked_us:
            self._due_now.append(member.id)

    def _stop_timer(self, effect: StopTimer, handler: Handler, member: Member) -> None:
        self._states[member.id].stop_alarm(handler.label, words(effect.key, "StopTimer.key"))

    def _count_up(self, effect: Count, handler: Handler, member: Member) -> None:
        counter = words(effect.counter, "Count.counter")
        memory = remembered(self._states[member.id].memory, handler.keeps) or {}
        before = memory.get(counter, 0)
        if not isinstance(before, int):
            raise NonsenseError(
                f"answered Count.counter {counter!r}, under which it keeps the text {shown(before)}"
            )
        total = before + whole(effect.by, "Count.by", -INT64_MAX)
        if not -INT64_MAX <= total <= INT64_MAX:
            raise NonsenseError(f"answered Count.by {effect.by}, which takes {counter!r} past 2^63")
        self._remember(handler, member, counter, total or None)

    def _keep(self, effect: Keep, handler: Handler, member: Member) -> None:
        key, value = words(effect.key, "Keep.key"), effect.value
        if type(value) is int:
            whole(value, "Keep.value", -INT64_MAX)
        elif value is not None:
            words(value, "Keep.value")
        self._remember(handler, member, key, value)

    def _wait(self, effect: Wait, _: Handler, member: Member) -> None:
        order, asked = words(effect.order, "Wait.order"), self._at.asked
        if asked is None or asked.topic == PURCHASE or member.id != self._at.subject:
            raise NonsenseError(
                f"answered Wait.order {order!r}, but only the fact at hand can wait for its order"
            )
        waiting = self._states[member.id].waiting.setdefault(order, [])
        waiting.append((asked.topic, _encode(asked)))

    def _remember(self, handler: Handler, member: Member, key: str, value: int | str | None) -> None:
        memory, mine = self._states[member.id].memory, handler.keeps.key
        if handler.keeps.older and mine not in memory:
            # From now on it is its own, even when it is empty.
            memory[mine] = dict(remembered(memory, handler.keeps) or {})
        if value is not None:
            memory.setdefault(mine, {})[key] = value
        elif mine in memory:
            memory[mine].pop(key, None)
            if not memory[mine] and not handler.keeps.older:
                del memory[mine]

    def _flag(self, effect: Flag, handler: Handler, member: Member) -> None:
        flag, reason = words(effect.flag, "Flag.flag"), words(effect.reason, "Flag.reason")
        self.flags.append(FlagRow(member.id, self._at.position, handler.rule, flag, reason))

    def _recommend(self, effect: Recommend, handler: Handler, member: Member) -> None:
        action, reason = words(effect.action, "Recommend.action"), words(effect.reason, "Recommend.reason")
        due_us = None if effect.due_us is None else instant(effect.due_us, "Recommend.due_us")
        at = self._at
        self.actions.append(
            ActionRow(member.id, action, at.position, at.booked_us, at.fact, handler.rule, reason, due_us)
        )

    def _settle(self, effect: Settle, handler: Handler, member: Member) -> None:
        action, outcome = words(effect.action, "Settle.action"), words(effect.outcome, "Settle.outcome")
        at = self._at
        self.actions.append(
            ActionRow(
                member.id, action, at.position, at.booked_us, at.fact, handler.rule, outcome, None, outcome
            )
        )

    def _move(self, effect: Move, handler: Handler, member: Member) -> None:
        is_none = type(effect.rung) is str and not effect.rung
        rung = "" if is_none else words(effect.rung, "Move.rung")
        reason = words(effect.reason, "Move.reason")
        ladder = handler.label if effect.ladder is None else words(effect.ladder, "Move.ladder")
        rungs, at = self._states[member.id].rungs, self._at
        declared = at.programme.ladders.get(ladder) if at.programme else None
        if declared is not None and rung and rung not in declared:
            raise NonsenseError(f"answered Move.rung {rung!r}, which the ladder {ladder!r} does not have")
        stands = rungs.get(ladder) or Rung("", 0)
        facts = positions(effect.evidence, "Move.evidence", self._latest)
        numbers = figures(effect.figures, "Move.figures")
        if stands.rung == rung:
            return
        evidence = _encode({"facts": sorted({*facts, at.fact}), "figures": numbers}).decode()
        rungs[ladder] = Rung(rung, stands.moves + 1)
        self.moves.append(
            MoveRow(
                member.id, ladder, stands.moves + 1, at.position, at.booked_us, at.fact, handler.rule,
                at.programme.position if at.programme else 0, stands.rung, rung, reason, evidence, at.is_late,
            )
        )  # fmt: skip

    # Sums

    def _count(self, name: str, more: Sums, occurred_us: int, origin: str | None = None) -> None:
        """Add to a member's sums on the day of *occurred_us*, if the programme keeps any.

        What an absorbed member did counts for itself, too: it is what goes back with it.
        """
        at = self._at
        programme = at.programme
        if programme is None or programme.sums_days is None or not any(more):
            return
        local_date = programme.zone.local_date
        day = local_date(occurred_us)
        today = day if at.booked_us == occurred_us else local_date(at.booked_us)
        add_sums(
            self._states[name], day.toordinal(), more, today=today.toordinal(), keep_days=programme.sums_days
        )
        if origin is None:
            origin = at.origin if name == at.subject else ""
        for absorbed in self._states.chain(origin)[:-1] if origin else ():
            state = self._states[absorbed]
            add_sums(state, day.toordinal(), more, today=today.toordinal(), keep_days=programme.sums_days)
            state.position = at.position
        if programme.changed:
            changed = Changed(at.fact, at.occurred_us, at.booked_us, today, day, more)
            self._changed.setdefault(name, []).append(changed)

    def _hear(self, name: str) -> None:
        """Let rules answer that a member's sums have changed, until they change no more.

        Raises:
            RuleError: they would never come to an end.
        """
        at, rounds = self._at, 0
        while name in self._changed and at.programme is not None:
            member = self._member(name, self._states[name], at.programme)
            for changed in self._changed.pop(name):
                for handler in at.programme.changed:
                    self._ask(handler, changed, member)
            rounds += 1
            if rounds == _MOST_ROUNDS:
                error = NonsenseError(f"changes the sums of {name!r} without end")
                raise self._contained(error, at.rule, name)

    def _hear_others(self) -> None:
        """Let rules answer that the sums of members beside the one at hand have changed."""
        for _ in range(_MOST_ROUNDS):
            if not self._changed:
                return
            name = next(iter(self._changed))
            pending, saved = self._changed.pop(name), self._at.copy()
            member = self._reach(name)
            self._changed[name] = pending + self._changed.get(name, [])
            # What it gains now is booked at once: none of it belongs to a fact of its own.
            awards, member._awards = member._awards, []
            self._hear(name)
            member._awards = awards
            self._at.restore(saved)
        error = NonsenseError("changes the sums of members without end")
        raise self._contained(error, self._at.rule, next(iter(self._changed)))


_BOOKS: dict[type, Callable[[Any, Any, Handler, Member], None]] = {
    Burn: Applying._burn, Capture: Applying._capture, Count: Applying._count_up, Expire: Applying._expire_now,
    Extend: Applying._extend, Flag: Applying._flag, Hold: Applying._hold, Keep: Applying._keep,
    Merge: Applying._merge, Move: Applying._move, Recommend: Applying._recommend,
    Reinstate: Applying._reinstate, Release: Applying._release, Restore: Applying._restore,
    Reverse: Applying._reverse, SetTimer: Applying._set_timer, Settle: Applying._settle,
    StopTimer: Applying._stop_timer, Transfer: Applying._transfer, Undo: Applying._undo,
    Unmerge: Applying._unmerge, Void: Applying._void, Wait: Applying._wait,
}  # fmt: skip
