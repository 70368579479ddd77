"""Loyalty stages: from a name on a list to a customer who brings others, and those who stay away."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from loyalty_ledger.rules import (
    ActivityRecorded,
    Answer,
    ContactRecorded,
    Effect,
    Fact,
    FactRetracted,
    FeedbackReceived,
    InterestDeclared,
    Keep,
    Member,
    MemberEnrolled,
    MembersMerged,
    MembersUnmerged,
    Move,
    Params,
    PurchaseRecorded,
    PurchaseReturned,
    RecommendationStated,
    ReferralMade,
    Rule,
    SetTimer,
    StopTimer,
    SurveyAnswered,
    Timer,
    Traced,
    hookimpl,
    on,
)

_BEFORE = (None, "", "suspect", "prospect")
_SETTLED = ("repeat", "promoter")
_AWAY = ("lapsed", "lost")
_ABSENCE = "absence"
_ORDER_DAYS = 31
_NOTICED = {
    ContactRecorded.topic: "{0.direction} contact by {0.channel}",
    InterestDeclared.topic: "interested in {0.interest}",
    ActivityRecorded.topic: "activity: {0.activity}",
    SurveyAnswered.topic: "answered survey {0.survey}",
    FeedbackReceived.topic: "gave feedback: {0.kind}",
}


class StagesParams(Params, frozen=True, kw_only=True):
    """Parameters of ``stages``. Days are those of the programme's zone.

    Attributes:
        lapse_days: Days after the last visit on whose morning a customer has lapsed.
        lost_days: Days after the last visit on whose morning a lapsed customer is lost.
    """

    lapse_days: Annotated[int, Meta(ge=1, le=36_600)] = 180
    lost_days: Annotated[int, Meta(ge=2, le=36_600)] = 365

    def __post_init__(self) -> None:
        if self.lost_days <= self.lapse_days:
            raise ValueError(f"lost_days must be more than lapse_days, {self.lapse_days}")


class _Place(NamedTuple):
    """A rung and why it is this one."""

    rung: str
    reason: str
    figures: dict[str, int | str]
    evidence: tuple[int, ...] = ()

    def move(self, member: Member) -> Move:
        return Move(
            rung=self.rung, reason=self.reason, member=member.id, evidence=self.evidence, figures=self.figures
        )


class Stages(Rule):
    """suspect → prospect → first-time → repeat → promoter; beside them lapsed, lost and regained.

    It keeps of a member "before" (the rung before the first purchase), "first" (that purchase), "regained"
    (how many visits there were when it came back), "lapsed" (since which day), "recommends" and "stated_us"
    (the latest answer, if that was "very likely"), "referrer", "referral" and "converted" (who referred it,
    by which fact, and the purchase that told the referrer); of a referrer "bought" and "conversion" (how
    many have bought, and the first of those purchases).
    """

    name, version, stage = "stages", 1, "standing"
    Params = StagesParams
    params: StagesParams

    def sums_days(self) -> int:
        """Return for how long visits must be known: until a customer is lost."""
        return self.params.lost_days + 1

    def orders_days(self) -> int:
        """Return for how long an order may be told in several facts and still be one visit."""
        return _ORDER_DAYS

    # Before the first purchase

    @on(MemberEnrolled)
    def enrol(self, enrolled: Fact[MemberEnrolled], member: Member) -> Iterator[Effect]:
        """A name on the list: a suspect."""
        if not member.rung():
            yield Move(rung="suspect", reason="enrolled, nothing else known yet")
        if enrolled.data.referrer:
            yield from _referred(enrolled.data.referrer, member, enrolled.position)

    @on(ContactRecorded, InterestDeclared, ActivityRecorded, SurveyAnswered, FeedbackReceived)
    def notice(self, fact: Fact[Any], member: Member) -> Answer:
        """Any contact, interest or activity makes a prospect."""
        rung = member.rung()
        if not rung or rung == "suspect":
            return Move(rung="prospect", reason=_NOTICED[fact.topic].format(fact.data))
        if rung != "prospect" and member.kept("before") != "prospect":
            return Keep(key="before", value="prospect")
        return None

    @on(ReferralMade)
    def refer(self, referral: Fact[ReferralMade], member: Member) -> Iterator[Effect]:
        """Note who brought whom, until the other has bought."""
        referred = member.other(referral.data.referred)
        if referred is not None:
            yield from _referred(member.id, referred, referral.position)

    # Purchases

    @on(PurchaseRecorded)
    def buy(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Count visits. Most purchases change nothing."""
        rung = member.rung()
        if rung in _SETTLED and member.timer(_ABSENCE) is not None:
            return None
        visits = member.total.visits
        if not visits or (rung == "first-time" and visits < 2):
            return None
        if rung in _BEFORE:
            return self._first(purchase, member, visits)
        if rung in _AWAY:
            return self._came_back(purchase, member, visits)
        if rung == "regained" and visits <= member.counter("regained"):
            return None
        return self._settle(member, _by_counts(member, visits))

    def _first(self, purchase: Fact[PurchaseRecorded], member: Member, visits: int) -> Iterator[Effect]:
        yield from _kept(member, "before", member.rung() or None)
        place = self._away(member) or _by_counts(member, visits)
        if place.rung == "first-time":
            place = place._replace(reason="first purchase")
        yield from self._settle(member, place)
        yield Keep(key="first", value=purchase.position)
        yield from self._told(member, purchase.position)

    def _came_back(self, purchase: Fact[PurchaseRecorded], member: Member, visits: int) -> Iterator[Effect]:
        last, bought = member.last_visit, member.local_date(purchase.occurred_us)
        if last is None or last < bought:
            return  # more of an order that was told before: no visit of its own
        since = member.kept("lapsed")
        if since and bought.isoformat() < str(since):
            # It happened before the lapse and came late: the customer had not stayed away so long.
            yield from self._recounted(member, visits, "a purchase that came late")
            return
        yield Keep(key="regained", value=visits)
        place = _Place("regained", f"bought again, lapsed since {since}", {"visits": visits})
        yield from self._settle(member, place)

    # Returns and retractions

    @on(PurchaseReturned, FactRetracted)
    def take_back(self, fact: Fact[Any], member: Member) -> Iterator[Effect]:
        """Count again: what came back wholly was no visit."""
        is_retraction = isinstance(fact.data, FactRetracted)
        if is_retraction and member.kept("recommends") == fact.data.retracted:
            yield from _kept(member, "recommends", None)
        visits = member.total.visits
        if member.rung() in _BEFORE:
            if visits:
                yield from self._stands_again(fact, member, visits)
            return
        if visits and is_retraction and self._is_back(member):
            yield Keep(key="regained", value=visits)
            reason = f"bought again, lapsed since {member.kept('lapsed')}; a return was retracted"
            yield from self._settle(member, _Place("regained", reason, {"visits": visits}))
            return
        if visits:
            yield from self._recounted(member, visits, "a retraction" if is_retraction else "a return")
            return
        yield from _bought_nothing(member, "no purchase is left after returns")
        yield from self._told(member, None)

    @on(MembersMerged, MembersUnmerged)
    def merge(self, fact: Fact[Any], member: Member) -> Iterator[Effect]:
        """Count again: another's visits have come, or gone."""
        visits, rung = member.total.visits, member.rung()
        if visits and rung in _BEFORE:
            yield from _kept(member, "before", rung or None)
            place = self._away(member) or _by_counts(member, visits)
            yield from self._settle(member, place._replace(reason=f"{place.reason}, as another card"))
            yield Keep(key="first", value=fact.position)
        elif visits:
            yield from self._recounted(member, visits, "a merge")
        elif rung not in _BEFORE:
            yield from _bought_nothing(member, "no purchase is left: the other member has its own again")

    def _is_back(self, member: Member) -> bool:
        """Return whether a visit that stands again ends an absence."""
        last, since = member.last_visit, member.kept("lapsed")
        is_after = last is not None and (not since or last.isoformat() >= str(since))
        return member.rung() in _AWAY and is_after and self._away(member) is None

    def _stands_again(self, fact: Fact[Any], member: Member, visits: int) -> Iterator[Effect]:
        """A return that took the last purchase was retracted."""
        yield from _kept(member, "before", member.rung() or None)
        place = self._away(member) or _by_counts(member, visits)
        yield from self._settle(member, place._replace(reason=f"{place.reason}; a return was retracted"))
        wrong = member.traced_at(fact.data.retracted) if isinstance(fact.data, FactRetracted) else None
        bought = [at for at in (wrong.took if wrong else ()) if _is_bought(member.traced_at(at))]
        yield from _kept(member, "first", min(bought, default=None))
        yield from self._told(member, min(bought, default=fact.position))

    def _recounted(self, member: Member, visits: int, why: str) -> Iterator[Effect]:
        first = member.traced_at(member.counter("first"))
        if first is not None and first.is_returned:
            yield Keep(key="first", value=None)
        place = self._away(member)
        if place is None and member.kept("regained") == visits:
            place = _Place("regained", f"{_purchases(visits)}, as when it came back", {"visits": visits})
        place = place or _by_counts(member, visits)
        yield from self._settle(member, place._replace(reason=f"{place.reason}; counted again after {why}"))
        if member.counter("regained") > visits:
            yield Keep(key="regained", value=None)

    # Staying away

    def on_timer(self, _timer: Timer, member: Member) -> Iterator[Effect]:
        """Look at the last visit: the timer was set at an earlier one."""
        if member.rung() in _BEFORE:
            return
        place = self._away(member)
        if place is None:
            yield self._alarm(member, self.params.lapse_days)
            return
        if member.rung() not in _AWAY:
            yield from _kept(member, "regained", None)
        yield from self._settle(member, place)

    def _settle(self, member: Member, place: _Place) -> Iterator[Effect]:
        """Move to a place, and wait for what comes there."""
        # Who came back and then returned what it bought has been away since it lapsed before.
        is_leaving = member.rung() not in _AWAY and member.counter("regained") <= member.total.visits
        yield place.move(member)
        if place.rung in _AWAY and is_leaving and member.last_visit is not None:
            lapsed = member.last_visit + timedelta(days=self.params.lapse_days)
            yield from _kept(member, "lapsed", lapsed.isoformat())
        if place.rung == "lost":
            yield StopTimer(key=_ABSENCE)
        else:
            yield self._alarm(
                member, self.params.lost_days if place.rung == "lapsed" else self.params.lapse_days
            )

    def _alarm(self, member: Member, days: int) -> Effect:
        last = member.last_visit or member.local_date(member.clock_us)
        return SetTimer(key=_ABSENCE, due_us=member.zone.start_us(last + timedelta(days=days)))

    def _away(self, member: Member) -> _Place | None:
        """Return the rung of one who has stayed away too long by now, or None."""
        last, params = member.last_visit, self.params
        if last is None:
            return _Place("lost", f"no purchase for {params.lost_days} days", {"days": params.lost_days})
        absent_days = (member.local_date(member.clock_us) - last).days
        if absent_days < params.lapse_days:
            return None
        rung, days = ("lost", params.lost_days)
        if absent_days < params.lost_days:
            rung, days = ("lapsed", params.lapse_days)
        reason = f"no purchase for {days} days, the last on {last}"
        return _Place(rung, reason, {"days": days, "last visit": last.isoformat()})

    # Promoters

    @on(RecommendationStated)
    def state(self, stated: Fact[RecommendationStated], member: Member) -> Iterator[Effect]:
        """The latest answer counts."""
        if stated.occurred_us < member.counter("stated_us"):
            return
        is_willing = stated.data.likelihood == "very likely"
        yield from _kept(member, "recommends", stated.position if is_willing else None)
        yield from _kept(member, "stated_us", stated.occurred_us)
        if member.rung() in _SETTLED:
            yield _by_counts(member, member.total.visits).move(member)

    def _told(self, member: Member, purchase: int | None) -> Iterator[Effect]:
        """Tell the referrer that the member has bought, or (None) has bought nothing after all."""
        name, converted = member.kept("referrer"), member.kept("converted")
        referrer = member.other(str(name)) if name is not None else None
        if referrer is None or purchase == converted:
            return
        yield Keep(key="converted", value=purchase)
        # The first effect for another member lets its timers fire: from here on its rung is of today.
        bought = referrer.counter("bought") + (-1 if purchase is None else 1)
        yield Keep(key="bought", value=bought or None, member=referrer.id)
        if referrer.kept("conversion") in (None, converted):
            yield Keep(key="conversion", value=purchase, member=referrer.id)
        if referrer.rung() in _SETTLED:
            place = _by_counts(referrer, referrer.total.visits)
            yield place._replace(evidence=(*place.evidence, member.counter("referral"))).move(referrer)


