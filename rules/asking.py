"""Asking rules: each answer is contained, checked, and handed on; awards wait until the stage cap is done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple
from weakref import ref

from ..ledger.calendar import FOREVER_US
from ..ledger.errors import HaltError, RuleError
from ..ledger.fold import ActionRow, FlagRow, MoveRow
from ..ledger.journal import Entry
from ..ledger.units import MOST
from .answers import NonsenseError, each, instant, one_of, printable, said, shown, whole, words
from .cause import Cause
from .compile import Handler, Programme
from .containing.guarding import close_questions, is_users
from .containing.halting import halted
from .effects import Accrue, Changed, Effect, NewLot, Terms
from .journaling import Account
from .member import Award, Member
from .roster import Roster
from .rule import STAGES
from .state import Alarm, MemberState
from .sums import Sums

CAP = STAGES.index("cap")
_ISSUED = "issued"


class Note(NamedTuple):
    """A step of an explanation: what a rule noted or why it gave nothing."""

    position: int
    member: str
    rule: str
    text: str
    is_refusal: bool


class _Accounts(dict[str, Account]):
    """The books of a group's members, opened when they are first asked for."""

    def __init__(self, states: Roster, entries: list[Entry]) -> None:
        super().__init__()
        self._states, self._entries = states, entries

    def __missing__(self, name: str) -> Account:
        account = self[name] = Account(name, self._states[name], self._entries)
        return account


