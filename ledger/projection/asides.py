"""Folding step by step: what a rule's failure or an operator sets aside, and from where.

The canonical order that both a run and a rebuild come to: after every fact, what it made due is settled; at
every advance of the clock each group settles by itself; members are one group from the first fact that
connects them. The step that fails is discarded and its group, as it was then, set aside; who is connected
with it later is set aside at that fact. Whom an operator set aside is so before the fact at the position
named is folded, with its group as it was then.
"""

from __future__ import annotations

import heapq
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from ..errors import RuleError
from ..fold import ActionRow, Entry, FlagRow, Fold, GroupFold, MoveRow, StateRow, TimerRow
from ..store.reading import FactRow, RawFact
from ..views.noting import Note
from ..views.purchases import Bought
from ..views.quarantine import QuarantineRow
from .folding import PART_FACTS, Group, Harvest, Unwritten
from .prefix import Decoders
from .set_asides import SetAside

Step = FactRow | int
"""A fact, or the position of an advance."""
_ASIDE, _FOLDED = 0, 1
"""Which of the steps at one position comes first."""


class _Part:
    """Members who are one group by now, and the steps since their states were written down."""

    def __init__(self, members: Group, states: Mapping[str, bytes], *, is_aside: bool) -> None:
        self.members = members
        self.states = {member: states[member] for member in members if member in states}
        self.steps: list[Step] = []
        self.bought: list[Bought] = []
        self.noted: list[Note] = []
        self.group: GroupFold | None = None
        self.is_aside = is_aside

    def take(self, fold: Fold, decoders: Decoders, step: Step) -> None:
        """Fold one step.

        Raises:
            RuleError: a rule failed; the part must be reopened.
        """
        if self.group is None:
            self.group = fold.group(self.members, self.states)
        position = step if isinstance(step, int) else step.position
        if not isinstance(step, int):
            is_linked = len(self.members) > 1
            decoders.apply(self.group.apply, (step,), self.bought, self.noted, is_linked=is_linked)
        self.group.settle(position)
        self.steps.append(step)

    def reopen(self, fold: Fold, decoders: Decoders) -> None:
        """Fold the steps again that had succeeded."""
        steps, self.steps, self.bought, self.noted = self.steps, [], [], []
        self.group = None
        for step in steps:
            self.take(fold, decoders, step)


