"""Applying effects: the one place where a rule's answer changes a member."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from ..ledger.fold import ActionRow, FlagRow, MoveRow
from ..ledger.units import INT64_MAX, MOST, ROUNDINGS
from . import tracing
from .answers import NonsenseError, instant, shown, whole, words
from .asking import CAP, Asking
from .compile import Handler
from .effects import (
    Accrue,
    Burn,
    Changed,
    Count,
    Effect,
    Flag,
    Keep,
    Limit,
    Move,
    NotQualified,
    Recommend,
    Restore,
    Reverse,
    SetTimer,
    Settle,
    StopTimer,
)
from .member import Award, Member
from .state import Alarm, Rung, Trace
from .sums import Sums
from .sums import add as add_sums

EXPIRE, LAST_PHASE = 1, 99
_MOST_ROUNDS = 100
_encode = msgspec.json.Encoder(order="deterministic").encode


class Applying(Asking):
    """A group whose rules' effects are applied."""

    def _reach(self, name: str) -> Member:
        """Return another member of the group, its time passed; the cause is booked by that clock now."""
        raise NotImplementedError

    def _apply(self, effect: Effect, handler: Handler, asked: Member) -> None:
        kind = type(effect)
        if kind is NotQualified:
            self._note(asked.id, handler.rule, effect.reason, is_refusal=True)  # type: ignore[attr-defined]
            return
        if not isinstance(effect, Effect):
            raise NonsenseError(f"answered {shown(effect)}, which is no effect")
        if effect.member is None or effect.member == asked.id:
            self._book(effect, handler, asked, is_own=True)
            return
        saved = self._at.copy()
        self._book(effect, handler, self._reach(effect.member), is_own=False)
        self._at.restore(saved)
        if kind is Accrue and saved.programme is not None and saved.programme.orders_us is not None:
            trace = self._accounts[asked.id].trace(saved)
            if effect.member not in trace.others:
                trace.others += (effect.member,)

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
            raise NonsenseError("answered Limit outside the stage cap, or for another member")
        points, kept = whole(effect.points, "Limit.points"), []
        for award in member.awards:
            part = min(award.points, points)
            points -= part
            if part:
                kept.append(award._replace(points=part))
        member.awards[:] = kept
        self._note(member.id, handler.rule, words(effect.reason, "Limit.reason"))

    def _burn(self, effect: Burn, _: Handler, member: Member) -> None:
        points = whole(effect.points, "Burn.points", 1, MOST)
        reason, account = words(effect.reason, "Burn.reason"), effect.account
        _one_of(account, "Burn.account", ("redeemed", "adjusted", "opened"))
        self._accounts[member.id].burn(points, reason, self._at, account)
        if account == "adjusted":
            self._count(member.id, Sums(adjusted=-points), self._at.occurred_us)

    def _set_timer(self, effect: SetTimer, handler: Handler, member: Member) -> None:
        due_us, key = instant(effect.due_us, "SetTimer.due_us"), words(effect.key, "SetTimer.key")
        phase = max(whole(effect.phase, "SetTimer.phase", 0, LAST_PHASE), EXPIRE + 1)
        alarm = Alarm(due_us, phase, handler.label, key, self._at.fact)
        if self._answered is not None and not self._answered < alarm:
            raise NonsenseError("set a timer that does not come after the one it answers")
        self._states[member.id].set_alarm(alarm)
        if due_us <= self._at.booked_us:
            self._due_now.append(member.id)

    def _stop_timer(self, effect: StopTimer, handler: Handler, member: Member) -> None:
        self._states[member.id].stop_alarm(handler.label, words(effect.key, "StopTimer.key"))

    def _count_up(self, effect: Count, handler: Handler, member: Member) -> None:
        counter = words(effect.counter, "Count.counter")
        before = self._states[member.id].memory.get(handler.label, {}).get(counter, 0)
        if not isinstance(before, int):
            raise NonsenseError(f"counts {counter!r}, where it keeps the text {shown(before)}")
        total = before + whole(effect.by, "Count.by", -INT64_MAX)
        self._remember(handler, member, counter, whole(total, f"Count {counter!r} up to", -INT64_MAX) or None)

    def _keep(self, effect: Keep, handler: Handler, member: Member) -> None:
        key, value = words(effect.key, "Keep.key"), effect.value
        if type(value) is int:
            whole(value, "Keep.value", -INT64_MAX)
        elif value is not None:
            words(value, "Keep.value")
        self._remember(handler, member, key, value)

    def _remember(self, handler: Handler, member: Member, key: str, value: int | str | None) -> None:
        memory = self._states[member.id].memory
        if value is not None:
            memory.setdefault(handler.label, {})[key] = value
        elif handler.label in memory:
            memory[handler.label].pop(key, None)
            if not memory[handler.label]:
                del memory[handler.label]

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
        rung = effect.rung and words(effect.rung, "Move.rung")
        reason = words(effect.reason, "Move.reason")
        ladder = handler.label if effect.ladder is None else words(effect.ladder, "Move.ladder")
        rungs, at = self._states[member.id].rungs, self._at
        stands = rungs.get(ladder) or Rung("", 0)
        if stands.rung == rung:
            return
        facts = sorted({whole(position, "Move.evidence", 1) for position in (*effect.evidence, at.fact)})
        figures = {
            words(name, "Move.figures"): value if type(value) is int else words(value, "Move.figures")
            for name, value in effect.figures.items()
        }
        evidence = _encode({"facts": facts, "figures": figures}).decode()
        rungs[ladder] = Rung(rung, stands.moves + 1)
        self.moves.append(
            MoveRow(
                member.id, ladder, stands.moves + 1, at.position, at.booked_us, at.fact, handler.rule,
                at.programme.position if at.programme else 0, stands.rung, rung, reason, evidence, at.is_late,
            )
        )  # fmt: skip

    # What can be taken back

    def _remembered(self, effect: Reverse | Restore, member: Member) -> Trace:
        trace = tracing.at(self._states[member.id], whole(effect.fact, f"{type(effect).__name__}.fact", 1))
        if trace is None:
            raise NonsenseError(f"answered {shown(effect)}, but that fact is not remembered")
        return trace

    def _reverse(self, effect: Reverse, handler: Handler, member: Member) -> None:
        trace, reason = self._remembered(effect, member), words(effect.reason, "Reverse.reason")
        _one_of(effect.by, "Reverse.by", ("lines", "order"))
        _one_of(effect.beyond, "Reverse.beyond", ("debt", "clamp", "waive"))
        _one_of(effect.rounding, "Reverse.rounding", tuple(ROUNDINGS))
        if trace.is_reversed:
            self._note(member.id, handler.rule, "all of it was taken back before", is_refusal=True)
            return
        before_minor = tracing.returned_minor(trace)
        _mark_returned(trace, effect.returned)
        self._take_back(member.id, trace, effect, reason, before_minor)
        if trace.is_reversed:
            for other in trace.others:
                saved = self._at.copy()
                self._reach(other)
                theirs = tracing.at(self._states[other], trace.fact)
                if theirs is not None and not theirs.is_reversed:
                    theirs.is_reversed = True
                    self._take_back(other, theirs, effect, reason, 0)
                self._at.restore(saved)

    def _take_back(self, name: str, trace: Trace, effect: Reverse, reason: str, before_minor: int) -> None:
        """Take what is due back of each award, and what the fact counted for in sums."""
        account, taken = self._accounts[name], {"issued": 0, "adjusted": 0}
        for earned in trace.earned:
            due = tracing.due_back(earned, trace, by=effect.by, rounding=effect.rounding) - earned.taken
            if due > 0:
                account.take_back(earned, due, reason, self._at, effect.beyond)
                taken[earned.account] = taken.get(earned.account, 0) + due
        spend_minor = visits = 0
        if trace.topic == tracing.PURCHASE:
            programme = self._at.programme
            if programme is not None and trace.currency == programme.currency:
                spend_minor = before_minor - tracing.returned_minor(trace)
            if trace.is_reversed:
                visits = -account.leave_order(trace)
        self._count(name, Sums(-taken["issued"], -taken["adjusted"], spend_minor, visits), trace.occurred_us)

    def _restore(self, effect: Restore, handler: Handler, member: Member) -> None:
        trace, reason = self._remembered(effect, member), words(effect.reason, "Restore.reason")
        if trace.is_restored:
            self._note(member.id, handler.rule, "it was given back before", is_refusal=True)
            return
        trace.is_restored = True
        for burned in trace.burned:
            rest = self._accounts[member.id].give_back(burned, reason, self._at)
            if rest:
                award = Award(handler.rule, handler.label, rest, reason, None, None, burned.account)
                self._open_lot(member, award)
            if burned.account == "adjusted":
                self._count(member.id, Sums(adjusted=burned.points), trace.occurred_us)
        if self._states[member.id].due_us() <= self._at.booked_us:
            self._due_now.append(member.id)

    # Sums

    def _count(self, name: str, more: Sums, occurred_us: int) -> None:
        """Add to a member's sums on the day of *occurred_us*, if the programme keeps any."""
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
            self._reach(name)
            self._changed[name] = pending + self._changed.get(name, [])
            self._hear(name)
            self._at.restore(saved)
        error = NonsenseError("changes the sums of members without end")
        raise self._contained(error, self._at.rule, next(iter(self._changed)))