class Asking:
    """A group whose rules can be asked. What their effects do stands in :mod:`applying`."""

    def __init__(self, states: Roster, *, is_explaining: bool) -> None:
        self.entries: list[Entry] = []
        self.flags: list[FlagRow] = []
        self.moves: list[MoveRow] = []
        self.actions: list[ActionRow] = []
        self.notes: list[Note] = []
        self._is_explaining = is_explaining
        self._states = states
        self._members: dict[str, Member] = {}
        self._accounts = _Accounts(states, self.entries)
        # Rules reach the group through its members: held weakly, so that it goes as soon as it is folded.
        group = ref(self)
        self._others: Callable[[str], Member | None] = lambda name: group()._other(name)  # type: ignore[union-attr]
        self._at = Cause()
        self._known = 0
        """Of a group that is folded again: up to which position everything is known."""
        self._answered: Alarm | None = None
        """The timer being answered: it sets only timers that sort later."""
        self._due_now: list[str] = []
        """Members for whom a rule has just answered something that is due already."""
        self._changed: dict[str, list[Changed]] = {}
        """How the sums of members have changed, of which their rules have not heard yet."""

    def state_of(self, member: str) -> MemberState:
        """Return the state of a member of the group, or of whom has absorbed it."""
        return self._states[self._states.holder(member) or member]

    @property
    def _latest(self) -> int:
        """The last position that a rule can know of."""
        return max(self._at.position, self._known)

    def _apply(self, effect: Effect, handler: Handler, asked: Member) -> None:
        raise NotImplementedError

    def _count(self, name: str, more: Sums, occurred_us: int, origin: str | None = None) -> None:
        raise NotImplementedError

    def _member(self, name: str, state: MemberState, programme: Programme) -> Member:
        member = self._members.get(name)
        if member is None:
            member = self._members[name] = Member(
                name, state, programme.zone, programme.currency, self._others, self._at
            )
        elif member.zone is not programme.zone:
            member.zone, member.currency = programme.zone, programme.currency
        return member

    def _other(self, name: str) -> Member | None:
        """Return a view of another member, or of whom has absorbed it, made for the rule that asks."""
        holder, programme = self._states.holder(name), self._at.programme
        if holder is None or programme is None:
            return None
        name, state = holder, self._states[holder]
        view = Member(name, state, programme.zone, programme.currency, self._others)
        view.rule = self._at.rule.rpartition("@")[0]
        view._keeps = programme.keeps.get(view.rule, view._keeps)
        if name in self._members:
            view._awards = list(self._members[name]._awards)
        return view

    def _ask(self, handler: Handler, asked_about: Any, member: Member) -> None:
        """Let one rule answer, and apply its effects.

        Raises:
            RuleError: whatever the rule raised, or an answer that is none.
        """
        member.rule, member._keeps = handler.label, handler.keeps
        self._at.rule = handler.rule
        if self._is_explaining:
            member.note = self._noting(member.id, handler.rule)
        try:
            answer = handler.call(asked_about, member)
            if type(answer) is Accrue and answer.member is None:
                self._award(answer, handler, member, is_own=True)
            elif answer is not None:
                if isinstance(answer, Effect):
                    self._apply(answer, handler, member)
                else:
                    for number, effect in enumerate(each(answer)):
                        if not isinstance(effect, Effect):
                            raise NonsenseError(f"answered [{number}] {shown(effect)}, which is no effect")
                        self._apply(effect, handler, member)
        except BaseException as error:  # a stranger's code may raise anything
            failure = self._contained(error, handler.rule, member.id, handler.method)
            if failure is error:
                raise
            raise failure from error

    def _contained(self, error: BaseException, rule: str, member: str, method: str = "") -> BaseException:
        """Return what a rule's fault is to the one who folds, naming rule, method, member and position."""
        # What strangers' exceptions do when they are asked for their words is still the rule's own doing.
        return close_questions(self._fault(error, rule, member, method))

    def _fault(self, error: BaseException, rule: str, member: str, method: str) -> BaseException:
        is_named = isinstance(error, RuleError) and bool(error.rule)
        if is_named or isinstance(error, HaltError) or is_users(error):
            return error
        where = f"member {member!r}, position {self._at.position}"
        if isinstance(error, MemoryError):
            return halted(
                rule, "ran out of memory", member=member, position=self._at.step or self._at.position
            )
        what = f"failed: {type(error).__name__}: {said(error)}"
        if isinstance(error, NonsenseError):
            what = str(error)
        if isinstance(error, RecursionError):
            what = "failed: RecursionError: maximum recursion depth exceeded"
        hint = "loyalty quarantine list shows who is set aside"
        who = f"rule {rule} in {method}()" if method else f"rule {rule}"
        return RuleError(f"{who} {what}", rule=rule, at=where, hint=hint)

    def _award(self, effect: Accrue, handler: Handler, member: Member, *, is_own: bool) -> None:
        points, reason = effect.points, words(effect.reason, "Accrue.reason")
        if type(points) is not int or not 0 <= points <= MOST:
            whole(points, "Accrue.points", most=MOST)
        if effect.account is not _ISSUED or effect.lines is not None:
            self._check_award(effect)
        usable_us, expires_us = effect.usable_us, effect.expires_us
        if usable_us is not None:
            instant(usable_us, "Accrue.usable_us")
        if expires_us is not None:
            instant(expires_us, "Accrue.expires_us")
        if not points:
            self._note(member.id, handler.rule, f"0 points: {reason}", is_refusal=True)
            return
        # The NamedTuple's own constructor without its argument parsing: half the time.
        award = tuple.__new__(Award, (
            handler.rule, handler.label, points, reason, usable_us, expires_us, effect.account, effect.lines,
        ))  # fmt: skip
        if is_own:
            member._awards.append(award)
        if not is_own or handler.stage > CAP:
            self._open_lot(member, award)
            if effect.account == "issued":
                self._count(member.id, Sums(points), self._at.occurred_us)
            elif effect.account == "adjusted":
                self._count(member.id, Sums(adjusted=points), self._at.occurred_us)

    def _check_award(self, effect: Accrue) -> None:
        one_of(effect.account, "Accrue.account", ("issued", "opened", "adjusted"))
        if effect.lines is None:
            return
        order = getattr(self._at.asked, "data", None)
        lines = len(getattr(order, "lines", ()))
        if type(effect.lines) is not tuple or len(effect.lines) != lines or not lines:
            raise NonsenseError(
                f"answered Accrue.lines {shown(effect.lines)}, not one number a line of the order"
            )
        for number, weight in enumerate(effect.lines):
            whole(weight, f"Accrue.lines[{number}]", most=MOST)

    def _open_lot(self, member: Member, award: Award) -> None:
        cause = self._at
        usable_us, expires_us = award.usable_us, award.expires_us
        terms_rule = "" if usable_us is None and expires_us is None else award.label
        pending_rule = award.label
        if cause.programme is not None and cause.programme.terms:
            new = NewLot(award.points, award.label, cause.fact, cause.occurred_us)
            for handler in cause.programme.terms:
                if usable_us is not None and expires_us is not None:
                    break
                for terms in self._terms(handler, new, member):
                    if usable_us is None and terms.usable_us is not None:
                        usable_us, pending_rule = terms.usable_us, handler.label
                    if expires_us is None and terms.expires_us is not None:
                        expires_us, terms_rule = terms.expires_us, handler.label
        expires_us = FOREVER_US if expires_us is None else expires_us
        usable_us = cause.booked_us if usable_us is None or usable_us < cause.booked_us else usable_us
        try:
            self._accounts[member.id].open_lot(award, cause, usable_us, expires_us, terms_rule, pending_rule)
        except NonsenseError as error:
            raise self._contained(error, award.rule, member.id) from error
        if expires_us <= cause.booked_us:
            self._due_now.append(member.id)

    def _terms(self, handler: Handler, new: NewLot, member: Member) -> list[Terms]:
        cause = self._at
        asking = member.rule, member._keeps, cause.rule
        member.rule, member._keeps, cause.rule = handler.label, handler.keeps, handler.rule
        try:
            answer = handler.call(new, member)
            if answer is None:
                answer = ()
            answers: list[Any] = [answer] if isinstance(answer, Effect) else list(each(answer))
            for terms in answers:
                if type(terms) is not Terms:
                    raise NonsenseError(f"answered {shown(terms)} to a new lot, not Terms")
                if terms.member is not None:
                    raise NonsenseError(
                        f"answered Terms.member {shown(terms.member)}, but the lot has its owner"
                    )
                if terms.usable_us is not None:
                    instant(terms.usable_us, "Terms.usable_us")
                if terms.expires_us is not None:
                    instant(terms.expires_us, "Terms.expires_us")
        except BaseException as error:  # a stranger's code may raise anything
            failure = self._contained(error, handler.rule, member.id, handler.method)
            if failure is error:
                raise
            raise failure from error
        member.rule, member._keeps, cause.rule = asking
        return answers

    def _noting(self, member: str, rule: str) -> Callable[..., None]:
        def note(template: str, *values: Any) -> None:
            try:
                text = template.format(*(value() if callable(value) else value for value in values))
            except Exception as error:  # noqa: BLE001 - explaining must not fail where folding does not
                text = f"{shown(template)} ({type(error).__name__}: {said(error)})"
            self._note(member, rule, printable(text))

        return note

    def _note(self, member: str, rule: str, text: str, *, is_refusal: bool = False) -> None:
        if self._is_explaining:
            self.notes.append(Note(self._at.position, member, rule, text, is_refusal))