class Stepwise:
    """The slow fold of members who may become one group on the way."""

    def __init__(
        self, fold: Fold, decoders: Decoders, *, parts: Iterable[Group], states: Mapping[str, bytes],
        aside: Container[str], unwritten: Unwritten,
    ) -> None:  # fmt: skip
        self._fold = fold
        self._decoders = decoders
        self._states = dict(states)
        self._part_of: dict[str, _Part] = {}
        for members in parts:
            part = _Part(members, states, is_aside=any(member in aside for member in members))
            self._part_of.update(dict.fromkeys(members, part))
        self._entries: list[Entry] = []
        self._flags: list[FlagRow] = []
        self._moves: list[MoveRow] = []
        self._actions: list[ActionRow] = []
        self._bought: list[Bought] = []
        self._noted: list[Note] = []
        self._kept: dict[str, tuple[list[StateRow], list[TimerRow]]] = {}
        self._keep([row.member for row in unwritten[0]], unwritten)
        self._asides: list[QuarantineRow] = []
        self._facts = 0

    def harvests(
        self, facts: Iterable[RawFact], advances: Iterable[int], set_asides: Iterable[SetAside]
    ) -> Iterator[Harvest]:
        """Yield what grows; the last harvest carries the states, and who was set aside."""
        steps: Iterable[tuple[int, int, Step | SetAside]] = heapq.merge(
            ((row[0], _FOLDED, FactRow._make(row)) for row in facts),
            ((position, _FOLDED, position) for position in advances),
            ((aside.since, _ASIDE, aside) for aside in set_asides),
        )
        for _, _, step in steps:
            if isinstance(step, SetAside):
                part = self._part_of[step.member]
                if not part.is_aside:
                    self._set_aside(part, list(map(step.row, part.members)))
            elif isinstance(step, int):
                for part in self._parts():
                    # Who has no fact yet has nothing that could be due.
                    if part.states or part.steps:
                        self._take(part, step)
            else:
                self._take_fact(step)
            if len(self._entries) > PART_FACTS:
                yield self._reaped(is_last=False)
        for part in self._parts():
            self._close(part)
        yield self._reaped(is_last=True)

    def _parts(self) -> list[_Part]:
        return list({id(part): part for part in self._part_of.values()}.values())

    def _take_fact(self, row: FactRow) -> None:
        self._facts += 1
        named: Any = ()
        if row.topic in self._decoders.naming:
            named = self._decoders.fact(row).data.members()
        subject = (row.stream[7:],) if row.stream.startswith("member/") else ()
        members = (*subject, *named)
        touched = list({id(p): p for p in (self._part_of[member] for member in members)}.values())
        if any(part.is_aside for part in touched):
            first = min(member for member in members if self._part_of[member].is_aside)
            for part in touched:
                if not part.is_aside:
                    error = f"connected with {first!r}, who is set aside"
                    rows = [QuarantineRow(member, row.position, "", error) for member in part.members]
                    self._set_aside(part, rows)
            return
        self._take(touched[0] if len(touched) == 1 else self._joined(touched), row)

    def _joined(self, parts: list[_Part]) -> _Part:
        for part in parts:
            self._close(part)
        members = tuple(sorted(member for part in parts for member in part.members))
        joined = _Part(members, self._states, is_aside=False)
        self._part_of.update(dict.fromkeys(members, joined))
        return joined

    def _take(self, part: _Part, step: Step) -> None:
        if part.is_aside:
            return
        if len(part.steps) >= PART_FACTS:
            self._close(part)
            part.states = {member: self._states[member] for member in part.members if member in self._states}
            part.steps, part.group = [], None
        try:
            part.take(self._fold, self._decoders, step)
        except RuleError as error:
            part.reopen(self._fold, self._decoders)
            position = step if isinstance(step, int) else step.position
            rows = [QuarantineRow(member, position, error.rule, error.what) for member in part.members]
            self._set_aside(part, rows)

    def _set_aside(self, part: _Part, rows: Iterable[QuarantineRow]) -> None:
        self._close(part)
        part.is_aside = True
        self._asides += rows

    def _close(self, part: _Part) -> None:
        """Keep what a part came to."""
        if part.is_aside or part.group is None or not part.steps:
            return
        self._entries += part.group.entries
        self._flags += part.group.flags
        self._moves += part.group.moves
        self._actions += part.group.actions
        self._bought += part.bought
        self._noted += part.noted
        self._keep(part.members, (part.group.states(), part.group.timers()))
        part.bought, part.noted = [], []

    def _keep(self, members: Iterable[str], unwritten: Unwritten) -> None:
        for member in members:
            self._kept[member] = [], []
        for state in unwritten[0]:
            self._kept[state.member][0].append(state)
            self._states[state.member] = state.state
        for timer in unwritten[1]:
            self._kept[timer.member][1].append(timer)

    def _reaped(self, *, is_last: bool) -> Harvest:
        harvest = Harvest(
            self._facts, tuple(self._part_of), self._entries, self._flags, self._bought,
            moves=self._moves, actions=self._actions, noted=self._noted, is_last=False,
        )  # fmt: skip
        self._entries, self._flags, self._bought = [], [], []
        self._moves, self._actions, self._noted = [], [], []
        self._facts = 0
        if not is_last:
            return harvest
        return harvest._replace(
            members=tuple(self._kept),
            states=[state for states, _ in self._kept.values() for state in states],
            timers=[timer for _, timers in self._kept.values() for timer in timers],
            asides=self._asides,
            is_last=True,
        )
