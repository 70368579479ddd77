"""Taking a fact back without removing it."""

from __future__ import annotations

from .types import FactType, Name, Position, Text


class FactRetracted(FactType, frozen=True, kw_only=True):
    """A fact of the subject was wrong: it stays, and its effects are reversed like a full return."""

    topic = "fact.retracted"
    retracted: Position
    reason: Text
    approver: Name | None = None


TYPES: tuple[type[FactType], ...] = (FactRetracted,)
