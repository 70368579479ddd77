"""What a decision rests on: the group's fold at an instant, and what is stored of the member."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ...ledger.errors import RuleError
from ...ledger.facts import Fact
from ...ledger.facts.programme import PinnedRule
from ...ledger.projection.priming import prime
from ...ledger.projection.set_asides import set_asides
from ...ledger.store.bulk import fetch_rows
from ...ledger.store.groups import groups_of
from ...ledger.store.lists import among, as_list
from ...ledger.store.reading import FactRow, facts_of, programme_facts
from ..catalogue import Catalogue
from ..compile import Programme
from ..engine import Engine, Group
from ..state import MemberState
from .refusal import Refusal


@dataclass(frozen=True, kw_only=True)
class Standing:
    """The group of a member at an instant; good until the reading it was made in ends.

    Attributes:
        member: Who is decided on.
        members: Its group.
        programme: What governs a fact of that instant, if anything does.
        position: The last fact of the log that is in it.
    """

    member: str
    group: Group
    members: tuple[str, ...]
    programme: Programme | None
    position: int
    instant_us: int
    connection: Connection
    reader: Reader

    @property
    def state(self) -> MemberState:
        """What the fold knows of the member."""
        return self.group.state_of(self.member)

    @property
    def available_points(self) -> int:
        """What the member can spend, 0 or more."""
        return max(self.state.points, 0)

    @property
    def currency(self) -> str:
        """The programme's currency."""
        return self.programme.currency if self.programme else ""

    def holder(self, member: str) -> str | None:
        """Return who answers for a member of the group: itself, or whoever has absorbed it."""
        return self.group.holder_of(member)

    def rule(self, name: str) -> PinnedRule:
        """Return a rule of the programme by its name, with its parameters.

        Raises:
            Refusal: the programme has none of that name.
        """
        pinned = self.programme.pinned.values() if self.programme else ()
        for rule in pinned:
            if rule.rule == name:
                return rule
        raise Refusal(
            f"the programme in force has no {name} rule", code="no-rule", hint="loyalty programme show"
        )

    def recorded(self, *topics: str) -> list[Fact[Any]]:
        """Return the stored facts of the member's own stream of these types, in the order of the log."""
        sql = (
            "SELECT position, stream, topic, occurred_us, state FROM facts WHERE stream = :stream"  # noqa: S608
            f" AND topic {among(self.connection, 'topics')} ORDER BY version"
        )
        params = {"stream": f"member/{self.member}", "topics": as_list(self.connection, topics)}
        rows = fetch_rows(self.connection, sql, params)
        return [self.reader.fact(FactRow._make(row)) for row in rows]

    def topics_since(self, position: int) -> set[str]:
        """Return the types of all facts of the group and the programme behind a position."""
        of_programme = programme_facts(self.connection, self.position)
        of_group = facts_of(self.connection, self.members, after=position)
        return {row.topic for row in (*of_group, *of_programme) if row.position > position}


class Reader:
    """Folds what is recorded; keeps the compiled programmes while no other is applied."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._decoders = catalogue.registry.fact_decoders()
        self._engine: tuple[int, Engine] | None = None

    def fact(self, row: FactRow) -> Fact[Any]:
        """Return a stored fact as rules read it."""
        fact: Fact[Any] = self._decoders[row.topic](row.state)
        fact.position, fact.occurred_us = row.position, row.occurred_us
        return fact

    def engine(self, connection: Connection, position: int) -> Engine:
        """Return the fold under the programmes recorded up to a position."""
        sql = "SELECT max(version) FROM facts WHERE stream = 'programme'"
        last = fetch_rows(connection, sql)[0][0] or 0
        if self._engine is None or self._engine[0] != last:
            facts = [self.fact(row) for row in programme_facts(connection, position)]
            self._engine = (last, Engine(facts, self.catalogue))
        prime(self._engine[1], connection, self.fact, position)
        return self._engine[1]

    def standing(
        self, connection: Connection, member: str, instant_us: int, *, position: int, engine: Engine,
        others: tuple[str, ...] = (),
    ) -> Standing:  # fmt: skip
        """Fold the groups of a member and of *others* up to the end of the log, then let time pass.

        Raises:
            Refusal: the group is set aside, or would be.
        """
        groups = groups_of(connection, [member, *others], position)
        members = tuple(sorted({name for group in groups.values() for name in group}))
        _refuse_set_aside(connection, members)
        states, folded = kept_states(connection, members, engine)
        group = engine.group(members, states)
        try:
            for row in facts_of(connection, members, after=folded):
                group.apply(self.fact(row))
            group.settle(position)
            group.advance_to(instant_us, position)
        except RuleError as error:
            raise Refusal(
                f"member {member!r} cannot be decided on: {error.what}", code="set-aside",
                hint="loyalty project run, then loyalty quarantine list",
            ) from error  # fmt: skip
        return Standing(
            member=member, group=group, members=members,
            programme=engine.history.governing(position + 1, instant_us), position=position,
            instant_us=instant_us, connection=connection, reader=self,
        )  # fmt: skip


def _refuse_set_aside(connection: Connection, members: Sequence[str]) -> None:
    """Refuse whom an operator has set aside: the views may not have read it yet, and folding may not end."""
    for aside in set_asides(connection, members):
        if aside.lifted is None:
            raise Refusal(
                f"member {aside.member!r} is set aside by fact {aside.position}: {aside.reason}",
                code="set-aside", hint=f"loyalty retract {aside.position} lifts it",
            )  # fmt: skip


def kept_states(
    connection: Connection, members: Sequence[str], engine: Engine
) -> tuple[dict[str, bytes], int]:
    """Return the states the live views keep and their position; none when the rules changed since.

    Raises:
        Refusal: a member of the group is set aside.
    """
    live = fetch_rows(
        connection,
        "SELECT g.fingerprint, t.position FROM generations g "
        "JOIN tracking t ON t.name = 'views/' || g.slot WHERE g.status = 'live'",
    )
    # The views' fingerprint names the zone as well, which the engine's holds already.
    if not live or live[0][0].partition("/")[0] != engine.fingerprint:
        return {}, 0
    states = {}
    for member in members:
        aside = fetch_rows(connection, "SELECT error FROM quarantine WHERE member = :m", {"m": member})
        if aside:
            raise Refusal(
                f"member {member!r} is set aside: {aside[0][0]}",
                code="set-aside",
                hint="loyalty quarantine list",
            )
        found = fetch_rows(connection, "SELECT state FROM member_states WHERE member = :m", {"m": member})
        if found:
            states[member] = bytes(found[0][0])
    return states, int(live[0][1])
