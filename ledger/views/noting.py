"""What is noted of a fact the fold accepted, for the views that are made of facts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..facts.correction import FactRetracted
from ..fold import ActionRow

RETRACTED = FactRetracted.topic
RECOMMENDED = ""
"""No fact's topic: a rule recommends an action."""


class Note(NamedTuple):
    """One of the facts that views are made of.

    Attributes:
        position: Of the fact, or of what made the recommendation known.
        topic: Of the fact, or ``RECOMMENDED``.
        member: Whose fact.
        occurred_us: When, microseconds since 1970.
        content: The fact's data, of a recommendation its row; None for a purchase: no basket is kept.
    """

    position: int
    topic: str
    member: str
    occurred_us: int
    content: Any


def in_order(notes: Sequence[Note], actions: Iterable[ActionRow]) -> Sequence[Note]:
    """Return the notes with the recommendations among them, as it came about.

    At one position: what a timer recommends, which had been due before, then the fact, then what rules
    recommend because of it.
    """
    if not actions:
        return notes
    ranked = [(note.position, 1, note) for note in notes]
    for row in actions:
        note = Note(row.position, RECOMMENDED, row.member, row.booked_us, row)
        ranked.append((row.position, 2 if row.fact == row.position else 0, note))
    ranked.sort(key=lambda found: found[:2])
    return [note for _, _, note in ranked]
