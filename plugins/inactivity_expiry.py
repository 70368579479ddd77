"""Points that all expire together when a member has not been active for a while."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    ActivityRecorded,
    BalanceOpened,
    Changed,
    ContactRecorded,
    Effect,
    Expire,
    Fact,
    FactRetracted,
    FeedbackReceived,
    HoldCaptured,
    HoldVoided,
    InterestDeclared,
    Keep,
    Member,
    MemberEnrolled,
    MembersMerged,
    MembersUnmerged,
    PeriodByRung,
    PointsAdjusted,
    PointsExtended,
    PointsRedeemed,
    PointsReinstated,
    PointsTransferred,
    PurchaseRecorded,
    PurchaseReturned,
    RedemptionCancelled,
    ReferralMade,
    RewardCancelled,
    RewardIssued,
    RewardRedeemed,
    Rule,
    SetTimer,
    StopTimer,
    SurveyAnswered,
    Timer,
    hookimpl,
    instant_us,
    on,
)

TIMER = "expire all points"
"""Reports know by this key that everything expires when the timer is due."""
_LAST, _ABSORBED_BY, _LET_GO = "last", "absorbed by", "let go "
Activity = Literal[
    "purchase.recorded", "points.redeemed", "hold.captured", "points.transferred", "reward.issued",
    "reward.redeemed", "referral.made", "activity.recorded", "survey.answered", "feedback.received",
    "contact.recorded", "interest.declared", "member.enrolled",
]  # fmt: skip


_BRINGING = frozenset(
    kind.topic for kind in (
        PurchaseReturned, RedemptionCancelled, HoldCaptured, HoldVoided, PointsAdjusted, PointsReinstated,
        BalanceOpened, FactRetracted, RewardCancelled,
    )
)  # fmt: skip
"""What can bring points, or bring them back, without being an activity."""


class InactivityParams(PeriodByRung, frozen=True, kw_only=True):
    """Parameters of ``inactivity_expiry``: days or months without activity, not both.

    With *by_rung*, the rung is the one the member stands on before the activity.

    Attributes:
        activities: Types of facts that count as activity of their subject.
        named: Of ``activity.recorded``, only activities with one of these names; empty: all.
    """

    activities: Annotated[tuple[Activity, ...], Meta(min_length=1)] = (
        "purchase.recorded", "points.redeemed", "hold.captured",
    )  # fmt: skip
    named: tuple[str, ...] = ()


class InactivityExpiry(Rule):
    """All points of a member expire when the time since the last activity is over.

    One timer a member, moved by each activity, never to an earlier instant. Points that come when none runs
    start it, whatever brought them. What activity gave is not taken back by a return: the member was active.
    It keeps "last" (the day of the last activity); of a member merged into another "absorbed by"; and of who
    let one go again "let go MEMBER" (when).
    """

    # Before the rule that merges: until then the timer of a member that will be absorbed can be seen.
    name, version, stage, priority = "inactivity_expiry", 1, "earn", 50
    is_alone = True
    Params = InactivityParams
    params: InactivityParams

    def __init__(self, params: InactivityParams) -> None:
        super().__init__(params)
        self._period, self._by_rung = params.periods()
        self._activities, self._named = frozenset(params.activities), frozenset(params.named)

    def sums_days(self) -> int:
        """Be told of points that others' facts and timers bring."""
        return 0

    @on(
        PurchaseRecorded, PurchaseReturned, PointsRedeemed, RedemptionCancelled, HoldCaptured, HoldVoided,
        PointsAdjusted, PointsReinstated, BalanceOpened, FactRetracted, RewardIssued, RewardRedeemed,
        RewardCancelled, ReferralMade, ActivityRecorded, SurveyAnswered, FeedbackReceived, ContactRecorded,
        InterestDeclared, MemberEnrolled,
    )  # fmt: skip
    def follow(self, fact: Fact[Any], member: Member) -> Iterator[Effect]:
        """Move the timer if this is an activity; start it if it may bring points and none runs."""
        if self._counts(fact) or (member.timer(TIMER) is None and fact.topic in _BRINGING):
            yield from self._moved(fact.occurred_us, member)

    @on(Changed)
    def notice(self, changed: Changed, member: Member) -> Iterator[Effect]:
        """Start the timer for points that came without a fact of the member's own."""
        if member.timer(TIMER) is None and (changed.more.points > 0 or changed.more.adjusted > 0):
            yield from self._moved(changed.booked_us, member)

    @on(PointsTransferred)
    def transfer(self, given: Fact[PointsTransferred], member: Member) -> Iterator[Effect]:
        """Giving points may count as activity; receiving them starts the timer if none runs."""
        if self._counts(given):
            yield from self._moved(given.occurred_us, member)
        receiver = member.other(given.data.to)
        if receiver is not None and receiver.id != member.id and _runs_until(receiver, member) is None:
            yield from self._moved(given.occurred_us, receiver)

    @on(PointsExtended)
    def extend(self, extended: Fact[PointsExtended], member: Member) -> Iterator[Effect]:
        """What a person has extended does not expire before."""
        due_us, expires_us = member.timer(TIMER), instant_us(extended.data.expires)
        if due_us is not None and due_us < expires_us:
            yield SetTimer(key=TIMER, due_us=expires_us)

    @on(MembersMerged)
    def merge(self, merged: Fact[MembersMerged], member: Member) -> Iterator[Effect]:
        """Both were one person: the later timer is that of all points. The other's own waits."""
        absorbed = merged.data.absorbed
        other = member.other(absorbed)
        if other is None or other.id != absorbed or other.id == member.id:
            return
        own_us, others_us = member.timer(TIMER), _runs_until(other, member)
        if others_us is not None and (own_us is None or others_us > own_us):
            yield SetTimer(key=TIMER, due_us=others_us)
        elif own_us is None:
            yield from self._moved(merged.occurred_us, member)
        yield Keep(key=_ABSORBED_BY, value=member.id, member=absorbed)
        # It rests while the member is absorbed, and fires as soon as it is let go.
        yield SetTimer(key=TIMER, due_us=max(member.clock_us, other.clock_us) + 1, member=absorbed)

    @on(MembersUnmerged)
    def unmerge(self, unmerged: Fact[MembersUnmerged], member: Member) -> Iterator[Effect]:
        """Note when a member was let go: its time begins anew."""
        other = member.other(unmerged.data.absorbed)
        if other is not None and other.id == member.id:
            yield Keep(key=_LET_GO + unmerged.data.absorbed, value=member.clock_us)

    def on_timer(self, timer: Timer, member: Member) -> Iterator[Effect]:
        """Let everything expire, unless the member has just been let go."""
        absorbed_by = member.kept(_ABSORBED_BY)
        if absorbed_by is not None:
            yield Keep(key=_ABSORBED_BY, value=None)
            holder = member.other(str(absorbed_by))
            let_go_us = holder.kept(_LET_GO + member.id) if holder is not None else None
            began_us = let_go_us if isinstance(let_go_us, int) else timer.due_us
            yield from self._moved(max(began_us, timer.due_us), member)
            return
        last = member.kept(_LAST)
        yield Expire(
            reason=f"points expire: no activity since {last}" if last else "points expire: no activity"
        )
        due_us = self._due_us(timer.due_us, member)
        if member.held_points and due_us is not None:
            # What is held now may come back, and lives for another period.
            yield SetTimer(key=TIMER, due_us=due_us)

    def _counts(self, fact: Fact[Any]) -> bool:
        if fact.topic not in self._activities:
            return False
        is_named = not self._named or fact.topic != ActivityRecorded.topic
        return is_named or fact.data.activity in self._named

    def _moved(self, from_us: int, member: Member) -> Iterator[Effect]:
        """Move the timer to the end of a period, never to an earlier instant."""
        due_us, runs_until_us = self._due_us(from_us, member), member.timer(TIMER)
        if due_us is None:
            yield StopTimer(key=TIMER, member=member.id)
        elif runs_until_us is None or due_us > runs_until_us:
            yield SetTimer(key=TIMER, due_us=due_us, member=member.id)
            yield Keep(key=_LAST, value=member.local_date(from_us).isoformat(), member=member.id)

    def _due_us(self, from_us: int, member: Member) -> int | None:
        """Return when a period that begins now is over for a member, None: never."""
        period = self._period
        if self._by_rung:
            found = self._by_rung.get(member.rung(self.params.ladder), period)
            if found is None:
                return None
            period = found
        return period.end_us(from_us, member.zone)


def _runs_until(other: Member, member: Member) -> int | None:
    """Return when the timer of another member is due, None if that time has passed or none is set."""
    due_us = other.timer(TIMER)
    return None if due_us is None or due_us <= member.clock_us else due_us


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [InactivityExpiry]
