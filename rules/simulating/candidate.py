"""The candidate programme, in the place of those that were recorded."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from ...ledger.calendar import FOREVER_US, instant_us, rfc3339
from ...ledger.facts import Fact, FactType, Registry
from ...ledger.facts.envelope import draft
from ...ledger.facts.programme import PluginsTrusted, ProgrammeActivated
from ...ledger.fold import Fold
from ...ledger.projection.recipe import MakeFold, Recipe
from ..catalogue import Catalogue
from ..governing import check_like, recorded_programmes
from ..programme import activation, read_programme

POSITION = 0
"""Below every fact, so that the candidate also governs what was recorded first."""


class Candidate(NamedTuple):
    """A programme that is tried; it can be pickled for other processes.

    Attributes:
        name: The programme's.
        state: The fact that applying it would record, as it would be stored.
        since_us: Facts that occurred from this instant on are under it; None: all.
    """

    name: str
    state: bytes
    since_us: int | None

    def placed(self, facts: Sequence[Fact[FactType]]) -> list[Fact[FactType]]:
        """Return the facts of the stream ``programme`` as if the candidate governed.

        Every recorded activation gives way that would govern anything from *since_us* on; the others govern
        what occurred before. Advances of the clock stay, and what is trusted.
        """
        own: Fact[Any] = Registry().fact_decoders()[ProgrammeActivated.topic](self.state)
        own.position, own.occurred_us = POSITION, 0
        # Behind the others: its rules take over what those of earlier programmes have remembered.
        return [*(_trust(fact) if self._takes_the_place_of(fact) else fact for fact in facts), own]

    def words(self) -> str:
        """Return its name, and from when it governs."""
        since = "the beginning of time" if self.since_us is None else rfc3339(self.since_us)
        return f"{self.name}, from {since}"

    def recipe(self, recorded: Recipe) -> Recipe:
        """Return how facts become rows under the candidate."""
        return recorded._replace(make_fold=partial(_fold_in_place, recorded.make_fold, self))

    def _takes_the_place_of(self, fact: Fact[Any]) -> bool:
        if not isinstance(fact.data, ProgrammeActivated):
            return False
        effective = fact.data.effective
        effective_us = -FOREVER_US if effective is None else instant_us(effective)
        return self.since_us is None or effective_us >= self.since_us


def _trust(fact: Fact[Any]) -> Fact[Any]:
    """Return of an activation only that it accepts the code of its plugins."""
    return msgspec.structs.replace(
        fact, data=PluginsTrusted(plugins=fact.data.plugins), topic=PluginsTrusted.topic
    )  # fmt: skip


def _fold_in_place(make_fold: MakeFold, candidate: Candidate, facts: Sequence[Fact[FactType]]) -> Fold:
    return make_fold(candidate.placed(facts))


def read_candidate(
    connection: Connection, catalogue: Catalogue, text: str, *, at: str, since_us: int | None
) -> Candidate:
    """Return a candidate that this ledger could be under.

    Args:
        connection: Of a reading.
        catalogue: The installed rules.
        text: The programme's TOML.
        at: Where the text is from, for errors.
        since_us: From when it governs; None: from the beginning of time.

    Raises:
        UsageError: no programme, a parameter is wrong, or its zone or currency is not the ledger's.
        PluginError: a rule is not installed.
    """
    recorded = recorded_programmes(connection, catalogue.registry)
    file = read_programme(text, at=at)
    check_like(file, recorded[0].file if recorded else None, at=at)
    activated = activation(
        text, catalogue, at=at, effective=None if since_us is None else rfc3339(since_us)
    )  # fmt: skip
    ready = draft(
        catalogue.registry, event_id="candidate", source="loyalty simulate", topic=activated.topic,
        subject=None, occurred_us=0, data=activated,
    )  # fmt: skip
    return Candidate(activated.programme, ready.state, since_us)