def _mark_returned(trace: Trace, returned: tuple[int, ...] | None) -> None:
    if returned is None:
        trace.is_reversed = True
        return
    if type(returned) is not tuple or len(returned) != len(trace.weights):
        raise NonsenseError(
            f"answered Reverse.returned {shown(returned)}, not one number a part of the order"
        )
    before = trace.returned or (0,) * len(trace.weights)
    for was, now, weight in zip(before, returned, trace.weights, strict=True):
        whole(now, "Reverse.returned", was, max(weight, 1))
    trace.returned = returned
    trace.is_reversed = all(
        now >= weight and (now or weight or not _earns(trace, part))
        for part, (now, weight) in enumerate(zip(returned, trace.weights, strict=True))
    )


def _earns(trace: Trace, part: int) -> bool:
    """Return whether some award counts a part of the order for itself, such as an item that was free."""
    return any(earned.weights is not None and earned.weights[part] for earned in trace.earned)


def _one_of(value: object, what: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise NonsenseError(f"answered {what} {shown(value)}, not one of {', '.join(known)}")


_BOOKS: dict[type, Callable[[Any, Any, Handler, Member], None]] = {
    Burn: Applying._burn, Count: Applying._count_up, Flag: Applying._flag, Keep: Applying._keep,
    Move: Applying._move, Recommend: Applying._recommend, Restore: Applying._restore,
    Reverse: Applying._reverse, SetTimer: Applying._set_timer, Settle: Applying._settle,
    StopTimer: Applying._stop_timer,
}  # fmt: skip
