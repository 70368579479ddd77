"""Rewards that cost points: issued, used, cancelled."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    DAY_US,
    Answer,
    Burn,
    Effect,
    Fact,
    Flag,
    Keep,
    Member,
    NotQualified,
    Params,
    Restore,
    RewardCancelled,
    RewardIssued,
    RewardRedeemed,
    Rule,
    hookimpl,
    on,
)


class RewardsParams(Params, frozen=True, kw_only=True):
    """Parameters of ``rewards``.

    Attributes:
        window_days: For how many days cancelling a reward gives its points back.
    """

    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365


class Rewards(Rule):
    """A reward costs its points when it is issued; cancelled before it is used, it gives them back.

    It keeps of each reward its points while it is out, then "used" or "cancelled".
    """

    name, version, stage = "rewards", 1, "standing"
    is_alone = True
    Params = RewardsParams
    params: RewardsParams

    def spending_days(self) -> int:
        """Return for how long rewards can be cancelled."""
        return self.params.window_days

    @on(RewardIssued)
    def issue(self, issued: Fact[RewardIssued], member: Member) -> list[Effect]:
        """Burn what the reward costs."""
        reward, points = issued.data.reward, max(issued.data.points, 0)
        effects: list[Effect] = []
        if member.kept(reward) is not None:
            effects.append(Flag(flag="known-reward", reason=f"reward {reward} had been issued before"))
        effects.append(Keep(key=reward, value=points))
        if points:
            available = max(member.balance_points, 0)
            member.note("{} points of {} available", points, available)
            effects.append(Burn(points=points, reason=f"reward {reward}: {issued.data.kind}"))
            if points > available:
                reason = f"reward {reward} costs {points} points, {available} were available"
                effects.append(Flag(flag="overdrawn", reason=reason))
        return effects

    @on(RewardRedeemed)
    def use(self, used: Fact[RewardRedeemed], _member: Member) -> Answer:
        """Remember that it is used: cancelling gives nothing back any more."""
        return Keep(key=used.data.reward, value="used")

    @on(RewardCancelled)
    def cancel(self, cancelled: Fact[RewardCancelled], member: Member) -> Answer:
        """Give the points back to the lots they came from, once, unless the reward is used."""
        reward = cancelled.data.reward
        state = member.kept(reward)
        if state is None:
            reason = f"reward {reward} was cancelled, but never issued"
            return Flag(flag="unknown-reward", reason=reason)
        if state == "cancelled":
            return NotQualified(reason=f"reward {reward} was cancelled before")
        if state == "used":
            reason = f"reward {reward} was cancelled after it had been used: its points stay spent"
            return Flag(flag="cancelled-after-use", reason=reason)
        given_back = self._given_back(reward, state, member, cancelled.occurred_us)
        return [Keep(key=reward, value="cancelled"), *given_back]

    def _given_back(self, reward: str, points: int | str, member: Member, at_us: int) -> list[Effect]:
        if not points:
            return []
        issued = member.traced(RewardIssued.topic, reward)
        if issued is None or at_us > issued.booked_us + self.params.window_days * DAY_US:
            days = self.params.window_days
            reason = f"reward {reward} was issued more than {days} days ago: its {points} points stay spent"
            return [Flag(flag="not-restored", reason=reason)]
        if issued.is_restored:
            return [NotQualified(reason=f"the points of reward {reward} were given back before")]
        return [Restore(fact=issued.fact, reason=f"reward {reward} cancelled")]


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Rewards]
