"""How likely members would recommend us, and what to do about it."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Effect,
    Fact,
    FactRetracted,
    Keep,
    Member,
    Params,
    Recommend,
    RecommendationStated,
    Rule,
    hookimpl,
    on,
)

_ANSWERED = "answered"
_ACTIONS = {
    "very likely": ("ask for a referral", "would very likely recommend us"),
    "impossible": ("find out why not recommended", "would not recommend us"),
}


class IntentParams(Params, frozen=True, kw_only=True):
    """Parameters of ``recommendation_intent``.

    Attributes:
        points: Points for the first answer, whatever it says.
    """

    points: Annotated[int, Meta(ge=0, le=1_000_000)] = 0


class RecommendationIntent(Rule):
    """Thank for the first answer; ask the willing for a referral, and the unwilling why."""

    name, version, stage = "recommendation_intent", 1, "react"
    Params = IntentParams
    params: IntentParams

    @on(RecommendationStated)
    def state(self, stated: Fact[RecommendationStated], member: Member) -> list[Effect]:
        """Answer what a member said."""
        effects: list[Effect] = []
        if member.kept(_ANSWERED) is None:
            effects.append(Keep(key=_ANSWERED, value=stated.position))
            if self.params.points:
                effects.append(Accrue(points=self.params.points, reason="thank you for your answer"))
        if stated.data.likelihood in _ACTIONS:
            action, reason = _ACTIONS[stated.data.likelihood]
            effects.append(Recommend(action=action, reason=reason))
        return effects

    @on(FactRetracted)
    def retract(self, retraction: Fact[FactRetracted], member: Member) -> Answer:
        """A retracted answer was none: the next one is the first, if its points were taken back."""
        if member.kept(_ANSWERED) != retraction.data.retracted:
            return None
        answer = member.traced_at(retraction.data.retracted)
        is_settled = answer.is_returned if answer is not None else not self.params.points
        return Keep(key=_ANSWERED, value=None) if is_settled else None


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [RecommendationIntent]
