"""The fold: facts in, balanced entries out. No I/O, no clock, no plugin manager.

For each fact of a group: advances recorded before it pass, timers due up to it fire, then the rules of the programme
that governs it answer in the order earn → multiply → cap → (awards become lots) → standing → react, and the engine
applies their effects.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ..ledger.calendar import FOREVER_US
from ..ledger.errors import RuleError
from ..ledger.facts import Fact, FactType
from ..ledger.fold import FlagRow, StateRow, TimerRow
from ..ledger.journal import Entry
from ..ledger.units import INT64_MAX
from .catalogue import Catalogue
from .compile import Handler, History, Programme
from .effects import (
    Accrue,
    Burn,
    Count,
    Effect,
    Flag,
    Limit,
    NewLot,
    NotQualified,
    SetTimer,
    StopTimer,
    Terms,
    Timer,
)
from .journaling import Account, Cause
from .member import Award, Member
from .rule import STAGES
from .state import Alarm, Lot, MemberState, dump, load

_CAP = STAGES.index("cap")
_RELEASE, _EXPIRE = 0, 1


class Note(NamedTuple):
    """A step of an explanation: what a rule noted or why it gave nothing."""

    position: int
    member: str
    rule: str
    text: str
    is_refusal: bool


class Engine:
    """The fold under the programmes recorded so far: see :class:`loyalty_ledger.ledger.fold.Fold`."""

    def __init__(
        self, facts: Sequence[Fact[FactType]], catalogue: Catalogue, *, is_explaining: bool = False
    ) -> None:
        self.history = History(facts, catalogue)
        self.fingerprint = self.history.fingerprint
        self.is_explaining = is_explaining

    def group(self, members: tuple[str, ...], states: Mapping[str, bytes]) -> Group:
        """Return the fold of these members, going on from the states given."""
        return Group(self, {m: load(states[m]) if m in states else MemberState() for m in members})


class Group:
    """The fold of one group: see :class:`loyalty_ledger.ledger.fold.GroupFold`."""

    def __init__(self, engine: Engine, states: dict[str, MemberState]) -> None:
        self.entries: list[Entry] = []
        self.flags: list[FlagRow] = []
        self.notes: list[Note] = []
        self._engine = engine
        self._history = engine.history
        programmes = engine.history.programmes
        # One programme from the beginning of time is the common case and needs no search.
        self._only = programmes[0] if len(programmes) == 1 and programmes[0].effective_us == -FOREVER_US else None
        self._last_advance = max(engine.history.advance_positions, default=0)
        self._states = states
        self._members: dict[str, Member] = {}
        self._accounts: dict[str, Account] = {name: Account(name, state, self.entries) for name, state in states.items()}
        self._at = Cause()
        self._subject = ""
        """Whose awards wait for the stage cap; '' while none wait."""
        self._is_due_now = False

    def apply(self, fact: Fact[FactType]) -> None:
        """Fold one fact.

        Raises:
            RuleError: a rule failed; the state is void.
        """
        state = self._states.get(fact.subject)
        if state is None:
            return
        position, occurred_us = fact.position, fact.occurred_us
        if state.position < self._last_advance:
            self._pass_time(fact.subject, state, position)
        booked_us = state.clock_us if occurred_us < state.clock_us else occurred_us
        fact.is_late = occurred_us < state.clock_us
        if state.due_us() <= booked_us:
            self._fire(fact.subject, state, booked_us, position)
        state.clock_us = booked_us
        state.position = position
        programme = self._only
        if programme is None or programme.position >= position:
            programme = self._history.governing(position, occurred_us)
            if programme is None:
                return
        early = programme.early.get(fact.topic)
        late = programme.late.get(fact.topic)
        if not early and not late:
            return
        cause = self._at
        cause.position = cause.fact = position
        cause.booked_us, cause.occurred_us = booked_us, occurred_us
        cause.programme, cause.is_late = programme, fact.is_late
        member = self._member(fact.subject, state, programme)
        self._subject = fact.subject
        if early:
            for handler in early:
                self._ask(handler, fact, member)
            for award in member.awards:
                self._open_lot(member, award)
        self._subject = ""
        if late:
            for handler in late:
                self._ask(handler, fact, member)
        if self._is_due_now:
            self._is_due_now = False
            self._fire(fact.subject, state, booked_us, position)

    def settle(self, position: int) -> None:
        """Fire what became due by an advance recorded up to *position*; touch nobody else."""
        for name, state in self._states.items():
            for index in self._history.advances_between(state.position, position + 1):
                to_us = self._history.advance_us[index]
                if state.due_us() <= to_us:
                    self._pass_time(name, state, self._history.advance_positions[index] + 1)
                    state.position = self._history.advance_positions[index]

    def states(self) -> list[StateRow]:
        """Return what must be kept of every member that anything has touched."""
        rows = []
        for name, state in self._states.items():
            if state.position:
                due = state.due_us()
                rows.append(
                    StateRow(name, state.position, state.clock_us, None if due == FOREVER_US else due, dump(state))
                )
        return rows

    def timers(self) -> list[TimerRow]:
        """Return the rules' timers that have not fired."""
        return [
            TimerRow(name, alarm.due_us, alarm.phase, alarm.rule, alarm.key, alarm.fact)
            for name, state in self._states.items()
            for alarm in state.alarms
        ]

    def state_of(self, member: str) -> MemberState:
        """Return the state of a member of the group."""
        return self._states[member]

    def advance_to(self, until_us: int, position: int) -> None:
        """Let every member's clock run to an instant that no fact has recorded: for decisions, never kept."""
        for name, state in self._states.items():
            self._pass_time(name, state, position + 1)
            if state.due_us() <= until_us:
                self._fire(name, state, until_us, position)
            state.clock_us = max(state.clock_us, until_us)

    # -- time -------------------------------------------------------------------------------------------------

    def _pass_time(self, name: str, state: MemberState, before: int) -> None:
        history = self._history
        for index in history.advances_between(state.position, before):
            to_us = history.advance_us[index]
            if state.due_us() <= to_us:
                self._fire(name, state, to_us, history.advance_positions[index])
            state.clock_us = max(state.clock_us, to_us)

    def _fire(self, name: str, state: MemberState, until_us: int, position: int) -> None:
        """Fire everything due up to *until_us*, in the order (due, phase, rule, key)."""
        while state.due_us() <= until_us:
            due_us, phase, alarm, lot = _first_due(state)
            state.clock_us = max(state.clock_us, due_us)
            programme = self._only or self._history.governing(position, due_us)
            cause = self._at
            cause.position = position
            cause.booked_us = cause.occurred_us = state.clock_us
            cause.programme, cause.is_late = programme, False
            account = self._accounts[name]
            if lot is not None:
                cause.fact = lot.fact
                if phase == _RELEASE:
                    account.release(lot, cause)
                else:
                    account.expire(lot, cause)
            elif alarm is not None:
                state.alarms.pop(0)
                cause.fact = alarm.fact
                self._wake(name, state, alarm, programme)

    def _wake(self, name: str, state: MemberState, alarm: Alarm, programme: Programme | None) -> None:
        rule = programme.rules.get(alarm.rule) if programme else None
        if programme is None or rule is None:
            self._note(
                name, alarm.rule, "the rule is not in the programme in force: its timer is dropped", is_refusal=True
            )
            return
        handler = Handler(rule.on_timer, alarm.rule, programme.cited[alarm.rule], len(STAGES))
        member = self._member(name, state, programme)
        self._ask(handler, Timer(alarm.key, alarm.due_us, alarm.fact), member)
        if state.alarms and state.alarms[0] < alarm:
            raise RuleError(
                f"rule {alarm.rule!r} set a timer before the one it answers", at=_where(name, self._at.position)
            )

    # -- rules ------------------------------------------------------------------------------------------------

    def _member(self, name: str, state: MemberState, programme: Programme) -> Member:
        member = self._members.get(name)
        if member is None:
            member = self._members[name] = Member(name, state, programme.zone, programme.currency, self._other)
        member.zone, member.currency = programme.zone, programme.currency
        if member.awards:
            member.awards = []
        return member

    def _other(self, name: str) -> Member | None:
        state, programme = self._states.get(name), self._at.programme
        if state is None or programme is None:
            return None
        return self._members.get(name) or self._member(name, state, programme)

    def _ask(self, handler: Handler, asked_about: Any, member: Member) -> None:
        """Let one rule answer, and apply its effects.

        Raises:
            RuleError: whatever the rule raised, or an answer that is none.
        """
        member.rule = handler.label
        self._at.rule = handler.rule
        if self._engine.is_explaining:
            member.note = lambda text, *values: self._note(
                member.id, handler.rule, text.format(*(value() if callable(value) else value for value in values))
            )
        try:
            answer = handler.call(asked_about, member)
            if answer is None:
                return
            for effect in (answer,) if isinstance(answer, Effect) else answer:
                self._apply(effect, handler, member)
        except RuleError:
            raise
        except (Exception, SystemExit) as error:
            raise RuleError(
                f"rule {handler.rule} failed: {type(error).__name__}: {error}",
                at=_where(member.id, self._at.position),
                hint="loyalty quarantine list shows who is set aside",
            ) from error

    def _apply(self, effect: Effect, handler: Handler, asked: Member) -> None:
        kind = type(effect)
        if kind is NotQualified:
            self._note(asked.id, handler.rule, effect.reason, is_refusal=True)  # type: ignore[attr-defined]
            return
        member = asked
        if not isinstance(effect, Effect):
            raise RuleError(f"rule {handler.rule} answered {effect!r}, which is no effect")
        if effect.member is not None and effect.member != asked.id:
            member = self._reach(effect.member)
        if kind is Accrue:
            self._award(effect, handler, member)  # type: ignore[arg-type]
        else:
            self._apply_rare(effect, handler, member)

    def _apply_rare(self, effect: Effect, handler: Handler, member: Member) -> None:
        state, label = self._states[member.id], handler.label
        match effect:
            case Burn(points=points, reason=reason):
                self._accounts[member.id].burn(_whole(points, "Burn.points", handler, 1), reason, self._at)
            case Limit(points=points, reason=reason):
                if handler.stage != _CAP:
                    raise RuleError(f"rule {handler.rule} answered Limit outside the stage cap")
                _limit(member, _whole(points, "Limit.points", handler))
                self._note(member.id, handler.rule, reason)
            case SetTimer(key=key, due_us=due_us, phase=phase):
                due_us = _whole(due_us, "SetTimer.due_us", handler, -FOREVER_US)
                state.set_alarm(Alarm(due_us, max(phase, _EXPIRE + 1), label, key, self._at.fact))
            case StopTimer(key=key):
                state.stop_alarm(label, key)
            case Count(counter=counter, by=by):
                counters = state.counters.setdefault(label, {})
                counters[counter] = counters.get(counter, 0) + _whole(by, "Count.by", handler, -FOREVER_US)
            case Flag(flag=flag, reason=reason):
                self.flags.append(FlagRow(member.id, self._at.position, handler.rule, flag, reason))
            case _:
                raise RuleError(f"rule {handler.rule} answered {effect!r}, which has no meaning here")

    def _reach(self, name: str) -> Member:
        """Return another member of the group, its time passed up to the cause."""
        state, cause = self._states.get(name), self._at
        programme = cause.programme
        if state is None or programme is None:
            raise RuleError(f"effect for {name!r}, who is not in the group", at=_where(name, cause.position))
        saved = cause.copy()
        self._pass_time(name, state, cause.position)
        booked_us = max(state.clock_us, saved.booked_us)
        if state.due_us() <= booked_us:
            self._fire(name, state, booked_us, saved.position)
        state.clock_us, state.position = booked_us, saved.position
        cause.restore(saved)
        return self._members.get(name) or self._member(name, state, programme)

    # -- awards -----------------------------------------------------------------------------------------------

    def _award(self, effect: Accrue, handler: Handler, member: Member) -> None:
        points, reason = effect.points, effect.reason
        if type(points) is not int or not 0 <= points <= INT64_MAX:
            _whole(points, "Accrue.points", handler)
        if type(reason) is not str or not reason:
            raise RuleError(f"rule {handler.rule} answered Accrue.reason {reason!r}, not words")
        if not points:
            self._note(member.id, handler.rule, f"0 points: {reason}", is_refusal=True)
            return
        award = Award(handler.rule, handler.label, points, reason, effect.usable_us, effect.expires_us)
        member.awards.append(award)
        if handler.stage > _CAP or member.id != self._subject:
            self._open_lot(member, award)

    def _open_lot(self, member: Member, award: Award) -> None:
        cause = self._at
        rule, usable_us, expires_us = cause.rule, award.usable_us, award.expires_us
        terms_rule = "" if usable_us is None and expires_us is None else award.label
        for handler in cause.programme.terms if cause.programme else ():
            if usable_us is not None and expires_us is not None:
                break
            for terms in self._terms(handler, NewLot(award.points, award.label, cause.fact, cause.occurred_us), member):
                usable_us = terms.usable_us if usable_us is None else usable_us
                if expires_us is None and terms.expires_us is not None:
                    expires_us, terms_rule = terms.expires_us, handler.label
        cause.rule = rule
        expires_us = FOREVER_US if expires_us is None else expires_us
        usable_us = cause.booked_us if usable_us is None or usable_us < cause.booked_us else usable_us
        self._accounts[member.id].open_lot(award, cause, usable_us, expires_us, terms_rule)
        if expires_us <= cause.booked_us:
            self._is_due_now = True

    def _terms(self, handler: Handler, new: NewLot, member: Member) -> list[Terms]:
        member.rule = handler.label
        try:
            answer = handler.call(new, member)
            answers = [answer] if isinstance(answer, Terms) else list(answer or ())
        except (Exception, SystemExit) as error:
            raise RuleError(
                f"rule {handler.rule} failed: {type(error).__name__}: {error}",
                at=_where(member.id, self._at.position),
            ) from error
        for terms in answers:
            if not isinstance(terms, Terms):
                raise RuleError(f"rule {handler.rule} answered {terms!r} to a new lot, not Terms")
            for value, what in ((terms.usable_us, "Terms.usable_us"), (terms.expires_us, "Terms.expires_us")):
                if value is not None:
                    _whole(value, what, handler, -FOREVER_US)
        return answers

    def _note(self, member: str, rule: str, text: str, *, is_refusal: bool = False) -> None:
        if self._engine.is_explaining:
            self.notes.append(Note(self._at.position, member, rule, text, is_refusal))


