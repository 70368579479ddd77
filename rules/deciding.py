"""Commands that decide: fold the group, decide, append; and start again when somebody was faster.

A decision rests on every fact of the group and of the programme up to a position. It is appended under the
head row, and only if nothing that concerns it lies above that position. Two parallel spenders never
overspend.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, text

from ..ledger.calendar import DAY_US, rfc3339
from ..ledger.errors import FactError, LoyaltyError, RuleError
from ..ledger.facts import Draft, Fact
from ..ledger.facts.envelope import draft
from ..ledger.facts.points import PointsRedeemed
from ..ledger.store.database import Database
from ..ledger.store.groups import groups_of
from ..ledger.store.log import Admission, Log, Outcome
from ..ledger.store.reading import facts_of, head_of, programme_facts
from .catalogue import Catalogue
from .compile import Programme
from .engine import Engine, Group
from .programme import Policy

_TRIES = 50


class Refusal(LoyaltyError):  # noqa: N818 - what a member hears; its code is stable
    """A command was refused.

    Attributes:
        code: Stable name of the reason, such as "exceeds-balance".
    """

    def __init__(self, what: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.code = code


def redemption_id(member: str, order: str) -> str:
    """Return the id of a member's redemption for an order: one for each pair."""
    return f"redeem/{hashlib.sha256(msgspec.json.encode([member, order])).hexdigest()[:32]}"


class Standing(NamedTuple):
    """What a decision rests on: the group at an instant, and the programme that governs it."""

    group: Group
    members: tuple[str, ...]
    programme: Programme | None
    position: int
    instant_us: int


class Decision(NamedTuple):
    """What was recorded, and the balance it leaves, in points."""

    outcome: Outcome
    points: int
    balance_points: int

    def fields(self, member: str) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "member": member, "status": self.outcome.status, "position": self.outcome.position,
            "points": self.points, "balance": self.balance_points,
        }  # fmt: skip

    def lines(self, member: str) -> list[str]:
        """Return it for people."""
        was = "redeemed" if self.outcome.status == "created" else "already redeemed"
        return [
            f"{was} {self.points:,} points of {member}, {self.balance_points:,} are left"
            f" (position {self.outcome.position:,})"
        ]


