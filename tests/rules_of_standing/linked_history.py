"""A shop whose members refer each other, return and complain: sixty of them, most in a few groups."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from engine.tales import STANDING
from loyalty_ledger.ledger.calendar import DAY_US, HOUR_US, instant_us, rfc3339
from loyalty_ledger.ledger.facts import Draft, convert
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.rules.catalogue import installed
from loyalty_ledger.rules.programme import activation

START_US = instant_us("2026-01-01T08:00:00Z")


def happenings(
    dice: random.Random, members: list[str], days: int
) -> Iterator[tuple[str, dict[str, Any], str, int]]:
    """Yield topic, fields, member and instant: a shop whose members refer each other, return and complain."""
    orders: list[tuple[str, str]] = []
    for day in range(days):
        for _ in range(dice.randint(1, 9)):
            at_us = START_US + day * DAY_US + dice.randint(0, 10) * HOUR_US
            member, kind = dice.choice(members), dice.randint(0, 11)
            if kind < 6:
                orders.append((f"o{len(orders)}", member))
                fields = {"order": orders[-1][0], "currency": "USD", "amount_minor": dice.randint(0, 9_000)}
                yield "purchase.recorded", fields, member, at_us
            elif kind == 6 and orders:
                order, buyer = dice.choice(orders)
                yield (
                    "purchase.returned",
                    {"order": order, "share_bps": dice.choice([2_500, 10_000])},
                    buyer,
                    at_us,
                )
            elif kind == 7:
                yield "referral.made", {"referred": dice.choice(members)}, member, at_us
            elif kind == 8:
                yield "points.redeemed", {"points": dice.randint(1, 40)}, member, at_us
            elif kind == 9:
                yield "complaint.opened", {"complaint": f"c{day}", "category": "quality"}, member, at_us
            elif kind == 10:
                yield "recommendation.stated", {"likelihood": "very likely"}, member, at_us
            else:
                yield "points.adjusted", {"points": dice.choice([-5, 7]), "reason": "test"}, member, at_us


def history(seed: int, *programmes: tuple[str, str | None]) -> list[Draft]:
    """Return the drafts: programmes with the instant from which each is in force, and sixty members."""
    dice, catalogue = random.Random(seed), installed()
    registry, members = catalogue.registry, [f"m{number:02}" for number in range(60)]
    steps: list[tuple[str, Any, str | None, int]] = [
        ("programme.activated", activation(text, catalogue, at="test", effective=effective), None, 0)
        for text, effective in programmes or [(STANDING, None)]
    ]
    for topic, fields, member, at_us in happenings(dice, members, 90):
        steps.append((topic, convert(registry.type_of(topic), fields), member, at_us))
        if dice.random() < 0.02:
            clock = convert(registry.type_of("clock.advanced"), {"to": rfc3339(at_us)})
            steps.append(("clock.advanced", clock, None, at_us))
    return [
        draft(
            registry, event_id=str(number), source="test", topic=topic, subject=member, occurred_us=at_us,
            data=data,
        ) for number, (topic, data, member, at_us) in enumerate(steps)
    ]  # fmt: skip
