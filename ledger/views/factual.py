"""All views made of facts: what they want noted, and their rows while they grow."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from sqlalchemy import Connection

from ..facts.membership import MemberEnrolled
from ..facts.purchase import PurchaseRecorded
from .actions import Actions
from .complaints import Complaints
from .from_facts import FromFacts
from .noting import RETRACTED, Note
from .referrals import Referrals
from .rewards import Rewards

_VIEWS: tuple[type[FromFacts[Any]], ...] = (Actions, Complaints, Referrals, Rewards)
NOTED_LINKED = frozenset({RETRACTED, *(topic for view in _VIEWS for topic in view.topics)})
"""Topics to be noted of members who belong to a group."""
NOTED_ALONE = NOTED_LINKED - {MemberEnrolled.topic, PurchaseRecorded.topic}
"""Topics to be noted of members alone: nobody has referred them."""


class Factual:
    """The rows of these views."""

    def __init__(self) -> None:
        self._views = [view() for view in _VIEWS]

    def load(self, connection: Connection, slot: str, notes: Collection[Note]) -> None:
        """Begin with the stored rows that these notes may change."""
        for view in self._views:
            concerned = [note for note in notes if note.topic in view.topics or note.topic == RETRACTED]
            if concerned:
                view.load(connection, slot, concerned)

    def add(self, notes: Iterable[Note]) -> None:
        """Fold notes into the rows of the views they concern."""
        for note in notes:
            for view in self._views:
                if note.topic in view.topics or note.topic == RETRACTED:
                    view.add(note)

    def rows(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return the rows that were made or changed, by view."""
        return {view.name: view.rows() for view in self._views}

    def clear(self) -> None:
        """Begin again."""
        for view in self._views:
            view.clear()
