"""What members do beside buying, and scores computed elsewhere."""

from __future__ import annotations

from .types import FactType, Name, Number, Quantity


class ActivityRecorded(FactType, frozen=True, kw_only=True):
    """A member did something with a name: attended, posted, trained."""

    topic = "activity.recorded"
    activity: Name
    quantity: Quantity = 1
    order: Name | None = None
    channel: Name | None = None
    staff: Name | None = None


class ScoreRecorded(FactType, frozen=True, kw_only=True):
    """A model outside the ledger judged a member; its version and inputs are kept."""

    topic = "score.recorded"
    model: Name
    version: Name
    score: Number
    inputs: dict[Name, Name | int | bool | None] = {}


TYPES: tuple[type[FactType], ...] = (ActivityRecorded, ScoreRecorded)
