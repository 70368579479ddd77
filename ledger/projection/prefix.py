"""The programme's facts up to a position, and the fold under them."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

import msgspec
from sqlalchemy import Connection

from ..calendar import instant_us
from ..errors import HistoryError, LoyaltyError, PluginError
from ..facts import Fact, FactType, Registry
from ..facts.programme import ClockAdvanced, PluginsTrusted, ProgrammeActivated
from ..fold import Fold
from ..store.reading import FactRow, RawFact, programme_facts
from ..views.factual import NOTED_ALONE, NOTED_LINKED
from ..views.noting import Note
from ..views.purchases import TOPIC as PURCHASE
from ..views.purchases import Bought
from .priming import prime
from .recipe import Recipe
from .stored import stored_decoders

Decode = Callable[[bytes], Any]
MOST_POSITION = 2**63 - 1


class Decoders(dict[str, Decode]):
    """What turns stored bytes into a ``Fact``, by topic.

    Attributes:
        naming: The topics whose facts may name members beside their subject.
    """

    def __init__(self, registry: Registry) -> None:
        super().__init__(stored_decoders(registry))
        self.naming = frozenset(
            topic for topic in registry.topics() if registry.type_of(topic).members is not FactType.members
        )

    def __missing__(self, topic: str) -> NoReturn:
        raise PluginError(
            f"no plugin knows the type {topic!r}",
            hint="install the plugin that declares it; loyalty rules list",
        )

    def fact(self, row: FactRow) -> Fact[FactType]:
        """Return a stored fact as the fold reads it."""
        found: list[Fact[FactType]] = []
        self.apply(found.append, (row,), [], [], is_linked=False)
        return found[0]

    def apply(
        self, apply: Callable[[Any], None], rows: Iterable[RawFact], bought: list[Bought], noted: list[Note],
        *, is_linked: bool,
    ) -> None:  # fmt: skip
        """Decode facts, hand each to *apply*, and note what views are made of.

        Args:
            apply: Of the fold.
            rows: Facts of one group.
            bought: Purchases are added here.
            noted: Facts that other views are made of are added here.
            is_linked: The group has several members.

        Raises:
            HistoryError: the stored bytes cannot be read.
            RuleError: as *apply*.
        """
        position = 0
        topics = NOTED_LINKED if is_linked else NOTED_ALONE
        try:
            for position, _, topic, occurred_us, state in rows:
                fact = self[topic](state)
                fact.position = position
                fact.occurred_us = occurred_us
                apply(fact)
                if topic == PURCHASE:
                    bought.append((fact.subject, fact.data.currency, fact.data.amount_minor, occurred_us))
                    if is_linked:
                        noted.append(Note(position, topic, fact.subject, occurred_us, None))
                elif topic in topics:
                    noted.append(Note(position, topic, fact.subject, occurred_us, fact.data))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise HistoryError(
                f"stored fact cannot be read: {error}", at=f"position {position}", hint="loyalty audit verify"
            ) from error


class Prefix:
    """The stream ``programme`` up to a position.

    A programme that restates is in it wherever it stands: it governs what was recorded before it.

    Attributes:
        fold: The fold under these facts.
        fingerprint: Of the fold, the zone and plugins' views, '' while there are no such facts.
        restated: Position of a programme behind the rest that restates; None: there is none.
    """

    def __init__(self, recipe: Recipe, decoders: Decoders, connection: Connection, upto: int) -> None:
        self._recipe = recipe
        self._decoders = decoders
        self._facts: dict[int, Fact[FactType]] = {}
        self._advances: list[int] = []
        self.restated: int | None = None
        rows = programme_facts(connection, MOST_POSITION)
        self._enter(row for row in rows if row.position <= upto or row.topic == PluginsTrusted.topic)
        for row in rows:
            if row.position > upto and row.topic == ProgrammeActivated.topic and self._restates(row):
                self.restated = row.position
                self._enter([row])
        self._open()
        prime(self.fold, connection, decoders.fact, upto)

    def extend(self, rows: Sequence[FactRow]) -> int | None:
        """Go on behind the facts so far; return the latest instant the clock was advanced to, if it was.

        Raises:
            LoyaltyError: a programme among them restates, which was not known at first.
        """
        fresh = [row for row in rows if row.stream == "programme"]
        for row in fresh:
            is_known = row.position in self._facts
            if not is_known and row.topic == ProgrammeActivated.topic and self._restates(row):
                raise LoyaltyError(
                    f"the programme at position {row.position} restates what is projected",
                    hint="loyalty project rebuild",
                )
        latest_us = self._enter(fresh)
        if fresh:
            grants = self.fold.grants
            self._open()
            self.fold.grants = grants
        if self.fold.claiming:
            for row in rows:
                if row[2] in self.fold.claiming:
                    self.fold.grant(self._decoders.fact(row))
        return latest_us

    def _restates(self, row: FactRow) -> bool:
        data = self._decoders.fact(row).data
        return isinstance(data, ProgrammeActivated) and data.restates

    def _enter(self, rows: Iterable[FactRow]) -> int | None:
        latest_us: int | None = None
        for row in rows:
            fact = self._facts[row.position] = self._decoders.fact(row)
            if isinstance(fact.data, ClockAdvanced):
                self._advances.append(row.position)
                to_us = instant_us(fact.data.to)
                latest_us = to_us if latest_us is None else max(latest_us, to_us)
        return latest_us

    def advances(self, after: int, upto: int) -> list[int]:
        """Return the positions of the advances behind *after* and up to *upto*."""
        return self._advances[bisect_right(self._advances, after) : bisect_left(self._advances, upto + 1)]

    def _open(self) -> None:
        facts = [self._facts[position] for position in sorted(self._facts)]
        self.fold: Fold = self._recipe.make_fold(facts)
        named = "/".join(filter(None, (self.fold.fingerprint, self._recipe.zone, self._recipe.views)))
        self.fingerprint = named if self._facts else ""
