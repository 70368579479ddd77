"""Telling the histories of a plan to the rules, each way a probe asks for."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from typing import Any

import msgspec

from ...ledger.errors import LoyaltyError
from ...ledger.facts import Fact
from ...ledger.facts.programme import ProgrammeActivated
from ...ledger.projection.stored import stored_decoders
from ..catalogue import Catalogue
from ..compile import Programme
from ..engine import Engine, Group
from .histories import told_fact
from .plan import History, Plan, Setting, Told, Trace, World
from .tripwires import Tripwires
from .watching import Watch


class Sweeper:
    """Folds the histories of a plan under its settings and keeps what rules were asked and answered."""

    def __init__(self, plan: Plan, catalogue: Catalogue, watch: Watch, wires: Tripwires) -> None:
        self.plan, self._catalogue, self._watch, self._wires = plan, catalogue, watch, wires
        self._decoders = stored_decoders(catalogue.registry)

    def engine(self, setting: Setting, *, is_explaining: bool = True) -> Engine:
        """Return an engine whose rules are under watch.

        Raises:
            LoyaltyError: the programme cannot be put together.
        """
        watch, world = self._watch, self.plan.worlds[setting.world]
        watch.words, watch.cited = setting.words, ", ".join(setting.rules.values())
        activated = msgspec.json.decode(setting.activated, type=ProgrammeActivated)
        facts: list[Fact[Any]] = [
            Fact(data=activated, id="0", source="probe", topic=ProgrammeActivated.topic)
        ]
        facts += [told_fact(self._decoders, told) for told in world.advances]
        with self._wires.leniently():
            engine: Engine = watch.alone(
                watch.cited, "making it with its parameters",
                lambda: Engine(facts, self._catalogue, is_explaining=is_explaining),
            )  # fmt: skip
        programme: Programme = engine.history.programmes[0]
        watch.wrap(programme, setting.rules)
        if engine.claiming:
            self._grant(engine, setting)
        return engine

    def _grant(self, engine: Engine, setting: Setting) -> None:
        """Grant what is claimed of shared budgets, in the order of the log."""
        facts = [
            told for _, history in self.histories(setting) for told in history.facts
            if told.topic in engine.claiming
        ]  # fmt: skip
        for told in sorted(facts, key=lambda told: told.position):
            engine.grant(told_fact(self._decoders, told))

    def histories(self, setting: Setting) -> Iterator[tuple[int, History]]:
        """Yield the histories of a setting with their numbers."""
        world = self.plan.worlds[setting.world]
        return ((number, world.histories[number]) for number in setting.histories)

    def fold(
        self, engine: Engine, setting: Setting, history: History, stop: int = -1
    ) -> tuple[Trace, dict[str, bytes]]:
        """Fold one history; return also what is kept of its members behind its first *stop* facts."""
        opened, kept = self._open(engine, history, {}), {}

        def tell() -> None:
            for number, told in enumerate(history.facts):
                if number == stop:
                    kept.update({row.member: row.state for row in opened[0].states()})
                self._apply(opened[0], number, told)

        self._guarded(opened[1], tell)
        return self._ended(*opened, self.plan.worlds[setting.world]), kept

    def resume(
        self, engine: Engine, setting: Setting, history: History, start: int, kept: dict[str, bytes]
    ) -> Trace:
        """Fold what is left of a history behind its first *start* facts."""
        group, trace = self._open(engine, history, kept)

        def tell() -> None:
            for number, told in enumerate(history.facts[start:], start):
                self._apply(group, number, told)

        self._guarded(trace, tell)
        return self._ended(group, trace, self.plan.worlds[setting.world])

    def together(self, engine: Engine, setting: Setting) -> dict[int, Trace]:
        """Fold all histories of a setting at once, fact by fact in the order of the log."""
        opened = {number: self._open(engine, history, {}) for number, history in self.histories(setting)}
        told = sorted(
            (fact.position, number, place, fact)
            for number, history in self.histories(setting) for place, fact in enumerate(history.facts)
        )  # fmt: skip
        for _, number, place, fact in told:
            group, trace = opened[number]
            if not trace.failure:
                self._guarded(trace, lambda: self._apply(group, place, fact))  # noqa: B023 - called at once
        world = self.plan.worlds[setting.world]
        return {number: self._ended(group, trace, world) for number, (group, trace) in opened.items()}

    def _open(self, engine: Engine, history: History, states: dict[str, bytes]) -> tuple[Group, Trace]:
        group = engine.group(history.members, states)
        return group, Trace(self._watch.follow(history.members, group), [])

    def _apply(self, group: Group, number: int, told: Told) -> None:
        self._watch.number, self._watch.position = number, told.position
        group.apply(told_fact(self._decoders, told))

    def _guarded(self, trace: Trace, do: Any) -> None:
        try:
            do()
        except LoyaltyError as error:
            rule = getattr(error, "rule", "")
            trace.failure = f"{rule}\x1f{error.what}\x1f{error.at}"

    def _ended(self, group: Group, trace: Trace, world: World) -> Trace:
        watch = self._watch
        if not trace.failure:
            watch.number, watch.position = 2**31, world.last
            self._guarded(trace, lambda: group.settle(world.last))
        labels = {call.rule for call in trace.calls}
        trace.notes = [
            f"{note.position} {note.member} {note.text}" for note in group.notes if note.rule in labels
        ]
        if not trace.failure:
            kept = chain.from_iterable((row.member.encode(), row.state) for row in group.states())
            trace.state = sha256(b"\0".join(kept)).hexdigest()
        watch.alive()
        return trace