def _whole(value: object, what: str, handler: Handler, least: int = 0) -> int:
    if type(value) is not int or not least <= value <= INT64_MAX:
        raise RuleError(f"rule {handler.rule} answered {what} {value!r}, not a whole number from {least}")
    return value


def _limit(member: Member, points: int) -> None:
    kept: list[Award] = []
    for award in member.awards:
        part = min(award.points, points)
        points -= part
        if part:
            kept.append(award._replace(points=part))
    member.awards[:] = kept


def _first_due(state: MemberState) -> tuple[int, int, Alarm | None, Lot | None]:
    """Return what is due first: (due, phase) and the alarm or the lot."""
    best: tuple[int, int, Alarm | None, Lot | None] = (FOREVER_US, 9, None, None)
    if state.pending:
        lot = min((lot for lot in state.lots if lot.pending), key=lambda lot: (lot.usable_us, lot.lot))
        best = (lot.usable_us, _RELEASE, None, lot)
    if state.lots and (state.lots[0].expires_us, _EXPIRE) < best[:2]:
        best = (state.lots[0].expires_us, _EXPIRE, None, state.lots[0])
    if state.alarms and (state.alarms[0].due_us, state.alarms[0].phase) < best[:2]:
        best = (state.alarms[0].due_us, state.alarms[0].phase, state.alarms[0], None)
    return best


def _where(member: str, position: int) -> str:
    return f"member {member!r}, position {position}"
