"""Balances that a person changed, with a reason and an approver."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, field

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Burn,
    Effect,
    Fact,
    Flag,
    Member,
    NotQualified,
    Params,
    PointsAdjusted,
    Rule,
    hookimpl,
    instant_us,
    on,
)


class AdjustmentsParams(Params, frozen=True, kw_only=True):
    """Parameters of ``adjustments``. Who decides is the approver or, if there is none, the actor.

    Attributes:
        most: Points that anybody may give or take at once; left out: any number.
        limits: By person, another limit than that.
    """

    most: Annotated[int, Meta(ge=0)] | None = None
    limits: dict[str, Annotated[int, Meta(ge=0)]] = field(default_factory=dict)

    def of(self, person: str | None) -> int | None:
        """Return a person's limit, None if it has none."""
        return self.limits.get(person or "", self.most)


class Adjustments(Rule):
    """Give or take what a person decided. Points taken beyond the balance leave a debt and a flag."""

    name, version, stage = "adjustments", 1, "standing"
    is_alone = True
    Params = AdjustmentsParams
    params: AdjustmentsParams

    @on(PointsAdjusted)
    def adjust(self, adjusted: Fact[PointsAdjusted], member: Member) -> Answer:
        """Book the points against the account "adjusted"."""
        change = adjusted.data
        effects = self._booked(change, member)
        limit = self.params.of(change.approver or adjusted.actor)
        if limit is not None and abs(change.points) > limit:
            person = change.approver or adjusted.actor or "nobody by name"
            reason = f"{change.points:+d} points by {person}, whose limit is {limit}"
            effects.append(Flag(flag="beyond-authority", reason=reason))
        return effects

    def _booked(self, change: PointsAdjusted, member: Member) -> list[Effect]:
        reason = f"{change.reason} (approved by {change.approver})" if change.approver else change.reason
        if change.points > 0:
            expires_us = instant_us(change.expires) if change.expires else None
            return [Accrue(points=change.points, reason=reason, expires_us=expires_us, account="adjusted")]
        if not change.points:
            return [NotQualified(reason="adjusted by 0 points")]
        return _taken(-change.points, reason, max(member.balance_points, 0))


def _taken(points: int, reason: str, available: int) -> list[Effect]:
    effects: list[Effect] = [Burn(points=points, reason=reason, account="adjusted")]
    if points > available:
        effects.append(
            Flag(flag="overdrawn", reason=f"an adjustment took {points} points, {available} were available")
        )
    return effects


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Adjustments]
