"""A history told fact by fact, and folded by the real engine: what stands beneath :func:`given`.

Tests of the engine itself tell a :class:`Story`, to look at states and notes between two facts::

    story = Story(PROGRAMME)
    story.purchase("ann", "7.00", at="2026-03-01")
    assert story.balance("ann") == 7

Positions count from 1; the programme is the first fact. A day without a time ("2026-03-01") is its midnight
in UTC.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

from ...ledger.calendar import instant_us, rfc3339
from ...ledger.facts import Fact, FactType, convert
from ...ledger.facts.envelope import draft
from ...ledger.facts.programme import ClockAdvanced
from ...ledger.journal import Entry
from ...ledger.projection.stored import stored_decoders
from ..asking import Note
from ..catalogue import Catalogue, installed
from ..engine import Engine, Group
from ..programme import activation
from ..state import MemberState


class Story:
    """A history told fact by fact, folded by the real engine under the installed rules."""

    def __init__(self, programme: str, *, catalogue: Catalogue | None = None, place: str = "story") -> None:
        self.place = place
        self.catalogue = catalogue or installed()
        self.facts: list[Fact[Any]] = []
        self.apply(programme)

    def apply(self, programme: str, *, since: str | None = None) -> int:
        """Put a programme in force, from the beginning of time or since an instant (RFC 3339)."""
        text = textwrap.dedent(programme)
        pinned = activation(text, self.catalogue, at=self.place, effective=since)
        return self.record(None, pinned, at=since or "1970-01-01")

    def record(self, subject: str | None, data: FactType, *, at: str) -> int:
        """Add a fact and return its position."""
        position = len(self.facts) + 1
        occurred_us = instant_us(at if "T" in at else f"{at}T00:00:00Z")
        ready = draft(
            self.catalogue.registry,
            event_id=str(position),
            source="story",
            topic=type(data).topic,
            subject=subject,
            occurred_us=occurred_us,
            data=data,
        )
        fact: Fact[Any] = stored_decoders(self.catalogue.registry)[ready.topic](ready.state)
        fact.position, fact.occurred_us = position, occurred_us
        self.facts.append(fact)
        return position

    def given(self, subject: str | None, topic: str, *, at: str, **fields: Any) -> int:
        """Add a fact of a topic with these data fields and return its position."""
        return self.record(subject, convert(self.catalogue.registry.type_of(topic), fields), at=at)

    def purchase(self, member: str, amount: str, *, at: str, **fields: Any) -> int:
        """Add a purchase in the programme's currency (or ``currency=``) and return its position."""
        return self.given(
            member, "purchase.recorded", at=at, **{"currency": "USD", "amount": amount, **fields}
        )

    def redeem(self, member: str, points: int, *, at: str, **fields: Any) -> int:
        """Add a redemption and return its position."""
        return self.given(member, "points.redeemed", at=at, points=points, **fields)

    def advance(self, to: str) -> int:
        """Let time pass up to an instant and return the fact's position."""
        until = rfc3339(instant_us(to if "T" in to else f"{to}T00:00:00Z"))
        return self.record(None, ClockAdvanced(to=until), at="1970-01-01")

    def group(self, *, is_explaining: bool = False) -> Group:
        """Return the fold of all members as one group, before its first fact."""
        programme, others = self.split()
        engine = Engine(programme, self.catalogue, is_explaining=is_explaining)
        for fact in others:
            engine.grant(fact)
        members = {fact.subject for fact in others} | {name for f in others for name in f.data.members()}
        return engine.group(tuple(sorted(members)), {})

    def folded(self, *, is_explaining: bool = False) -> Group:
        """Return the fold of everything told so far, all members as one group."""
        group = self.group(is_explaining=is_explaining)
        for fact in self.split()[1]:
            group.apply(fact)
        group.settle(len(self.facts))
        return group

    def split(self) -> tuple[Sequence[Fact[Any]], list[Fact[Any]]]:
        """Return the facts about the programme, and those about members."""
        programme = [fact for fact in self.facts if type(fact.data).about == "programme"]
        return programme, [fact for fact in self.facts if type(fact.data).about == "member"]

    def entries(self, member: str | None = None) -> list[Entry]:
        """Return the journal, of one member or of all."""
        return [entry for entry in self.folded().entries if member in (None, entry.member)]

    def notes(self) -> list[Note]:
        """Return every step rules noted and every reason they gave for giving nothing."""
        return self.folded(is_explaining=True).notes

    def state(self, member: str) -> MemberState:
        """Return what the engine knows of a member at the end."""
        return self.folded().state_of(member)

    def balance(self, member: str) -> int:
        """Return the points a member can spend at the end; negative is debt."""
        return self.state(member).points


__all__ = ["Story"]
