"""The fold: facts in, balanced entries out. No I/O, no clock, no plugin manager.

For each fact of a group: advances recorded before it pass, timers due up to it fire, then the rules of the
programme that governs it answer in the order earn → multiply → cap → (awards become lots) → standing → react,
and the engine applies their effects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from weakref import ref

from ..ledger.calendar import FOREVER_US
from ..ledger.errors import LoyaltyError, RuleError
from ..ledger.facts import Fact, FactType
from ..ledger.fold import FlagRow, StateRow, TimerRow
from ..ledger.journal import Entry
from ..ledger.units import INT64_MAX, MOST
from .answers import NonsenseError, instant, said, shown, whole, words
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
_RELEASE, _EXPIRE, _LAST_PHASE = 0, 1, 99


class _StopError(LoyaltyError):
    """A limit of memory: not deterministic, so it stops the run instead of setting a member aside."""

    exit_code = RuleError.exit_code


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
        self._only = (
            programmes[0] if len(programmes) == 1 and programmes[0].effective_us == -FOREVER_US else None
        )
        self._last_advance = max(engine.history.advance_positions, default=0)
        self._states = states
        self._members: dict[str, Member] = {}
        self._accounts: dict[str, Account] = {
            name: Account(name, state, self.entries) for name, state in states.items()
        }
        # Rules reach the group through its members: held weakly, so that it goes as soon as it is folded.
        group = ref(self)
        self._others: Callable[[str], Member | None] = lambda name: group()._other(name)  # type: ignore[union-attr]
        self._at = Cause()
        self._subject = ""
        """Whose awards wait for the stage cap; '' while none wait."""
        self._answered: Alarm | None = None
        """The timer being answered: it sets only timers that sort later."""
        self._due_now: list[str] = []
        """Members for whom a rule has just answered something that is due already."""
        self._settled = min((state.position for state in states.values()), default=0) - 1
        """Up to which position advances have passed for the whole group."""

    def apply(self, fact: Fact[FactType]) -> None:
        """Fold one fact.

        Raises:
            RuleError: a rule failed; the state is void.
        """
        state = self._states.get(fact.subject)
        # A fact about a person of the staff may name members; its subject is none, whatever its id.
        if state is None or fact.data.about != "member":
            return
        position, occurred_us = fact.position, fact.occurred_us
        if state.position <= self._last_advance or self._settled < self._last_advance:
            self.settle(position - 1)
            self._pass_time(state, position)
        booked_us = occurred_us
        if occurred_us < state.clock_us:
            booked_us, fact.is_late = state.clock_us, True
        # Nothing is due when there is no timer, nothing pending, and the first lot to expire does so later.
        lots = state.lots
        if (state.alarms or state.pending or (lots and lots[0].expires_us <= booked_us)) and (
            state.due_us() <= booked_us
        ):
            self._fire(fact.subject, state, booked_us, position)
        state.clock_us = booked_us
        state.position = position
        programme = self._only
        if programme is None or programme.position >= position:
            programme = self._history.governing(position, occurred_us)
        if programme is not None:
            self._answer(fact, state, programme, booked_us)
        if self._due_now:
            self._fire_what_is_over(position)

    def _answer(self, fact: Fact[FactType], state: MemberState, programme: Programme, booked_us: int) -> None:
        early = programme.early.get(fact.topic)
        late = programme.late.get(fact.topic)
        if not early and not late:
            return
        cause = self._at
        cause.position = cause.fact = fact.position
        cause.booked_us, cause.occurred_us = booked_us, fact.occurred_us
        cause.programme, cause.is_late = programme, fact.is_late
        member = self._member(fact.subject, state, programme)
        if early:
            self._subject = fact.subject
            for handler in early:
                self._ask(handler, fact, member)
            for award in member.awards:
                self._open_lot(member, award)
            self._subject = ""
        if late:
            for handler in late:
                self._ask(handler, fact, member)
        if member.awards:
            member.awards = []

    def settle(self, position: int) -> None:
        """Fire what became due by an advance recorded up to *position*; touch nobody else."""
        history = self._history
        for index in history.advances_between(self._settled, position + 1):
            self._fire_group(history.advance_us[index], history.advance_positions[index])
        self._settled = max(self._settled, position)

    def states(self) -> list[StateRow]:
        """Return what must be kept of every member that anything has touched."""
        rows = []
        for name, state in self._states.items():
            if state.position:
                due = state.due_us()
                rows.append(
                    StateRow(
                        name, state.position, state.clock_us, None if due == FOREVER_US else due, dump(state)
                    )
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
        """Let every clock run to an instant, as a fact after *position* would: for decisions, never kept."""
        self.settle(position)
        for state in self._states.values():
            self._pass_time(state, position + 1)
        self._fire_group(until_us, position + 1)
        for state in self._states.values():
            state.clock_us = max(state.clock_us, until_us)

    # Time

    def _pass_time(self, state: MemberState, before: int) -> None:
        """Move a member's clock past the advances before a position; what they made due has fired."""
        history = self._history
        # Whom another's timer reached at an advance has not passed that advance yet: begin at its position.
        for index in history.advances_between(state.position - 1, before):
            state.clock_us = max(state.clock_us, history.advance_us[index])

    def _fire_group(self, until_us: int, position: int) -> None:
        """Fire everything due in the group up to *until_us*, in the order (due, phase, rule, key, member)."""
        touched: dict[str, MemberState] = {}
        while due := [
            (*_first_due(state)[:4], name, state) for name, state in self._states.items()
            if state.position <= position and state.due_us() <= until_us
        ]:  # fmt: skip
            *_, name, state = min(due, key=lambda found: found[:5])
            touched[name] = state
            self._fire_first(name, state, position)
            self._fire_what_is_over(position)
        for state in touched.values():
            state.clock_us, state.position = max(state.clock_us, until_us), position

    def _fire_what_is_over(self, position: int) -> None:
        """Fire what rules have just set to an instant that has passed."""
        while self._due_now:
            name = self._due_now.pop(0)
            state = self._states[name]
            self._fire(name, state, state.clock_us, position)

    def _fire(self, name: str, state: MemberState, until_us: int, position: int) -> None:
        """Fire everything due for one member up to *until_us*, in the order (due, phase, rule, key)."""
        while state.due_us() <= until_us:
            self._fire_first(name, state, position)

    def _fire_first(self, name: str, state: MemberState, position: int) -> None:
        due_us, phase, _, _, alarm, lot = _first_due(state)
        state.clock_us = max(state.clock_us, due_us)
        cause = self._at
        cause.position = position
        cause.booked_us = cause.occurred_us = state.clock_us
        cause.programme, cause.is_late = self._only or self._history.governing(position, due_us), False
        if lot is not None:
            cause.fact = lot.fact
            account = self._accounts[name]
            if phase == _RELEASE:
                account.release(lot, cause)
            else:
                account.expire(lot, cause)
        elif alarm is not None:
            state.alarms.pop(0)
            cause.fact = alarm.fact
            self._wake(name, state, alarm, cause.programme)

    def _wake(self, name: str, state: MemberState, alarm: Alarm, programme: Programme | None) -> None:
        rule = programme.rules.get(alarm.rule) if programme else None
        if programme is None or rule is None:
            self._note(
                name,
                alarm.rule,
                "the rule is not in the programme in force: its timer is dropped",
                is_refusal=True,
            )
            return
        handler = Handler(rule.on_timer, alarm.rule, programme.cited[alarm.rule], len(STAGES))
        member = self._member(name, state, programme)
        # It may fire while a rule of the same member waits for an effect on another: put back what that saw.
        suspended = member.awards, member.rule, member.note, self._answered
        member.awards, self._answered = [], alarm
        self._ask(handler, Timer(alarm.key, alarm.due_us, alarm.fact), member)
        member.awards, member.rule, member.note, self._answered = suspended

    # Rules

    def _member(self, name: str, state: MemberState, programme: Programme) -> Member:
        member = self._members.get(name)
        if member is None:
            member = self._members[name] = Member(
                name, state, programme.zone, programme.currency, self._others
            )
        elif programme is not self._only:
            member.zone, member.currency = programme.zone, programme.currency
        return member

    def _other(self, name: str) -> Member | None:
        """Return a view of another member, made for the rule that asks."""
        state, programme = self._states.get(name), self._at.programme
        if state is None or programme is None:
            return None
        view = Member(name, state, programme.zone, programme.currency, self._others)
        view.rule = self._at.rule.rpartition("@")[0]
        if name in self._members:
            view.awards = list(self._members[name].awards)
        return view

    def _ask(self, handler: Handler, asked_about: Any, member: Member) -> None:
        """Let one rule answer, and apply its effects.

        Raises:
            RuleError: whatever the rule raised, or an answer that is none.
        """
        member.rule = handler.label
        self._at.rule = handler.rule
        if self._engine.is_explaining:
            member.note = self._noting(member.id, handler.rule)
        try:
            answer = handler.call(asked_about, member)
            if type(answer) is Accrue and answer.member is None:
                self._award(answer, handler, member, is_own=True)
            elif answer is not None:
                for effect in (answer,) if isinstance(answer, Effect) else answer:
                    self._apply(effect, handler, member)
        except BaseException as error:  # a stranger's code may raise anything
            failure = self._contained(error, handler.rule, member.id)
            if failure is error:
                raise
            raise failure from error

    def _contained(self, error: BaseException, rule: str, member: str) -> BaseException:
        """Return what a rule's fault is to the one who folds, naming rule, member and position."""
        is_named = isinstance(error, RuleError) and bool(error.rule)
        if is_named or isinstance(error, (KeyboardInterrupt, _StopError)):
            return error
        where = f"member {member!r}, position {self._at.position}"
        if isinstance(error, MemoryError):
            hint = "give the process more memory, or mend the rule"
            return _StopError(f"rule {rule} ran out of memory", at=where, hint=hint)
        what = f"failed: {type(error).__name__}: {said(error)}"
        if isinstance(error, NonsenseError):
            what = str(error)
        hint = "loyalty quarantine list shows who is set aside"
        return RuleError(f"rule {rule} {what}", rule=rule, at=where, hint=hint)

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

    def _book(self, effect: Effect, handler: Handler, member: Member, *, is_own: bool) -> None:
        if type(effect) is Accrue:
            self._award(effect, handler, member, is_own=is_own)
            return
        state, label = self._states[member.id], handler.label
        match effect:
            case Burn(points=points, reason=reason):
                points, reason = whole(points, "Burn.points", 1, MOST), words(reason, "Burn.reason")
                self._accounts[member.id].burn(points, reason, self._at)
            case Limit(points=points, reason=reason):
                if handler.stage != _CAP or not is_own:
                    raise NonsenseError("answered Limit outside the stage cap, or for another member")
                _limit(member, whole(points, "Limit.points"))
                self._note(member.id, handler.rule, words(reason, "Limit.reason"))
            case SetTimer():
                self._set_timer(effect, label, member.id, state)
            case StopTimer(key=key):
                state.stop_alarm(label, words(key, "StopTimer.key"))
            case Count(counter=counter, by=by):
                counters = state.counters.setdefault(label, {})
                total = counters.get(words(counter, "Count.counter"), 0) + whole(by, "Count.by", -INT64_MAX)
                counters[counter] = whole(total, f"Count {counter!r} up to", -INT64_MAX)
            case Flag(flag=flag, reason=reason):
                flag, reason = words(flag, "Flag.flag"), words(reason, "Flag.reason")
                self.flags.append(FlagRow(member.id, self._at.position, handler.rule, flag, reason))
            case _:
                raise NonsenseError(f"answered {shown(effect)}, which has no meaning here")

    def _set_timer(self, effect: SetTimer, label: str, member: str, state: MemberState) -> None:
        due_us, key = instant(effect.due_us, "SetTimer.due_us"), words(effect.key, "SetTimer.key")
        phase = max(whole(effect.phase, "SetTimer.phase", 0, _LAST_PHASE), _EXPIRE + 1)
        alarm = Alarm(due_us, phase, label, key, self._at.fact)
        if self._answered is not None and not self._answered < alarm:
            raise NonsenseError("set a timer that does not come after the one it answers")
        state.set_alarm(alarm)
        if due_us <= self._at.booked_us:
            self._due_now.append(member)

    def _reach(self, name: str) -> Member:
        """Return another member of the group, its time passed; the cause is booked by that clock now."""
        state, cause = self._states.get(name), self._at
        programme = cause.programme
        if state is None or programme is None:
            raise NonsenseError(f"has an effect for {name!r}, who is not in the group")
        saved = cause.copy()
        self._pass_time(state, cause.position)
        booked_us = max(state.clock_us, saved.booked_us)
        if state.due_us() <= booked_us:
            self._fire(name, state, booked_us, saved.position)
        cause.restore(saved)
        cause.is_late = saved.is_late or saved.occurred_us < state.clock_us
        cause.booked_us = state.clock_us = max(state.clock_us, booked_us)
        state.position = saved.position
        return self._member(name, state, programme)

    # Awards

    def _award(self, effect: Accrue, handler: Handler, member: Member, *, is_own: bool) -> None:
        points, reason = effect.points, words(effect.reason, "Accrue.reason")
        if type(points) is not int or not 0 <= points <= MOST:
            whole(points, "Accrue.points", most=MOST)
        usable_us, expires_us = effect.usable_us, effect.expires_us
        if usable_us is not None:
            instant(usable_us, "Accrue.usable_us")
        if expires_us is not None:
            instant(expires_us, "Accrue.expires_us")
        if not points:
            self._note(member.id, handler.rule, f"0 points: {reason}", is_refusal=True)
            return
        # The NamedTuple's own constructor without its argument parsing: half the time.
        award = tuple.__new__(Award, (handler.rule, handler.label, points, reason, usable_us, expires_us))
        if is_own:
            member.awards.append(award)
        if not is_own or handler.stage > _CAP:
            self._open_lot(member, award)

    def _open_lot(self, member: Member, award: Award) -> None:
        cause = self._at
        usable_us, expires_us = award.usable_us, award.expires_us
        terms_rule = "" if usable_us is None and expires_us is None else award.label
        if cause.programme is not None and cause.programme.terms:
            new = NewLot(award.points, award.label, cause.fact, cause.occurred_us)
            for handler in cause.programme.terms:
                if usable_us is not None and expires_us is not None:
                    break
                for terms in self._terms(handler, new, member):
                    usable_us = terms.usable_us if usable_us is None else usable_us
                    if expires_us is None and terms.expires_us is not None:
                        expires_us, terms_rule = terms.expires_us, handler.label
        expires_us = FOREVER_US if expires_us is None else expires_us
        usable_us = cause.booked_us if usable_us is None or usable_us < cause.booked_us else usable_us
        try:
            self._accounts[member.id].open_lot(award, cause, usable_us, expires_us, terms_rule)
        except NonsenseError as error:
            raise self._contained(error, award.rule, member.id) from error
        if expires_us <= cause.booked_us:
            self._due_now.append(member.id)

    def _terms(self, handler: Handler, new: NewLot, member: Member) -> list[Terms]:
        cause = self._at
        asking, member.rule, cause.rule = (member.rule, cause.rule), handler.label, handler.rule
        try:
            answer = handler.call(new, member)
            if answer is None:
                answer = ()
            answers: list[Any] = [answer] if isinstance(answer, Effect) else list(answer)
            for terms in answers:
                if type(terms) is not Terms:
                    raise NonsenseError(f"answered {shown(terms)} to a new lot, not Terms")
                if terms.usable_us is not None:
                    instant(terms.usable_us, "Terms.usable_us")
                if terms.expires_us is not None:
                    instant(terms.expires_us, "Terms.expires_us")
        except BaseException as error:  # a stranger's code may raise anything
            failure = self._contained(error, handler.rule, member.id)
            if failure is error:
                raise
            raise failure from error
        member.rule, cause.rule = asking
        return answers

    def _noting(self, member: str, rule: str) -> Callable[..., None]:
        def note(template: str, *values: Any) -> None:
            try:
                text = template.format(*(value() if callable(value) else value for value in values))
            except Exception as error:  # noqa: BLE001 - explaining must not fail where folding does not
                text = f"{template} ({type(error).__name__}: {said(error)})"
            self._note(member, rule, text)

        return note

    def _note(self, member: str, rule: str, text: str, *, is_refusal: bool = False) -> None:
        if self._engine.is_explaining:
            self.notes.append(Note(self._at.position, member, rule, text, is_refusal))


def _limit(member: Member, points: int) -> None:
    kept: list[Award] = []
    for award in member.awards:
        part = min(award.points, points)
        points -= part
        if part:
            kept.append(award._replace(points=part))
    member.awards[:] = kept


def _first_due(state: MemberState) -> tuple[int, int, str, str, Alarm | None, Lot | None]:
    """Return what is due first: (due, phase, rule, key) and the alarm or the lot."""
    best: tuple[int, int, str, str, Alarm | None, Lot | None] = (FOREVER_US, _LAST_PHASE, "", "", None, None)
    if state.pending:
        lot = min((lot for lot in state.lots if lot.pending), key=lambda lot: (lot.usable_us, lot.lot))
        best = (lot.usable_us, _RELEASE, "", "", None, lot)
    if state.lots and (state.lots[0].expires_us, _EXPIRE) < best[:2]:
        best = (state.lots[0].expires_us, _EXPIRE, "", "", None, state.lots[0])
    if state.alarms and (state.alarms[0].due_us, state.alarms[0].phase) < best[:2]:
        alarm = state.alarms[0]
        best = (alarm.due_us, alarm.phase, alarm.rule, alarm.key, alarm, None)
    return best
