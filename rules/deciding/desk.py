"""The desk that takes commands: fold, judge, append under the head row; again if it was overtaken."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...ledger.calendar import HOUR_US, rfc3339
from ...ledger.errors import FactError, LoyaltyError, RuleError
from ...ledger.facts import Draft, Fact, FactType
from ...ledger.facts.envelope import draft
from ...ledger.fold import FlagRow
from ...ledger.store.bulk import fetch_rows
from ...ledger.store.database import Database
from ...ledger.store.log import Admission, Log, Outcome
from ...ledger.store.reading import FactRow, head_of
from ..catalogue import Catalogue
from ..programme import Policy
from .command import AlreadyDone, Asked, Command
from .decision import Decision
from .redeeming import Redeem
from .refusal import Refusal
from .standing import Reader, Standing

_TRIES = 50


class _Ready(NamedTuple):
    """A decision that is not recorded yet."""

    draft: Draft
    fact: Fact[Any]
    members: tuple[str, ...]
    position: int
    admission: Admission
    balance_points: int
    flags: tuple[FlagRow, ...]


class Desk:
    """Takes commands against one database."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self.database = database
        self.catalogue = catalogue
        self.log = Log(database)
        self.reader = Reader(catalogue)

    def redeem(
        self, member: str, points: int, *, now_us: int, occurred_us: int, event_id: str, source: str,
        order: str | None = None, actor: str | None = None,
    ) -> Decision:  # fmt: skip
        """Spend points of a member, as :class:`Redeem` does.

        Raises:
            Refusal: the balance is too small, or the programme does not allow it.
        """
        asked = Asked(now_us, occurred_us, source, event_id=event_id, actor=actor)
        return self.decide(Redeem(member=member, points=points, order=order), asked)

    def currency(self) -> str | None:
        """Return the currency of the ledger; no programme changes it."""
        with self.database.reading() as connection:
            programmes = self.reader.engine(connection, head_of(connection).position).history.programmes
        return programmes[0].currency if programmes else None

    def decide(self, command: Command, asked: Asked) -> Decision:
        """Record what a command asks for, if everything recorded so far allows it.

        Raises:
            Refusal: it is not allowed, with a stable code.
            FactError: what is asked for is no fact, is dated in the future, or is not admitted.
        """
        id_alone = command.id_alone()
        if id_alone is not None:
            return self._recorded(command, asked, asked.event_id or id_alone)
        for _ in range(_TRIES):
            with self.database.reading() as connection:
                found = self._judged(connection, command, asked)
            if isinstance(found, Decision):
                return found
            outcome = self._appended(found, asked.now_us)
            if outcome is not None:
                return Decision(command, outcome, found.fact.data, found.balance_points, found.flags)
        raise LoyaltyError(
            f"member {command.member!r} is too busy: {_TRIES} decisions were overtaken by other facts",
            hint="try again",
        )

    def _recorded(self, command: Command, asked: Asked, event_id: str) -> Decision:
        """Record what needs no fold to be decided: the member may be one that cannot be folded."""
        ready, fact = self._fact(command, asked, event_id, command.wanted())
        with self.database.writing() as connection:
            self.log.lock(connection)
            found = fetch_rows(
                connection, "SELECT points FROM balances WHERE member = :m", {"m": command.member}
            )
            (outcome,) = self.log.append(
                connection, [ready], now_us=asked.now_us, admission=_admission(Policy(), asked)
            )
        if outcome.error:
            raise outcome.error
        if outcome.status == "conflict" and not command.is_once:
            raise Refusal(f"fact {event_id!r} is recorded", code="idempotency-conflict", hint=command.another)
        status = outcome.status if outcome.status == "created" else "duplicate"
        return Decision(command, Outcome(status, outcome.position), fact.data, found[0][0] if found else 0)

    def _judged(self, connection: Connection, command: Command, asked: Asked) -> Decision | _Ready:
        """Judge a command by everything that is recorded now."""
        position = head_of(connection).position
        engine = self.reader.engine(connection, position)
        _, wanted = self._fact(command, asked, asked.event_id or asked.spare_id, command.wanted())
        governing = engine.history.governing(position + 1, asked.occurred_us)
        admission = _admission(governing.policy if governing else Policy(), asked)
        standing = self.reader.standing(
            connection, command.member, asked.occurred_us, position=position, engine=engine,
            others=command.others(),
        )  # fmt: skip
        own_id = None if asked.event_id else command.own_id(standing)
        event_id = asked.event_id or own_id or asked.spare_id
        known = self._stored(
            connection, "source = :source AND event_id = :id", source=asked.source, id=event_id
        )
        if known is not None:
            if not (own_id and command.is_once):
                _check_same(known, wanted, command, asked.event_id)
            return _repeated(command, known, standing)
        if command.rule:
            standing.rule(command.rule)
        verdict = command.judged(standing, wanted.data)
        if isinstance(verdict, AlreadyDone):
            known = self._stored(connection, "position = :position", position=verdict.position)
            return _repeated(command, known or wanted, standing)
        ready, fact = self._fact(command, asked, event_id, verdict)
        flags = _tried(standing, fact)
        return _Ready(ready, fact, standing.members, position, admission, standing.state.points, flags)

    def _fact(
        self, command: Command, asked: Asked, event_id: str, data: FactType | dict[str, Any]
    ) -> tuple[Draft, Fact[Any]]:
        """Return the fact as it would be stored and as rules would read it."""
        ready = draft(
            self.catalogue.registry, event_id=event_id, source=asked.source, topic=command.topic,
            subject=command.member, occurred_us=asked.occurred_us, actor=asked.actor, data=data,
        )  # fmt: skip
        row = FactRow(0, ready.stream, ready.topic, ready.occurred_us, ready.state)
        return ready, self.reader.fact(row)

    def _appended(self, ready: _Ready, now_us: int) -> Outcome | None:
        """Append what was decided; None when somebody was faster and it must be decided anew."""
        with self.database.writing() as connection:
            self.log.lock(connection)
            if self.log.last_position_of(connection, ready.members) > ready.position:
                return None
            (outcome,) = self.log.append(connection, [ready.draft], now_us=now_us, admission=ready.admission)
        if outcome.error:
            raise outcome.error
        # Somebody else's fact may have taken the id: it is told apart from ours when judged anew.
        return outcome if outcome.status == "created" else None

    def _stored(self, connection: Connection, where: str, **params: Any) -> Fact[Any] | None:
        sql = f"SELECT position, stream, topic, occurred_us, state FROM facts WHERE {where}"  # noqa: S608
        rows = fetch_rows(connection, sql, params)
        return self.reader.fact(FactRow._make(rows[0])) if rows else None


