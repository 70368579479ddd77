"""Histories that exercise a rule: generated from the topics it listens to, the same on every machine.

All of them share one log. Round by round every group tells a fact, so that a fact's position follows from its
round and its group; days pass between rounds, sometimes many, and now and then the clock is advanced.
"""

from __future__ import annotations

from typing import Any

from ...ledger.calendar import DAY_US, HOUR_US, SECOND_US, instant_us, rfc3339
from ...ledger.errors import LoyaltyError
from ...ledger.facts import Fact, FactType, Registry, convert
from ...ledger.facts.envelope import draft
from ...ledger.facts.programme import ClockAdvanced
from .plan import History, Told, World
from .values import Maker, Scene
from .vocabulary import Vocabulary

_USUAL = ("purchase.recorded", "purchase.recorded", "purchase.recorded", "purchase.returned",
          "points.redeemed", "member.enrolled", "activity.recorded")  # fmt: skip
_RARE = ("points.adjusted", "complaint.opened", "survey.answered", "referral.made", "contact.recorded",
         "fact.retracted", "redemption.cancelled", "member.left")  # fmt: skip
_BEGIN_US = instant_us("2023-11-20T00:00:00Z")
_ROUNDS, _LONG_ROUNDS = 24, 160
_STEPS_DAYS = (0, 0, 1, 1, 2, 3, 7, 14, 28, 31, 45, 90, 120)
_HOURS_US = (0, SECOND_US, 3 * HOUR_US, 5 * HOUR_US, 9 * HOUR_US, 12 * HOUR_US, 17 * HOUR_US + HOUR_US // 2,
             22 * HOUR_US + 1, 24 * HOUR_US - 1)  # fmt: skip
_LEAP_DAYS = tuple(instant_us(f"{year}-02-29T00:00:00Z") for year in (2024, 2028))
_NOTABLE_DAYS = tuple(sorted(
    instant_us(f"{year}-{day}T00:00:00Z")
    for year in range(2023, 2034)
    for day in ("01-01", "02-14", "02-28", "03-01", "03-31", "04-30", "06-30", "10-31", "12-24", "12-31")
))  # fmt: skip
_SIZES = (1,) * 30 + (2,) * 8 + (3,) * 4
_EXTREME_GROUPS, _LONG_GROUPS = 6, 3
ADVANCE_EVERY = 5


class _Group:
    """A group while its history is told."""

    def __init__(self, number: int, size: int, *, is_extreme: bool, rounds: int) -> None:
        self.members = tuple(f"m{number:02d}{letter}" for letter in "abcd"[:size])
        self.facts: list[Told] = []
        self.positions: dict[str, list[int]] = {name: [] for name in self.members}
        self.is_extreme, self.rounds = is_extreme, rounds


