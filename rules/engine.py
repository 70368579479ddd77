"""The fold: facts in, balanced entries out. No I/O, no clock, no plugin manager.

For each fact of a group: advances recorded before it pass, timers due up to it fire, then the rules of the
programme that governs it answer in the order earn → multiply → cap → (awards become lots) → standing → react,
and the engine applies their effects.

The file is longer than a room should be: what passes on every fact stands together, in the order it runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import heappop, heappush

from ..ledger.calendar import FOREVER_US
from ..ledger.facts import Fact, FactType
from ..ledger.facts.correction import FactRetracted
from ..ledger.facts.purchase import PurchaseRecorded
from ..ledger.fold import Grants, StateRow, TimerRow
from ..ledger.journal import Entry
from . import granting, restating, tracing
from .answers import NonsenseError
from .applying import EXPIRE, LAST_PHASE
from .catalogue import Catalogue
from .compile import History, Programme
from .effects import Timer
from .member import Award, Member
from .roster import Roster
from .stacking import Stacking
from .state import Alarm, Lot, MemberState
from .sums import Sums

_RELEASE = 0


class Engine:
    """The fold under the programmes recorded so far: see :class:`loyalty_ledger.ledger.fold.Fold`."""

    def __init__(
        self, facts: Sequence[Fact[FactType]], catalogue: Catalogue, *, is_explaining: bool = False
    ) -> None:
        self.history = History(facts, catalogue)
        self.fingerprint = self.history.fingerprint
        self.is_explaining = is_explaining
        self.claiming = granting.claiming(self.history.programmes)
        self.grants = Grants()

    def grant(self, fact: Fact[FactType]) -> bool:
        """Grant a fact what is left of shared budgets; return whether anything is left for others."""
        granting.grant(self.history, self.grants, fact)
        return not granting.is_spent(self.history, self.grants)

    def group(self, members: tuple[str, ...], states: Mapping[str, bytes]) -> Group:
        """Return the fold of these members, going on from the states given."""
        return Group(self, Roster(members, states))


class Group(Stacking):
    """The fold of one group: see :class:`loyalty_ledger.ledger.fold.GroupFold`."""

    def __init__(self, engine: Engine, states: Roster) -> None:
        super().__init__(states, is_explaining=engine.is_explaining)
        self._engine = engine
        self._history = engine.history
        programmes = engine.history.programmes
        # One programme from the beginning of time is the common case and needs no search.
        self._only = (
            programmes[0] if len(programmes) == 1 and programmes[0].effective_us == -FOREVER_US else None
        )
        self._last_advance = max(engine.history.advance_positions, default=0)
        self._settled = states.earliest() - 1
        """Up to which position advances have passed for the whole group."""
        self._reached: dict[str, None] = {}
        """Members to whom effects were addressed lately."""
        self._restates = engine.history.restates
        self._passing = 0
        """Of a group that is folded again: position of the advance that passes, which says who governs."""

    def apply(self, fact: Fact[FactType]) -> None:  # noqa: C901 - once a fact: calls cost
        """Fold one fact.

        Raises:
            RuleError: a rule failed; the state is void.
        """
        name = fact.subject
        state = self._states.find(name)
        # A fact about a person of the staff may name members; its subject is none, whatever its id.
        if state is None or fact.data.about != "member":
            return
        position, occurred_us = fact.position, fact.occurred_us
        if state.absorbed_by:
            # Its sums and kept facts grow while it rests.
            state.position = position
            name = self._states.chain(name)[-1]
            state = self._states[name]
        if state.position <= self._last_advance or self._settled < self._last_advance:
            self.settle(position - 1)
            self._pass_time(state, position)
        if self._restates:
            self._keep_told(fact)
        booked_us = occurred_us
        if occurred_us < state.clock_us:
            booked_us, fact.is_late = state.clock_us, True
        if self._restates and self._is_restating(fact):
            self._restate(fact, name)
            return
        lots, alarms = state.lots, state.alarms
        if (
            (alarms and alarms[0].due_us <= booked_us)
            or (lots and lots[0].expires_us <= booked_us)
            or (state.pending and state.due_us() <= booked_us)
        ):
            self._fire(name, state, booked_us, position)
            self._hear_others()
        state.clock_us = booked_us
        state.position = position
        programme = self._only
        if programme is None or programme.position >= position:
            programme = self._history.governing(position, occurred_us)
        if programme is not None:
            self._answer(fact, name, state, programme, booked_us)
            if state.waiting and fact.topic == tracing.PURCHASE:
                self._answer_waiting(fact, name, state, programme)
        if self._due_now:
            self._fire_what_is_over(position)
            self._hear_others()

    def _answer(  # noqa: C901, PLR0917 - once a fact: calls and keywords cost
        self, fact: Fact[FactType], name: str, state: MemberState, programme: Programme, booked_us: int,
        position: int = 0,
    ) -> None:  # fmt: skip
        early = programme.early.get(fact.topic, ())
        late = programme.late.get(fact.topic, ())
        is_purchase = fact.topic == tracing.PURCHASE
        if not early and not late and not (is_purchase and programme.remembers):
            return
        cause = self._at
        cause.fact = fact.position
        cause.position = position or fact.position
        cause.booked_us, cause.occurred_us = booked_us, fact.occurred_us
        cause.programme, cause.is_late = programme, fact.is_late
        cause.asked, cause.subject = fact, name
        cause.origin = "" if name == fact.subject else fact.subject
        member = self._member(name, state, programme)
        if programme.claims:
            member._grants = self._engine.grants.given.get(cause.fact, {})
        spend_minor = visits = 0
        if is_purchase and programme.remembers:
            spend_minor, visits = self._remember_purchase(fact, name, programme, booked_us)
        if fact.topic in programme.stacked:
            self._ask_stacked(early, fact, member, programme)
        else:
            for handler in early:
                self._ask(handler, fact, member)
        for award in member._awards:
            self._open_lot(member, award)
        if programme.sums_days is not None:
            more = _summed(member._awards, spend_minor, visits)
            self._count(name, more, fact.occurred_us)
            self._hear(name)
        for handler in late:
            self._ask(handler, fact, member)
        if self._changed:
            self._hear(name)
            self._hear_others()
        if member._awards:
            member._awards = []
        if programme.claims:
            # Nothing else the member is asked about in this batch has been granted anything.
            member._grants = {}

    def _answer_waiting(
        self, fact: Fact[FactType], name: str, state: MemberState, programme: Programme
    ) -> None:
        """Ask all rules once more about the facts that have waited for this purchase."""
        purchase: Fact[PurchaseRecorded] = fact  # type: ignore[assignment]
        for topic, written in state.waiting.pop(purchase.data.order or "", ()):
            waited: Fact[FactType] = self._history.decoders[topic](written)
            waited.is_late = True
            self._answer(waited, name, state, programme, state.clock_us, purchase.position)

    def _remember_purchase(
        self, fact: Fact[FactType], name: str, programme: Programme, booked_us: int
    ) -> tuple[int, int]:
        """Remember a purchase as far as the programme asks; return what it adds to spend and visits."""
        purchase: Fact[PurchaseRecorded] = fact  # type: ignore[assignment]
        order, visits = purchase.data, 1
        if programme.orders_us is not None:
            account = self._accounts[name]
            account.forget(booked_us - (programme.traces_us or 0))
            trace = tracing.of_purchase(purchase, booked_us)
            trace.origin = self._at.origin
            account.state.traces.append(trace)
            visits = account.enter_order(trace)
        return order.amount_minor if order.currency == programme.currency else 0, visits

    # Restating

    def _is_restating(self, fact: Fact[FactType]) -> bool:
        """Return whether a fact changes what was folded before: it came late, or retracts."""
        states = [self._states[name] for name in self.members(fact.subject)]
        for state in states:
            self._pass_time(state, fact.position)
        return fact.topic == FactRetracted.topic or any(fact.occurred_us < s.clock_us for s in states)

    def _restate(self, fact: Fact[FactType], name: str) -> None:
        # A retraction may be in time: then what is due by then has happened before it.
        self._at.position = fact.position
        self._pass_until(name, max(self._states[name].clock_us, fact.occurred_us))
        self._fire_what_is_over(fact.position)
        self._hear_others()
        restating.restate(self, self._fresh, fact, self._history.decoders)
        self._accounts.clear()
        self._members.clear()

    def _keep_told(self, fact: Fact[FactType]) -> None:
        """Keep a fact, and whom it connects: others of the group may be connected only later."""
        state = self._states[fact.subject]
        restating.keep(state, fact)
        for name in fact.data.members():
            other = self._states.find(name)
            if other is None or name in state.links or name == fact.subject:
                continue
            self._pass_time(other, fact.position)
            other.position = fact.position
            state.links.append(name)
            other.links.append(fact.subject)

    def _fresh(self, members: Iterable[str], position: int) -> Group:
        """Return a group of these members with nothing told; it folds in the order it is told."""
        group = Group(self._engine, Roster(tuple(members), {}))
        group._restates, group._last_advance, group._settled = False, -1, 2**63
        group._known = group._at.step = position
        return group

    def advances(self, position: int) -> list[tuple[int, int]]:
        """Return the advances recorded before a position: where, and until when."""
        history = self._history
        return [
            (history.advance_positions[index], history.advance_us[index])
            for index in history.advances_between(0, position)
        ]

    def advance(self, until_us: int, position: int) -> None:
        """Fire what is due in the whole group up to an instant, as the advance at a position did."""
        self._passing = position
        self._fire_group(until_us, self._known)
        self._passing = 0

    def pass_until(self, clocks: Mapping[str, int]) -> None:
        """Let members' clocks run up to these instants: what is due by then fires, member by member."""
        for name, until_us in sorted(clocks.items()):
            self._at.position = self.state_kept(name).position
            self._pass_until(name, until_us)
            self._fire_what_is_over(self._at.position)
            self._hear_others()

    def members(self, member: str) -> list[str]:
        """Return whom the facts told so far have connected with a member, itself among them."""
        found = [member]
        for name in found:
            found += [link for link in self._states[name].links if link not in found]
        return sorted(found)

    def state_kept(self, name: str) -> MemberState:
        """Return the state of a member, its own also when somebody has absorbed it."""
        return self._states[name]

    def book_again(self, line: restating.Line, lot: int | None, reason: str, fact: Fact[FactType]) -> None:
        """Write an entry that restates, booked now, with *fact* as its cause."""
        state = self._states[line.member]
        state.entries += 1
        programme = self._history.governing(fact.position, fact.occurred_us)
        self.entries.append(
            Entry(
                line.member, state.entries, fact.position, state.clock_us, fact.position, line.rule,
                programme.position if programme else 0, reason[:2000], lot, line.points, line.pending,
                line.held, line.account, line.contra, line.usable_us, line.expires_us, is_late=True,
            )
        )  # fmt: skip

    def settle(self, position: int) -> None:
        """Fire what became due by an advance recorded up to *position*; touch nobody else."""
        history = self._history
        for index in history.advances_between(self._settled, position + 1):
            self._fire_group(history.advance_us[index], history.advance_positions[index])
        self._settled = max(self._settled, position)

    def states(self) -> list[StateRow]:
        """Return what must be kept of every member that anything has touched."""
        rows = self._states.rows()
        if self._states.rest():
            self._accounts.clear()
            self._members.clear()
        return rows

    def timers(self) -> list[TimerRow]:
        """Return the rules' timers that have not fired."""
        return self._states.timers()

    def state_of(self, member: str) -> MemberState:
        """Return the state of a member of the group, or of whom has absorbed it."""
        return self._states[self._states.holder(member) or member]

    def holder_of(self, member: str) -> str | None:
        """Return who answers for a member: itself or who has absorbed it; None: it is not in the group."""
        return self._states.holder(member)

    def advance_to(self, until_us: int, position: int) -> None:
        """Let every clock run to an instant, as a fact after *position* would: for decisions, never kept."""
        self.settle(position)
        states = [self._states[name] for name in self._states.members]
        for state in states:
            self._pass_time(state, position + 1)
        self._fire_group(until_us, position + 1)
        for state in states:
            state.clock_us = max(state.clock_us, until_us)

    # Time

    def _pass_time(self, state: MemberState, before: int) -> None:
        """Move a member's clock past the advances before a position; what they made due has fired."""
        if self._last_advance <= 0:
            return
        history = self._history
        # Whom another's timer reached at an advance has not passed that advance yet: begin at its position.
        for index in history.advances_between(state.position - 1, before):
            state.clock_us = max(state.clock_us, history.advance_us[index])

    def _fire_group(self, until_us: int, position: int) -> None:
        """Fire everything due in the group up to *until_us*, in the order (due, phase, rule, key, member)."""
        touched: dict[str, MemberState] = {}
        waiting: list[tuple[int, int, str, str, str]] = []

        def wait(names: Iterable[str]) -> None:
            for name in names:
                state = self._states[name]
                if state.position <= position and state.due_us() <= until_us:
                    heappush(waiting, (*_first_due(state)[:4], name))

        wait(list(self._states.due(until_us, position)))
        while waiting:
            *first, name = heappop(waiting)
            state = self._states[name]
            # What has fired or been moved since it was put here is no longer first.
            if state.due_us() > until_us or list(_first_due(state)[:4]) != first:
                continue
            touched[name] = state
            self._reached.clear()
            self._fire_first(name, state, position)
            self._fire_what_is_over(position)
            self._hear_others()
            wait({name: None, **self._reached})
        for state in touched.values():
            state.clock_us, state.position = max(state.clock_us, until_us), self._passing or position

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
        known = self._passing or position
        cause.programme, cause.is_late = self._only or self._history.governing(known, due_us), False
        cause.asked, cause.subject, cause.origin = None, name, ""
        if lot is not None:
            cause.fact = lot.fact
            account = self._accounts[name]
            if phase == _RELEASE:
                account.release(account.first_usable(due_us, cause), cause)
            else:
                account.expire(lot, cause)
        elif alarm is not None:
            state.alarms.pop(0)
            cause.fact = alarm.fact
            self._wake(name, state, alarm, cause.programme)

    def _wake(self, name: str, state: MemberState, alarm: Alarm, programme: Programme | None) -> None:
        handler = programme.timers.get(alarm.rule) if programme else None
        if programme is None or handler is None:
            self._note(
                name,
                alarm.rule,
                "the rule is not in the programme in force: its timer is dropped",
                is_refusal=True,
            )
            return
        member = self._member(name, state, programme)
        # It may fire while a rule of the same member waits for an effect on another: put back what that saw.
        suspended = member._awards, member._grants, member.rule, member._keeps, member.note, self._answered
        unheard = self._changed.pop(name, None)
        member._awards, member._grants, self._answered = [], {}, alarm
        self._ask(handler, Timer(alarm.key, alarm.due_us, alarm.fact), member)
        self._hear(name)
        (member._awards, member._grants, member.rule, member._keeps, member.note, self._answered) = suspended
        if unheard:
            self._changed[name] = unheard

    def _reach(self, name: str) -> Member:
        """Return another member of the group, its time passed; the cause is booked by that clock now."""
        holder, cause = self._states.holder(name), self._at
        programme = cause.programme
        if holder is None or programme is None:
            raise NonsenseError(f"has an effect for {name!r}, who is not in the group")
        name, state = holder, self._states[holder]
        saved = cause.copy()
        self._pass_time(state, cause.position)
        booked_us = max(state.clock_us, saved.booked_us)
        if state.due_us() <= booked_us:
            self._fire(name, state, booked_us, saved.position)
        cause.restore(saved)
        cause.is_late = saved.is_late or saved.occurred_us < state.clock_us
        cause.booked_us = state.clock_us = max(state.clock_us, booked_us)
        state.position = saved.position
        self._reached[name] = None
        return self._member(name, state, programme)

    def _pass_until(self, name: str, until_us: int) -> None:
        """Fire what is due for a member up to an instant; the cause is another's then."""
        state = self._states[name]
        self._fire(name, state, until_us, self._at.position)
        state.clock_us = max(state.clock_us, until_us)


def _summed(awards: list[Award], spend_minor: int, visits: int) -> Sums:
    issued = adjusted = 0
    for award in awards:
        if award.account == "issued":
            issued += award.points
        elif award.account == "adjusted":
            adjusted += award.points
    return Sums(issued, adjusted, spend_minor, visits)


def _first_due(state: MemberState) -> tuple[int, int, str, str, Alarm | None, Lot | None]:
    """Return what is due first: (due, phase, rule, key) and the alarm or the lot."""
    best: tuple[int, int, str, str, Alarm | None, Lot | None] = (FOREVER_US, LAST_PHASE, "", "", None, None)
    if state.pending:
        lot = min((lot for lot in state.lots if lot.pending), key=lambda lot: lot.usable_us)
        best = (lot.usable_us, _RELEASE, "", "", None, lot)
    if state.lots and (state.lots[0].expires_us, EXPIRE) < best[:2]:
        best = (state.lots[0].expires_us, EXPIRE, "", "", None, state.lots[0])
    if state.alarms and (state.alarms[0].due_us, state.alarms[0].phase) < best[:2]:
        alarm = state.alarms[0]
        best = (alarm.due_us, alarm.phase, alarm.rule, alarm.key, alarm, None)
    return best
