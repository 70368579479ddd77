"""What members say when asked, and when not asked."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from .types import FactType, Name, Part


class Answer(Part, frozen=True, kw_only=True):
    """One answer: the question, the scale it was asked on, and the value, 1 (worst) to the scale's number.

    The 2-point scale counts 1 (no) and 2 (yes); the 11-point scale 0 to 10.
    """

    question: Name
    scale: Literal[2, 3, 5, 11]
    value: Annotated[int, Meta(ge=0, le=10)]
    driver: Name | None = None

    def __post_init__(self) -> None:
        low, high = (0, 10) if self.scale == 11 else (1, self.scale)
        if not low <= self.value <= high:
            raise ValueError(f"value {self.value} is not on the scale {low} to {high}")


class SurveyAnswered(FactType, frozen=True, kw_only=True):
    """A member answered a survey."""

    topic = "survey.answered"
    survey: Name
    answers: tuple[Answer, ...]
    channel: Name | None = None
    staff: Name | None = None
    store: Name | None = None


class FeedbackReceived(FactType, frozen=True, kw_only=True):
    """A member gave an opinion or a suggestion; its words are kept outside the ledger."""

    topic = "feedback.received"
    feedback: Name
    kind: Name
    channel: Name | None = None
    staff: Name | None = None


class FeedbackAnswered(FactType, frozen=True, kw_only=True):
    """The member heard back, and whether the feedback was found true."""

    topic = "feedback.answered"
    feedback: Name
    is_true: bool | None = None
    action: Name | None = None
    staff: Name | None = None


TYPES: tuple[type[FactType], ...] = (SurveyAnswered, FeedbackReceived, FeedbackAnswered)
