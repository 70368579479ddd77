"""Balances that a person changed, with a reason and an approver."""

from __future__ import annotations

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Burn,
    Effect,
    Fact,
    Flag,
    Member,
    NotQualified,
    PointsAdjusted,
    Rule,
    hookimpl,
    instant_us,
    on,
)


class Adjustments(Rule):
    """Give or take what a person decided. Points taken beyond the balance leave a debt and a flag."""

    name, version, stage = "adjustments", 1, "standing"
    is_alone = True

    @on(PointsAdjusted)
    def adjust(self, adjusted: Fact[PointsAdjusted], member: Member) -> Answer:
        """Book the points against the account "adjusted"."""
        change = adjusted.data
        reason = f"{change.reason} (approved by {change.approver})" if change.approver else change.reason
        if change.points > 0:
            expires_us = instant_us(change.expires) if change.expires else None
            return Accrue(points=change.points, reason=reason, expires_us=expires_us, account="adjusted")
        if not change.points:
            return NotQualified(reason="adjusted by 0 points")
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