def _admission(policy: Policy, asked: Asked) -> Admission:
    tolerance_us = policy.future_tolerance_h * HOUR_US
    if asked.occurred_us > asked.now_us + tolerance_us:
        raise FactError(f"time is in the future: {rfc3339(asked.occurred_us)!r}", code="future")
    return Admission(tolerance_us, policy.enrolment == "required")


def _repeated(command: Command, known: Fact[Any], standing: Standing) -> Decision:
    """Answer a command whose fact is recorded already."""
    position, undone = known.position, command.undone(standing, known.position)
    flags = (FlagRow(command.member, position, "", "undone", undone),) if undone else ()
    return Decision(command, Outcome("duplicate", position), known.data, standing.state.points, flags)


def _check_same(known: Fact[Any], wanted: Fact[Any], command: Command, given: str | None) -> None:
    """Refuse an id that is taken by a fact that says something else."""
    told: list[tuple[str, Any, Any]] = [
        ("type", known.topic, wanted.topic),
        ("member", known.subject, wanted.subject),
    ]
    if known.topic == wanted.topic:
        before, now = command.compared(known.data), command.compared(wanted.data)
        told += [(name, before[name], now[name]) for name in now]
    told.append(("actor", known.actor, wanted.actor))
    differing = [name for name, was, is_now in told if was != is_now]
    if differing:
        what = f"fact {known.id!r}" if known.id == given else f"{known.topic} of {known.subject!r}"
        raise Refusal(
            f"{what} is recorded at position {known.position}, but differs in {', '.join(differing)}",
            code="idempotency-conflict",
            hint=command.another,
        )


def _tried(standing: Standing, fact: Fact[Any]) -> tuple[FlagRow, ...]:
    """Let the rules answer the fact as it would be recorded; return what they remark.

    Raises:
        Refusal: a rule fails on it, and would set the member aside.
    """
    group = standing.group
    before = len(group.flags)
    fact.position = standing.position + 1
    try:
        group.apply(fact)
    except RuleError as error:
        raise Refusal(
            f"the rules cannot take it: {error.what}", code="rule-failed", hint="loyalty rules list"
        ) from error
    return tuple(group.flags[before:])