class Desk:
    """Takes commands against one database."""

    def __init__(self, database: Database, catalogue: Catalogue) -> None:
        self.database = database
        self.catalogue = catalogue
        self.log = Log(database)
        self._decoders = catalogue.registry.fact_decoders()
        self._engine: tuple[int, Engine] | None = None

    def redeem(
        self, member: str, points: int, *, now_us: int, occurred_us: int, event_id: str, source: str,
        order: str | None = None, actor: str | None = None,
    ) -> Decision:  # fmt: skip
        """Spend points of a member.

        Args:
            member: Who spends.
            points: How many, 1 or more.
            now_us: The time.
            occurred_us: The instant of the redemption; what is due by then has expired.
            event_id: Names the redemption for ever, with *source*: the same again is answered as a duplicate.
            source: CloudEvents source.
            order: What they are spent on.
            actor: Who asks.

        Raises:
            Refusal: the balance is too small, or the programme does not allow it.
        """

        def spend(allowed: int) -> Draft:
            data = PointsRedeemed(points=allowed, asked=None if allowed == points else points, order=order)
            return draft(
                self.catalogue.registry,
                event_id=event_id,
                source=source,
                topic=PointsRedeemed.topic,
                subject=member,
                occurred_us=occurred_us,
                actor=actor,
                data=data,
            )

        asked = spend(points)
        if occurred_us > now_us + DAY_US:
            raise FactError(f"time is in the future: {rfc3339(occurred_us)!r}", code="future")
        for _ in range(_TRIES):
            with self.database.reading() as connection:
                known = self._known(connection, (source, event_id))
                standing = self._standing(connection, member, occurred_us)
            balance = standing.group.state_of(member).points
            if known is not None:
                return self._repeated(known, asked, balance)
            allowed = _allowed(standing, member, points)
            outcome = self._appended(spend(allowed), standing, now_us)
            if outcome is not None:
                return Decision(outcome, allowed, balance - allowed)
        raise LoyaltyError(
            f"member {member!r} is too busy: {_TRIES} decisions were overtaken by other facts",
            hint="try again",
        )

    def _appended(self, ready: Draft, standing: Standing, now_us: int) -> Outcome | None:
        """Append what was decided; None when somebody was faster and it must be decided anew."""
        policy = standing.programme.policy if standing.programme else Policy()
        admitted = Admission(DAY_US, policy.enrolment == "required")
        with self.database.writing() as connection:
            self.log.lock(connection)
            if self.log.last_position_of(connection, standing.members) > standing.position:
                return None
            (outcome,) = self.log.append(connection, [ready], now_us=now_us, admission=admitted)
        if outcome.error:
            raise outcome.error
        return outcome

    def _known(self, connection: Connection, key: tuple[str, str]) -> Any:
        return connection.execute(
            text(
                "SELECT position, stream, topic, state FROM facts WHERE source = :source AND event_id = :id"
            ),
            {"source": key[0], "id": key[1]},
        ).one_or_none()

    def _repeated(self, known: Any, asked: Draft, balance: int) -> Decision:
        """Answer a redemption whose id is taken: a duplicate if it asked for the same."""
        before, now = self._decoders[known.topic](known.state), self._decoders[asked.topic](asked.state)
        differing = [
            name
            for name, was, is_now in (
                ("type", before.topic, now.topic),
                ("member", before.subject, now.subject),
                (
                    "points",
                    getattr(before.data, "asked", None) or getattr(before.data, "points", 0),
                    now.data.points,
                ),
                ("order", getattr(before.data, "order", None), now.data.order),
                ("actor", before.actor, now.actor),
            )
            if was != is_now
        ]
        if differing:
            raise Refusal(
                f"{before.id!r} is recorded at position {known.position} with another {', '.join(differing)}",
                code="idempotency-conflict",
                hint="give another --id",
            )
        return Decision(Outcome("duplicate", known.position), before.data.points, balance)

    def _standing(self, connection: Connection, member: str, occurred_us: int) -> Standing:
        position = head_of(connection).position
        engine = self._engine_at(connection, position)
        members = tuple(groups_of(connection, [member], position)[member])
        states, folded = _kept(connection, members, engine)
        group = engine.group(members, states)
        try:
            for row in facts_of(connection, members, after=folded):
                fact: Fact[Any] = self._decoders[row.topic](row.state)
                fact.position, fact.occurred_us = row.position, row.occurred_us
                group.apply(fact)
            group.settle(position)
            group.advance_to(occurred_us, position)
        except RuleError as error:
            raise Refusal(
                f"member {member!r} cannot be decided on: {error.what}", code="set-aside",
                hint="loyalty project run, then loyalty quarantine list",
            ) from error  # fmt: skip
        return Standing(
            group, members, engine.history.governing(position + 1, occurred_us), position, occurred_us
        )

    def _engine_at(self, connection: Connection, position: int) -> Engine:
        last = (
            connection.execute(text("SELECT max(version) FROM facts WHERE stream = 'programme'")).scalar()
            or 0
        )
        if self._engine is None or self._engine[0] != last:
            facts = []
            for row in programme_facts(connection, position):
                fact: Fact[Any] = self._decoders[row.topic](row.state)
                fact.position, fact.occurred_us = row.position, row.occurred_us
                facts.append(fact)
            self._engine = (last, Engine(facts, self.catalogue))
        return self._engine[1]


def _kept(connection: Connection, members: tuple[str, ...], engine: Engine) -> tuple[dict[str, bytes], int]:
    """Return the states the live views keep and their position; none when the rules changed since."""
    live = connection.execute(
        text(
            "SELECT g.fingerprint, t.position FROM generations g "
            "JOIN tracking t ON t.name = 'views/' || g.slot WHERE g.status = 'live'"
        )
    ).one_or_none()
    # The views' fingerprint names the zone as well, which the engine's holds already.
    if live is None or live.fingerprint.partition("/")[0] != engine.fingerprint:
        return {}, 0
    states = {}
    for member in members:
        aside = connection.execute(
            text("SELECT rule, error FROM quarantine WHERE member = :m"), {"m": member}
        ).first()
        if aside:
            raise Refusal(
                f"member {member!r} is set aside: {aside.error}",
                code="set-aside",
                hint="loyalty quarantine list",
            )
        state = connection.execute(
            text("SELECT state FROM member_states WHERE member = :m"), {"m": member}
        ).scalar()
        if state is not None:
            states[member] = bytes(state)
    return states, int(live.position)


def _allowed(standing: Standing, member: str, points: int) -> int:
    """Return how many points may be spent, by the programme's redemption rule.

    Raises:
        Refusal: none, or fewer than asked where the policy is to refuse.
    """
    rule = next(
        (pinned for pinned in (standing.programme.pinned.values() if standing.programme else ())
         if pinned.rule == "redemption"), None,
    )  # fmt: skip
    if rule is None:
        raise Refusal(
            "the programme in force has no redemption rule", code="no-rule", hint="loyalty programme show"
        )
    available = max(standing.group.state_of(member).points, 0)
    minimum = rule.params["minimum"]
    if points < minimum:
        raise Refusal(f"{points} points are below the minimum of {minimum}", code="below-minimum")
    if points > available and (rule.params["on_short"] == "refuse" or available < minimum):
        raise Refusal(
            f"{points:,} points exceed the balance of {available:,} at {rfc3339(standing.instant_us)}",
            code="exceeds-balance",
            hint=f"loyalty member show {member}",
        )  # fmt: skip
    return min(points, available)
