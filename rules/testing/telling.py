"""What a test tells: facts, time that passes, another programme. Times are those of the programme's zone."""

from __future__ import annotations

import textwrap
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...ledger.calendar import Zone, rfc3339
from ...ledger.facts import convert
from ...ledger.facts.types import field_types
from ..catalogue import Catalogue
from ..programme import read_programme
from .story import Story


class Telling:
    """A story told in the words of tests: local times, the programme's own currency, programmes as files.

    Attributes:
        story: What was told so far.
        zone: Of the programme applied last.
        currency: Of the programme applied last.
    """

    def __init__(self, programme: str | Path, catalogue: Catalogue) -> None:
        text, place = _text(programme)
        self.story = Story(text, catalogue=catalogue, place=place)
        self._read(text, place)

    def apply(self, programme: str | Path, since: str) -> None:
        """Put another programme in force."""
        text, place = _text(programme)
        self.story.place = place
        self.story.apply(text, since=self.instant(since))
        self._read(text, place)

    def _read(self, text: str, place: str) -> None:
        file = read_programme(text, at=place)
        self.zone, self.currency = Zone(file.zone), file.currency

    def instant(self, text: str) -> str:
        """Return a time of the programme's zone as RFC 3339."""
        return rfc3339(self.zone.read_us(text))


def _text(programme: str | Path) -> tuple[str, str]:
    """Return a programme's text and where it is from."""
    if isinstance(programme, Path):
        return programme.read_text(encoding="utf-8"), str(programme)
    return textwrap.dedent(programme), "the test's programme"


class Happening(ABC):
    """Something a test tells."""

    @abstractmethod
    def tell(self, telling: Telling) -> None:
        """Add it to the story.

        Raises:
            LoyaltyError: it is no such fact, time or programme.
        """


@dataclass(frozen=True)
class ToldFact(Happening):
    """A fact: its type, whom it is about, when it happened, its fields."""

    topic: str
    subject: str | None
    at: str
    fields: dict[str, Any] = field(default_factory=dict)

    def tell(self, telling: Telling) -> None:
        """Add it; an amount without a currency is in the programme's."""
        fields = dict(self.fields)
        kind = telling.story.catalogue.registry.type_of(self.topic)
        types = field_types(kind)
        is_money = any(name not in types and f"{name}_minor" in types for name in fields)
        if is_money and "currency" in types:
            fields.setdefault("currency", telling.currency)
        telling.story.record(self.subject, convert(kind, fields), at=telling.instant(self.at))


@dataclass(frozen=True)
class _Time(Happening):
    to: str

    def tell(self, telling: Telling) -> None:
        telling.story.advance(telling.instant(self.to))


@dataclass(frozen=True)
class _Programme(Happening):
    text: str | Path
    since: str

    def tell(self, telling: Telling) -> None:
        telling.apply(self.text, self.since)


def fact(topic: str, subject: str | None, /, *, at: str, **fields: Any) -> Happening:
    """Tell any fact; ``loyalty schema TOPIC`` shows its fields.

    ::

        fact("complaint.opened", "ann", at="2026-03-02 09:15", complaint="C-1", category="delivery")
    """
    return ToldFact(topic, subject, at, fields)


def purchase(member: str, amount: str, /, *, at: str, **fields: Any) -> Happening:
    """Tell a purchase of so much, in the programme's currency unless ``currency`` is named.

    ::

        purchase("ann", "12.50", at="2026-03-07", order="A-1", lines=[{"sku": "tea", "amount": "12.50"}])
    """
    return ToldFact("purchase.recorded", member, at, {"amount": amount, **fields})


def purchase_return(member: str, order: str, /, *, at: str, **fields: Any) -> Happening:
    """Tell that an order came back: all of it, or ``amount``, or ``lines``."""
    return ToldFact("purchase.returned", member, at, {"order": order, **fields})


def redemption(member: str, points: int, /, *, at: str, **fields: Any) -> Happening:
    """Tell that a member spent points."""
    return ToldFact("points.redeemed", member, at, {"points": points, **fields})


def enrolment(member: str, /, *, at: str, **fields: Any) -> Happening:
    """Tell that a member enrolled."""
    return ToldFact("member.enrolled", member, at, fields)


def time_passes(*, to: str) -> Happening:
    """Tell that time has passed: what is due by then fires."""
    return _Time(to)


def programme(text: str | Path, /, *, since: str) -> Happening:
    """Tell that another programme, a TOML text or file, is in force from an instant on."""
    return _Programme(text, since)
