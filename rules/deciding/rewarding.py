"""Rewards: issued for points, used once, cancelled while they are not used.

A reward is named once within its member. What a reward has been through is read from the facts, not from a
view, which may lag; a retracted issue counts as none, uses and cancellations count for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from ...ledger.calendar import instant_us, rfc3339
from ...ledger.facts import Fact
from ...ledger.facts.correction import FactRetracted
from ...ledger.facts.reward import RewardCancelled, RewardIssued, RewardRedeemed
from .command import AlreadyDone, Command, own_id
from .refusal import Refusal, check_expiry, exceeds_balance
from .standing import Standing


class _Life(NamedTuple):
    """What a reward has been through.

    Attributes:
        issued: The latest issue that was not retracted; *used* and *cancelled* are behind it.
        retracted: Position of the latest issue that was retracted, 0 if none.
    """

    issued: Fact[RewardIssued] | None = None
    used: Fact[RewardRedeemed] | None = None
    cancelled: Fact[RewardCancelled] | None = None
    retracted: int = 0


def _life(standing: Standing, reward: str) -> _Life:
    facts = standing.recorded(
        RewardIssued.topic, RewardRedeemed.topic, RewardCancelled.topic, FactRetracted.topic
    )
    retracted = {fact.data.retracted for fact in facts if fact.topic == FactRetracted.topic}
    life = _Life()
    for fact in facts:
        if fact.topic == FactRetracted.topic or fact.data.reward != reward:
            continue
        if fact.topic == RewardIssued.topic and fact.position in retracted:
            life = life._replace(retracted=fact.position)
        elif fact.topic == RewardIssued.topic:
            life = _Life(fact, retracted=life.retracted)
        elif fact.topic == RewardRedeemed.topic:
            life = life._replace(used=life.used or fact)
        else:
            life = life._replace(cancelled=life.cancelled or fact)
    return life


def _issued(life: _Life, member: str, reward: str) -> Fact[RewardIssued]:
    if life.issued is None:
        raise Refusal(
            f"reward {reward!r} was not issued to {member!r}", code="not-issued",
            hint=f"loyalty member history {member}",
        )  # fmt: skip
    return life.issued


def _used(life: _Life, reward: str) -> Refusal:
    used = life.used
    for_order = f" for order {used.data.order!r}" if used and used.data.order else ""
    return Refusal(
        f"reward {reward!r} was used at position {used.position if used else 0}{for_order}",
        code="already-used",
        hint="a reward is used once",
    )


@dataclass(frozen=True, kw_only=True)
class IssueReward(Command):
    """Give a reward for *points*, 0 or more: in this order refused as issued, expired, too dear.

    Attributes:
        value: What it is worth, a decimal amount in *currency*.
    """

    reward: str
    kind: str
    points: int = 0
    value: str | None = None
    currency: str | None = None
    expires: str | None = None

    topic = RewardIssued.topic
    rule = "rewards"
    another = "give another --reward"

    def wanted(self) -> dict[str, Any]:
        """Return the issue.

        Raises:
            Refusal: negative-points.
        """
        if self.points < 0:
            raise Refusal(
                f"a reward cannot cost {self.points} points", code="negative-points", hint="give 0 or more"
            )
        data: dict[str, Any] = {"reward": self.reward, "kind": self.kind, "points": self.points}
        if self.value is not None:
            data |= {"value": self.value, "currency": self.currency}
        return data if self.expires is None else {**data, "expires": self.expires}

    def own_id(self, standing: Standing) -> str | None:
        """Return the id of the reward's issue; another one after it was retracted."""
        return own_id("reward", self.member, self.reward, _life(standing, self.reward).retracted)

    def judged(self, standing: Standing, wanted: RewardIssued) -> RewardIssued:
        """Return the issue if the member can pay.

        Raises:
            Refusal: already-issued, expires-too-early, or exceeds-balance.
        """
        issued = _life(standing, self.reward).issued
        if issued is not None:
            raise Refusal(
                f"reward {self.reward!r} was issued to {self.member!r} at position {issued.position}",
                code="already-issued",
                hint=self.another,
            )
        check_expiry(wanted.expires, standing.instant_us)
        if self.points > standing.available_points:
            raise exceeds_balance(self.member, self.points, standing.available_points, standing.instant_us)
        return wanted

    def undone(self, standing: Standing, position: int) -> str | None:
        """Say so when the reward was cancelled."""
        life = _life(standing, self.reward)
        is_cancelled = life.cancelled and life.issued and life.issued.position == position
        return "the reward was cancelled since" if is_cancelled else None

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the reward and what it cost."""
        return {"reward": recorded.reward, "points": recorded.points}

    def told(self, recorded: Any) -> str:
        """Return what was issued."""
        what = f"{recorded.reward} ({recorded.kind})"
        return f"issued reward {what} to {self.member} for {recorded.points:,} points"


@dataclass(frozen=True, kw_only=True)
class UseReward(Command):
    """Use a reward: in this order refused as not issued, cancelled, used, expired.

    Again for the same order it is the same use; without an order every use is another.
    """

    reward: str
    order: str | None = None

    topic = RewardRedeemed.topic
    rule = "rewards"
    is_once = True

    def wanted(self) -> RewardRedeemed:
        """Return the use."""
        return RewardRedeemed(reward=self.reward, order=self.order)

    def own_id(self, standing: Standing) -> str | None:
        """Return the id of the reward's use for the order."""
        issued = _life(standing, self.reward).issued
        if issued is None or self.order is None:
            return None
        return own_id("use", self.member, self.reward, issued.position, self.order)

    def judged(self, standing: Standing, wanted: RewardRedeemed) -> RewardRedeemed | AlreadyDone:
        """Return the use if the reward is there and good.

        Raises:
            Refusal: not-issued, reward-cancelled, already-used, or reward-expired.
        """
        life = _life(standing, self.reward)
        issued = _issued(life, self.member, self.reward)
        if life.cancelled is not None:
            raise Refusal(
                f"reward {self.reward!r} was cancelled at position {life.cancelled.position}",
                code="reward-cancelled",
                hint="issue another",
            )
        if life.used is not None:
            if self.order is not None and life.used.data.order == self.order:
                return AlreadyDone(life.used.position)
            raise _used(life, self.reward)
        expires = issued.data.expires
        if expires is not None and instant_us(expires) <= standing.instant_us:
            raise Refusal(
                f"reward {self.reward!r} expired at {expires}, it is {rfc3339(standing.instant_us)}",
                code="reward-expired",
                hint="issue another",
            )
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the reward and the order."""
        return {"reward": recorded.reward, "order": recorded.order}

    def told(self, recorded: Any) -> str:
        """Return what was used."""
        return f"used reward {recorded.reward} of {self.member}"


@dataclass(frozen=True, kw_only=True)
class CancelReward(Command):
    """Take a reward back: in this order refused as not issued, done already, refused as used."""

    reward: str
    reason: str | None = None

    topic = RewardCancelled.topic
    rule = "rewards"
    is_once = True

    def wanted(self) -> RewardCancelled:
        """Return the cancellation."""
        return RewardCancelled(reward=self.reward, reason=self.reason)

    def own_id(self, standing: Standing) -> str | None:
        """Return the id of the one cancellation of the reward."""
        issued = _life(standing, self.reward).issued
        return own_id("cancel-reward", self.member, self.reward, issued.position) if issued else None

    def judged(self, standing: Standing, wanted: RewardCancelled) -> RewardCancelled | AlreadyDone:
        """Return the cancellation if the reward is not used.

        Raises:
            Refusal: not-issued, or already-used.
        """
        life = _life(standing, self.reward)
        _issued(life, self.member, self.reward)
        if life.cancelled is not None:
            return AlreadyDone(life.cancelled.position)
        if life.used is not None:
            raise _used(life, self.reward)
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return the reward."""
        return {"reward": recorded.reward}

    def told(self, recorded: Any) -> str:
        """Return what was cancelled."""
        return f"cancelled reward {recorded.reward} of {self.member}"
