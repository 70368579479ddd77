"""Folding one group: the way of nearly every group, which no rule fails.

What the fold yields is handed on as harvests. A group with many facts gives several, so that memory stays
flat; the last one carries the states. When a rule fails, the facts since the last harvest are folded again
step by step (:mod:`asides`), which finds where the group must be set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import NamedTuple

from sqlalchemy import Connection

from ..errors import RuleError
from ..fold import ActionRow, Entry, FlagRow, GroupFold, MoveRow, StateRow, TimerRow
from ..store.groups import groups_of
from ..store.reading import RawFact
from ..views.noting import Note
from ..views.purchases import Bought
from ..views.quarantine import QuarantineRow
from .prefix import Decoders, Prefix
from .set_asides import Asides, SetAside

PART_FACTS = 2_000
Group = tuple[str, ...]
Unwritten = tuple[Sequence[StateRow], Sequence[TimerRow]]


class Harvest(NamedTuple):
    """What grew while some facts of a group were folded.

    Attributes:
        facts: How many.
        members: Whose rows these are: the last harvest's states and timers replace those stored for them.
        bought: Purchases the fold accepted.
        noted: Other facts it accepted that views are made of; in a group of several, purchases too.
        is_last: Nothing more comes of the group.
    """

    facts: int
    members: Group
    entries: list[Entry]
    flags: Sequence[FlagRow] = ()
    bought: Sequence[Bought] = ()
    states: Sequence[StateRow] = ()
    timers: Sequence[TimerRow] = ()
    asides: Sequence[QuarantineRow] = ()
    moves: Sequence[MoveRow] = ()
    actions: Sequence[ActionRow] = ()
    noted: Sequence[Note] = ()
    is_last: bool = True


class Folder:
    """Folds groups up to a position.

    Args:
        prefix: The programme up to that position.
        decoders: By topic.
        upto: The position.
        parts: Returns the groups that members were in at an earlier position.
        asides: Whom operators set aside.
    """

    def __init__(
        self, prefix: Prefix, decoders: Decoders, upto: int, parts: Callable[[Group, int], Iterable[Group]],
        asides: Asides,
    ) -> None:  # fmt: skip
        self.prefix = prefix
        self.decoders = decoders
        self.upto = upto
        self._parts = parts
        self._asides = asides

    def harvests(
        self, members: Group, states: Mapping[str, bytes], facts: Iterable[RawFact], *, after: int
    ) -> Iterator[Harvest]:
        """Yield what grows when a group folds its facts behind *after*, in the order of their positions.

        A harvest is to be used up before the next is asked for.

        Raises:
            HistoryError: a stored fact cannot be read.
            RuleError: a rule failed where it had not failed before.
        """
        if self._asides and self._set_asides(members, after):
            yield from self.stepwise(members, states, facts, after=after)
            return
        group = self.prefix.fold.group(members, states)
        unwritten: Unwritten = (), ()
        rest = iter(facts)
        is_linked = len(members) > 1
        while True:
            part = list(islice(rest, PART_FACTS))
            is_last = len(part) < PART_FACTS
            bought: list[Bought] = []
            noted: list[Note] = []
            try:
                self.decoders.apply(group.apply, part, bought, noted, is_linked=is_linked)
                # What an advance made due must fail, if it does, before the states are kept.
                group.settle(self.upto if is_last else part[-1][0])
            except RuleError as error:
                rest = chain(part, rest)
                is_found = False
                for harvest in self.stepwise(members, states, rest, after=after, unwritten=unwritten):
                    is_found = is_found or bool(harvest.asides)
                    yield harvest
                if not is_found:
                    raise error
                return
            harvest = Harvest(
                len(part), members, group.entries, group.flags, bought, moves=group.moves,
                actions=group.actions, noted=noted, is_last=is_last,
            )  # fmt: skip
            if is_last:
                yield harvest._replace(states=group.states(), timers=group.timers())
                return
            yield harvest
            _empty(group)
            unwritten = group.states(), group.timers()
            states = {row.member: row.state for row in unwritten[0]}
            after = part[-1][0]

    def stepwise(
        self, members: Group, states: Mapping[str, bytes], facts: Iterable[RawFact], *, after: int,
        aside: Container[str] = (), unwritten: Unwritten = ((), ()),
    ) -> Iterator[Harvest]:  # fmt: skip
        """Yield the same, fact by fact, for groups in which a rule fails or members have been set aside.

        Args:
            members: The group.
            states: To go on from.
            facts: As for ``harvests``.
            after: As for ``harvests``.
            aside: Who has been set aside before.
            unwritten: Rows of *states* that no harvest has carried yet.
        """
        from .asides import Stepwise

        parts = [members] if len(members) == 1 else self._parts(members, after)
        steps = Stepwise(
            self.prefix.fold, self.decoders, parts=parts, states=states, aside=aside, unwritten=unwritten
        )
        advances = self.prefix.advances(after, self.upto)
        return steps.harvests(facts, advances, self._set_asides(members, after))

    def _set_asides(self, members: Group, after: int) -> list[SetAside]:
        """Return whom of a group operators set aside behind *after*, in the order of the positions."""
        found = [self._asides[member] for member in members if member in self._asides]
        return sorted((aside for aside in found if after < aside.since <= self.upto), key=_since)


def _since(aside: SetAside) -> int:
    return aside.since


def _empty(group: GroupFold) -> None:
    group.entries.clear()
    group.flags.clear()
    group.moves.clear()
    group.actions.clear()


def parts_at(connection: Connection) -> Callable[[Group, int], Iterable[Group]]:
    """Return what tells the groups that members were in at a position."""

    def parts(members: Group, position: int) -> Iterable[Group]:
        return set(groups_of(connection, members, position).values())

    return parts
