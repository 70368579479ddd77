"""Rules no shop needs, for the laws: each leans on a part of the state that a careless engine could lose."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Sequence
from hashlib import sha256
from types import SimpleNamespace

from loyalty_ledger.plugins import (
    adjustments,
    clawback,
    complaint_recovery,
    holds,
    item_bonus,
    merging,
    opening_balance,
    points_per_spend,
    recommendation_intent,
    redemption,
    referral_bonus,
    rewards,
    rolling_expiry,
    stages,
    tier_multiplier,
    tiers,
    transfers,
)
from loyalty_ledger.rules import (
    DAY_US,
    Accrue,
    Answer,
    Count,
    Effect,
    Fact,
    Flag,
    Limit,
    Member,
    MemberEnrolled,
    PointsRedeemed,
    PurchaseRecorded,
    ReferralMade,
    Rule,
    SetTimer,
    StopTimer,
    Timer,
    hookimpl,
    on,
)
from loyalty_ledger.rules.catalogue import Catalogue, Plugin


class EveryThird(Rule):
    """Reads its counter and the balance: a bonus for each third order, larger for the rich."""

    name, stage = "every_third", "earn"

    @on(PurchaseRecorded)
    def count(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="orders")
        if member.counter("orders") % 3 == 0:
            yield Accrue(points=1 + abs(member.balance_points) % 10, reason="every third order")


class Doubling(Rule):
    """Like a tier: doubles what the fact has earned so far, from the fifth purchase on."""

    name, stage = "doubling", "multiply"

    @on(PurchaseRecorded)
    def double(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        if member.counter("seen") >= 4 and member.awards:
            yield Accrue(points=member.earned_points, reason=f"doubled {len(member.awards)} awards")
        yield Count(counter="seen")


class Ceiling(Rule):
    """Cuts what one fact earns."""

    name, stage = "ceiling", "cap"

    @on(PurchaseRecorded)
    def cut(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Limit(points=150, reason="150 points for one order at most")


class Deposit(Rule):
    """Gives points that are pending for ten days and live for thirty, or expire while they are pending."""

    name, stage = "deposit", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if purchase.data.amount_minor % 2:
            return None
        usable_us = purchase.occurred_us + (40 if purchase.data.amount_minor % 8 else 10) * DAY_US
        return Accrue(
            points=7, reason="deposit", usable_us=usable_us, expires_us=purchase.occurred_us + 30 * DAY_US
        )


class Reminder(Rule):
    """Sets, moves and stops a timer; the timer sets another one."""

    name, stage = "reminder", "react"

    @on(PurchaseRecorded)
    def wait(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return SetTimer(key="lapse", due_us=purchase.occurred_us + 20 * DAY_US)

    @on(PointsRedeemed)
    def stop(self, redeemed: Fact[PointsRedeemed], member: Member) -> Answer:
        return StopTimer(key="lapse")

    def on_timer(self, timer: Timer, member: Member) -> Iterator[Effect]:
        yield Flag(flag=timer.key, reason=f"{member.balance_points} points, {member.counter('fired')} before")
        yield Count(counter="fired")
        if timer.key == "lapse":
            yield Accrue(points=2 + member.counter("fired"), reason="come back")
            yield SetTimer(key="lost", due_us=timer.due_us + 9 * DAY_US)


class Afterthought(Rule):
    """Accrues in a late stage, then reads its counter again: other rules spoke in between."""

    name, stage = "afterthought", "react"

    @on(PurchaseRecorded, MemberEnrolled)
    def think(self, fact: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="thoughts")
        yield Accrue(points=1, reason="a first thought")
        yield Accrue(points=member.counter("thoughts"), reason="an afterthought")


class Tardy(Rule):
    """Speaks of the past: a deadline that is over, and points that have expired already."""

    name, stage = "tardy", "react"

    @on(PurchaseRecorded)
    def look_back(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="welcomed")  # the name that Friends uses, too
        if purchase.data.amount_minor % 5 == 0:
            yield SetTimer(key="over", due_us=purchase.occurred_us - DAY_US)
        if purchase.data.amount_minor % 7 == 0:
            yield Accrue(points=3, reason="too late", expires_us=purchase.occurred_us)

    def on_timer(self, timer: Timer, member: Member) -> Answer:
        return Accrue(points=1, reason="the deadline is over")


class Friends(Rule):
    """Reaches another member: at once, by a timer, and reading the other's books."""

    name, stage = "friends", "standing"

    @on(ReferralMade)
    def welcome(self, referral: Fact[ReferralMade], member: Member) -> Iterator[Effect]:
        referred = referral.data.referred
        yield Accrue(points=5, reason="welcome", member=referred)
        yield Accrue(points=4, reason="thank you")
        yield SetTimer(key=referred, due_us=referral.occurred_us + 15 * DAY_US)
        yield Count(counter="welcomed", member=referred)
        yield SetTimer(key=member.id, due_us=referral.occurred_us + 18 * DAY_US, member=referred)
        friend = member.other(referred)
        if friend:
            yield Accrue(points=friend.counter("welcomed") + friend.earned_points, reason="a friend in need")

    def on_timer(self, timer: Timer, member: Member) -> Iterator[Effect]:
        friend = member.other(timer.key)
        if friend:
            points = 1 + abs(friend.balance_points) % 50 + len(friend.lots) + friend.counter("welcomed")
            yield Accrue(points=points, reason=f"a friend has {friend.balance_points} points")
            yield Accrue(points=1 + abs(member.balance_points) % 9, reason="share", member=friend.id)


EXTRA: tuple[type[Rule], ...] = (
    EveryThird, Doubling, Ceiling, Deposit, Reminder, Afterthought, Tardy, Friends,
)  # fmt: skip


def plugin_of(name: str, rules: Sequence[type[Rule]]) -> tuple[Plugin, object]:
    """Return a plugin that offers these rules."""

    @hookimpl
    def loyalty_rules() -> Sequence[type[Rule]]:
        return rules

    fingerprint = sha256(name.encode()).hexdigest()
    return Plugin(name, "1", fingerprint), SimpleNamespace(__name__=name, loyalty_rules=loyalty_rules)


BUNDLED = (
    points_per_spend, redemption, rolling_expiry, adjustments, clawback, complaint_recovery, holds,
    item_bonus, merging, opening_balance, recommendation_intent, referral_bonus, rewards, stages,
    tier_multiplier, tiers, transfers,
)  # fmt: skip


def bundled() -> list[tuple[Plugin, object]]:
    """Return the bundled plugins, under fingerprints of their source."""
    found: list[tuple[Plugin, object]] = []
    for module in BUNDLED:
        name = module.__name__.rpartition(".")[2]
        fingerprint = sha256(inspect.getsource(sys.modules[module.__name__]).encode()).hexdigest()
        found.append((Plugin(name, "1", fingerprint), module))
    return found


def catalogue_of(*rules: type[Rule]) -> Catalogue:
    """Return a catalogue of the bundled plugins and one more, "strange", with these rules."""
    return Catalogue([*bundled(), plugin_of("strange", rules)])