class Teller:
    """Tells histories for rules that listen to some topics."""

    def __init__(self, registry: Registry, topics: list[str], vocabulary: Vocabulary) -> None:
        self._registry = registry
        self._topics = topics
        self._days_us = [instant_us(f"{day}T00:00:00Z") for day in vocabulary.days if _is_day(day)]
        self._maker = Maker(20261122, vocabulary)
        self._random = self._maker.random

    def world(self) -> World:
        """Return the histories."""
        sizes = [*_SIZES, *(1,) * (_EXTREME_GROUPS + _LONG_GROUPS)]
        plain = len(_SIZES)
        groups = [
            _Group(
                number, size, is_extreme=plain <= number < plain + _EXTREME_GROUPS,
                rounds=_ROUNDS if number < plain + _EXTREME_GROUPS else _LONG_ROUNDS,
            )
            for number, size in enumerate(sizes)
        ]  # fmt: skip
        advances: list[Told] = []
        day_us, stride = _BEGIN_US, len(groups) + 1
        for turn in range(_LONG_ROUNDS):
            steps = _STEPS_DAYS if turn < _ROUNDS else _STEPS_DAYS[:5]
            day_us = self._later(day_us, steps[self._random.randrange(len(steps))] * DAY_US)
            first = 1 + turn * stride
            for place, group in enumerate(groups):
                if turn < group.rounds:
                    self._tell(group, first + place, day_us, turn)
            if turn % ADVANCE_EVERY == ADVANCE_EVERY - 1:
                advances.append(self._advance(first + len(groups), day_us))
        histories = [History(g.members, g.facts, g.is_extreme) for g in groups]
        return World(advances, histories, 1 + _LONG_ROUNDS * stride)

    def _later(self, day_us: int, step_us: int) -> int:
        """Return the day a step later: never past a leap day, and not past every other end or feast."""
        passed = [day for day in _LEAP_DAYS if day_us < day <= day_us + step_us]
        if self._random.random() < 0.5:
            passed += [day for day in _NOTABLE_DAYS if day_us < day <= day_us + step_us]
        return min(passed, default=day_us + step_us)

    def _advance(self, position: int, day_us: int) -> Told:
        ready = draft(
            self._registry, event_id=str(position), source="probe", topic=ClockAdvanced.topic, subject=None,
            occurred_us=day_us, data=ClockAdvanced(to=rfc3339(day_us)),
        )  # fmt: skip
        return Told(position, day_us, ready.topic, ready.state)

    def _tell(self, group: _Group, position: int, day_us: int, turn: int) -> None:
        random = self._random
        subject = group.members[random.randrange(len(group.members))]
        occurred_us = day_us + random.choice(_HOURS_US) + random.randrange(1000) * SECOND_US
        chance = random.random()
        if chance < 0.06:
            occurred_us -= random.choice((1, 20, 100, 400)) * DAY_US
        elif chance < 0.2 and self._days_us:
            occurred_us = (
                random.choice(self._days_us) + random.choice((-1, 0, 1)) * DAY_US + occurred_us % DAY_US
            )
        others = tuple(name for name in group.members if name != subject)
        scene = Scene(subject, others, occurred_us, group.positions[subject], is_extreme=group.is_extreme)
        for topic in self._candidates(turn):
            told = self._fact(topic, position, scene)
            if told is not None:
                group.facts.append(told)
                group.positions[subject].append(position)
                return

    def _candidates(self, turn: int) -> list[str]:
        """Return topics to try for a fact, the first that fits is told."""
        random, chance = self._random, self._random.random()
        if turn == 0 and chance < 0.6:
            first = "member.enrolled"
        elif self._topics and chance < 0.6:
            first = random.choice(self._topics)
        else:
            first = random.choice(_USUAL if chance < 0.92 else _RARE)
        return [first, "purchase.recorded", "purchase.recorded"]

    def _fact(self, topic: str, position: int, scene: Scene) -> Told | None:
        kind = self._registry.type_of(topic)
        for _ in range(6):
            fields = self._maker.fields(kind, scene)
            if topic == "purchase.recorded":
                self._add_up(fields)
            try:
                data = convert(kind, fields)
                ready = draft(
                    self._registry, event_id=str(position), source="probe", topic=topic,
                    subject=scene.subject, occurred_us=scene.occurred_us, data=data,
                )  # fmt: skip
            except (LoyaltyError, ValueError, TypeError):
                continue
            if all(name in scene.others for name in ready.members):
                return Told(position, scene.occurred_us, topic, ready.state)
        return None

    def _add_up(self, fields: dict[str, Any]) -> None:
        """Let most orders come to what their lines do."""
        lines = fields.get("lines")
        if lines and self._random.random() < 0.85:
            total = sum(line["amount_minor"] for line in lines)
            fields["amount_minor"] = max(0, min(total, 10**15))


def _is_day(text: str) -> bool:
    try:
        instant_us(f"{text}T00:00:00Z")
    except LoyaltyError:
        return False
    return True


def told_fact(registry_decoders: dict[str, Any], told: Told) -> Fact[FactType]:
    """Return a fact as rules read it, made anew from its bytes."""
    fact: Fact[FactType] = registry_decoders[told.topic](told.state)
    fact.position, fact.occurred_us = told.position, told.occurred_us
    return fact