def _bought_nothing(member: Member, reason: str) -> Iterator[Effect]:
    yield Move(rung=str(member.kept("before") or ""), reason=reason, figures={"visits": 0})
    yield StopTimer(key=_ABSENCE)
    for key in ("before", "first", "regained", "lapsed"):
        yield from _kept(member, key, None)


def _referred(referrer: str, referred: Member, position: int) -> Iterator[Effect]:
    """Note a referral: the first counts, before the first purchase, and not of oneself."""
    if referrer != referred.id and referred.kept("referrer") is None and not referred.total.visits:
        yield Keep(key="referrer", value=referrer, member=referred.id)
        yield Keep(key="referral", value=position, member=referred.id)


def _by_counts(member: Member, visits: int) -> _Place:
    """Return the rung of one who has bought: by the orders that have not come back, and by promoting."""
    words, figures = _purchases(visits), dict[str, int | str](visits=visits)
    if visits < 2:
        return _Place("first-time", words, figures)
    bought, first = member.counter("bought"), member.counter("first")
    conversion, recommends = member.counter("conversion"), member.counter("recommends")
    if bought:
        figures["referrals that bought"] = bought
        evidence, rung, words = (first, conversion), "promoter", f"{words}, and brought {bought} who bought"
    elif recommends:
        evidence, rung, words = (first, recommends), "promoter", f"{words}, would very likely recommend us"
    else:
        evidence, rung = (first, 0), "repeat"
    return _Place(rung, words, figures, tuple(position for position in evidence if position))


def _is_bought(fact: Traced | None) -> bool:
    return fact is not None and fact.topic == PurchaseRecorded.topic and not fact.is_returned


def _purchases(visits: int) -> str:
    return "1 purchase" if visits == 1 else f"{visits} purchases"


def _kept(member: Member, key: str, value: int | str | None) -> Iterator[Effect]:
    if member.kept(key) != value:
        yield Keep(key=key, value=value)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Stages]
