"""Points for both sides when a referred member buys for the first time."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Effect,
    Fact,
    FactRetracted,
    Flag,
    Keep,
    Member,
    MemberEnrolled,
    NotQualified,
    Params,
    PurchaseRecorded,
    PurchaseReturned,
    ReferralMade,
    Rule,
    Traced,
    hookimpl,
    minor_units,
    money_text,
    on,
)

Bonus = Annotated[int, Meta(ge=0, le=1_000_000_000)]


_LONGEST_CHAIN = 100


class ReferralParams(Params, frozen=True, kw_only=True):
    """Parameters of ``referral_bonus``.

    Attributes:
        referrer_points: For the member who recommended us.
        referred_points: For the one who came.
        minimum_order: Purchases below it do not qualify, in major units of the programme's currency.
        within_days: The purchase qualifies up to the end of the day so many days after that of the referral,
            in the programme's zone; 0: for ever.
        cap: Bonuses a referrer can get; 0: any number. Beyond it the referred member still gets points.
    """

    referrer_points: Bonus = 0
    referred_points: Bonus = 0
    minimum_order: Decimal = Decimal(0)
    within_days: Annotated[int, Meta(ge=0, le=36_600)] = 0
    cap: Annotated[int, Meta(ge=0, le=1_000_000)] = 0

    def __post_init__(self) -> None:
        if not self.referrer_points and not self.referred_points:
            raise ValueError("set referrer_points or referred_points, one of them above 0")
        if not self.minimum_order.is_finite() or self.minimum_order < 0:
            raise ValueError(f"minimum_order must be 0 or more, got {self.minimum_order}")


class ReferralBonus(Rule):
    """A bonus for referrer and referred with the first qualifying purchase.

    It keeps of a referred member "referrer", "referred_us" and "referral" (by whom, when, by which fact),
    "paid" (the purchase that qualified) and "counted" (it gave the referrer a bonus); of a referrer
    "bonuses" (how many it got) and "referral N" (whom fact N referred).
    """

    name, version, stage = "referral_bonus", 1, "react"
    Params = ReferralParams
    params: ReferralParams

    def fits(self, currency: str) -> None:
        """Refuse a minimum order that the currency cannot hold."""
        minor_units(self.params.minimum_order, currency)

    def sums_days(self) -> int:
        """Visits in all are asked for: a referral counts before the first."""
        return 0

    @on(ReferralMade)
    def refer(self, referral: Fact[ReferralMade], member: Member) -> Answer:
        """Note the referrer with the referred member."""
        other = member.other(referral.data.referred)
        return self._noted(referral, member.id, other, member) if other else None

    @on(MemberEnrolled)
    def enrol(self, enrolled: Fact[MemberEnrolled], member: Member) -> Answer:
        """Note the referrer named at enrolment."""
        referrer = enrolled.data.referrer
        return self._noted(enrolled, referrer, member, member) if referrer else None

    def _noted(self, fact: Fact[Any], referrer: str, referred: Member, asked: Member) -> Answer:
        """Return what to keep of a referral, or why it does not count."""
        if referrer == referred.id:
            return NotQualified(reason="nobody can refer oneself")
        chain, by = [referrer], asked.other(referrer)
        while by is not None and len(chain) < _LONGEST_CHAIN and (above := by.kept("referrer")) is not None:
            if above == referred.id:
                return NotQualified(reason=f"{referred.id} has referred {' and '.join(reversed(chain))}")
            chain.append(str(above))
            by = asked.other(str(above))
        first = referred.kept("referrer")
        if first is not None:
            return NotQualified(reason=f"{referred.id} was referred by {first} before")
        if referred.total.visits:
            return NotQualified(reason=f"{referred.id} has bought before")
        params = self.params
        asked.note(
            "the first purchase of {} gives {} points to {} and {} points to {}",
            referred.id, params.referrer_points, referrer, params.referred_points, referred.id,
        )  # fmt: skip
        return [
            Keep(key="referrer", value=referrer, member=referred.id),
            Keep(key="referred_us", value=fact.occurred_us, member=referred.id),
            Keep(key="referral", value=fact.position, member=referred.id),
            Keep(key=f"referral {fact.position}", value=referred.id, member=referrer),
        ]

    @on(PurchaseRecorded)
    def buy(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Give both their points with the first purchase that qualifies."""
        name = member.kept("referrer")
        if name is None or member.kept("paid") is not None:
            return None
        referrer = member.other(str(name))
        refusal = self._refusal(
            purchase.data.amount_minor, purchase.data.currency, purchase.occurred_us, member
        )
        if refusal or referrer is None:
            return NotQualified(reason=refusal or f"{name} is not known here")
        if referrer.id == member.id:
            return NotQualified(reason=f"{name} is {member.id} by now: nobody can refer oneself")
        return self._bonuses(purchase, member, referrer)

    def _refusal(self, amount_minor: int, currency: str, occurred_us: int, member: Member) -> str:
        """Return why a purchase does not qualify, '' if it does."""
        params = self.params
        if params.minimum_order:
            minimum_minor = minor_units(params.minimum_order, member.currency)
            if currency != member.currency:
                return f"the order is in {currency}"
            if amount_minor < minimum_minor:
                amount, minimum = (money_text(x, currency) for x in (amount_minor, minimum_minor))
                return f"{amount} is below the minimum order of {minimum}"
        referred_us = member.counter("referred_us")
        if occurred_us < referred_us:
            return "bought before the referral"
        last = member.local_date(referred_us) + timedelta(days=params.within_days)
        if params.within_days and member.local_date(occurred_us) > last:
            return f"bought after {last}, more than {params.within_days} days after the referral"
        return ""

    def _forgotten(self, position: int, member: Member) -> list[Effect]:
        """Forget a referral that was retracted; a bonus given for it stays, and somebody should know."""
        name = member.id if member.kept("referral") == position else member.kept(f"referral {position}")
        referred = member if name == member.id else member.other(str(name))
        if name is None or referred is None or referred.kept("referral") != position:
            return []
        if referred.kept("paid") is not None:
            reason = f"the referral of {name} was retracted after its bonus was given: adjust it by hand"
            return [Flag(flag="bonus-given", reason=reason)]
        keys = ("referrer", "referred_us", "referral")
        return [Keep(key=key, value=None, member=referred.id) for key in keys]

    def _bonuses(self, purchase: Fact[PurchaseRecorded], member: Member, referrer: Member) -> list[Effect]:
        params, effects = self.params, list[Effect]()
        effects.append(Keep(key="paid", value=purchase.position))
        member.note(
            "{} referred {} (fact {}) on {}; first purchase on {} for {}",
            referrer.id, member.id, member.kept("referral"),
            member.local_date(member.counter("referred_us")), member.local_date(purchase.occurred_us),
            money_text(purchase.data.amount_minor, purchase.data.currency),
        )  # fmt: skip
        if params.referred_points:
            reason = f"welcome bonus: {referrer.id} recommended us"
            effects.append(Accrue(points=params.referred_points, reason=reason))
        bonuses = referrer.counter("bonuses")
        if params.cap and bonuses >= params.cap:
            effects.append(
                NotQualified(reason=f"{referrer.id} has had {bonuses} bonuses, the most there are")
            )
        elif params.referrer_points:
            reason = f"referral bonus: {member.id} has bought"
            effects += [
                Accrue(points=params.referrer_points, reason=reason, member=referrer.id),
                *self._counted(referrer),
            ]
        return effects

    def _paid_again(self, position: int, member: Member) -> list[Effect]:
        """Answer that a return was retracted: the purchase that had given the bonus stands again."""
        wrong = member.traced_at(position)
        name = member.kept("referrer")
        referrer = member.other(str(name)) if name is not None else None
        if wrong is None or referrer is None:
            return []
        for at in wrong.took:
            bought = member.traced_at(at)
            if bought is None or bought.topic != PurchaseRecorded.topic or bought.is_returned:
                continue
            if self._refusal(bought.amount_minor, bought.currency, bought.occurred_us, member):
                continue
            has_reached = _has_reached(bought, referrer, member)
            if referrer.id == member.id and not has_reached:
                continue  # they were one before it was bought
            if member.kept("paid") is not None:
                if not has_reached or member.counter("paid") == at:
                    continue
                reason = (
                    f"the bonus for {member.id} was given twice, as a return was retracted: adjust it by hand"
                )
                return [Flag(flag="bonus-given", reason=reason)]
            effects: list[Effect] = [Keep(key="paid", value=at)]
            if has_reached:
                effects += self._counted(referrer)
            return effects
        return []

    def _counted(self, referrer: Member) -> list[Effect]:
        return [
            Keep(key="bonuses", value=referrer.counter("bonuses") + 1 or None, member=referrer.id),
            Keep(key="counted", value="yes"),
        ]

    @on(PurchaseReturned, FactRetracted)
    def take_back(self, fact: Fact[Any], member: Member) -> list[Effect]:
        """Let a later purchase qualify when all of this one has come back: the points went with it."""
        if isinstance(fact.data, FactRetracted):
            forgotten = self._forgotten(fact.data.retracted, member)
            if forgotten:
                return forgotten
            again = self._paid_again(fact.data.retracted, member)
            if again:
                return again
        paid = member.kept("paid")
        bought = member.traced_at(member.counter("paid")) if paid is not None else None
        if bought is None or not bought.is_returned:
            return []
        effects: list[Effect] = [Keep(key="paid", value=None)]
        referrer = member.other(str(member.kept("referrer")))
        if member.kept("counted") and referrer is not None:
            bonuses = referrer.counter("bonuses") - 1
            effects += [
                Keep(key="counted", value=None),
                Keep(key="bonuses", value=bonuses or None, member=referrer.id),
            ]
        return effects


def _has_reached(bought: Traced, referrer: Member, member: Member) -> bool:
    """Return whether a purchase gave something to a referrer, under whatever name it had then."""
    return any((other := member.other(name)) and other.id == referrer.id for name in bought.reached)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [ReferralBonus]
