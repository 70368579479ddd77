"""Time, timers and other members of a group: one small history for each thing that can go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from loyalty_ledger.rules import (
    DAY_US,
    Accrue,
    ContactRecorded,
    Count,
    Effect,
    Fact,
    Flag,
    Member,
    PurchaseRecorded,
    ReferralMade,
    Rule,
    SetTimer,
    Timer,
    on,
)
from loyalty_ledger.rules.testing import Story

from .extra_rules import catalogue_of

HEAD = """
    programme = "Time"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.rolling_expiry]
    days = 30
    rules = ["points_per_spend"]
"""


def story_with(*rules: type[Rule]) -> Story:
    """Return a story under the bundled rules, a 30-day expiry of what was spent, and these rules."""
    return Story(
        HEAD + "".join(f"    [rules.{rule.name}]\n" for rule in rules), catalogue=catalogue_of(*rules)
    )


def journal(story: Story, member: str = "ann") -> list[tuple[str, int, int]]:
    """Return reason, points and position of each entry of a member."""
    return [(entry.reason, entry.points, entry.position) for entry in story.entries(member)]


class Nudge(Rule):
    """Reminds ten days after a purchase, at the very instant."""

    name = "nudge"

    @on(PurchaseRecorded)
    def wait(self, purchase: Fact[PurchaseRecorded], member: Member) -> Effect:
        return SetTimer(key="nudge", due_us=purchase.occurred_us + 10 * DAY_US)

    def on_timer(self, timer: Timer, member: Member) -> Effect:
        return Flag(flag="nudge", reason=f"{member.balance_points} points")


def test_a_timer_fires_before_a_fact_at_its_instant() -> None:
    story = story_with(Nudge)
    story.purchase("ann", "5.00", at="2026-01-01")
    story.purchase("ann", "7.00", at="2026-01-11")

    assert [(flag.reason, flag.position) for flag in story.folded().flags] == [("5 points", 3)]


def test_a_timer_fires_before_a_late_fact_of_its_instant_is_booked() -> None:
    """The fact occurred on the 5th, but time has passed to the 11th: the timer of the 11th has fired."""
    story = story_with(Nudge)
    story.purchase("ann", "5.00", at="2026-01-01")
    story.advance("2026-01-11")
    story.purchase("ann", "7.00", at="2026-01-05")

    group = story.folded()
    assert [(flag.reason, flag.position) for flag in group.flags] == [("5 points", 3)]
    assert [entry.is_late for entry in group.entries] == [False, True]
    assert group.entries[1].booked_us == group.entries[0].booked_us + 10 * DAY_US


def test_setting_a_key_again_moves_its_timer() -> None:
    story = story_with(Nudge)
    story.purchase("ann", "5.00", at="2026-01-01")
    story.purchase("ann", "7.00", at="2026-01-10")
    story.advance("2026-01-19T23:59:59Z")
    assert story.folded().flags == []

    story.advance("2026-01-20")
    assert [flag.reason for flag in story.folded().flags] == ["12 points"]


def test_expiry_comes_before_a_rule_s_timer_of_the_same_instant() -> None:
    """Phases: release 0, expiry 1, rules from 2."""

    class Same(Nudge):
        name = "same"

        @on(PurchaseRecorded)
        def wait(self, purchase: Fact[PurchaseRecorded], member: Member) -> Effect:
            return SetTimer(key="k", due_us=purchase.occurred_us + 30 * DAY_US, phase=0)

    story = story_with(Same)
    story.purchase("ann", "5.00", at="2026-01-01")
    story.advance("2026-02-15")

    assert [flag.reason for flag in story.folded().flags] == ["0 points"]


class Past(Rule):
    """Sets a timer that is over, for another member too."""

    name = "past"

    @on(PurchaseRecorded)
    def set(self, purchase: Fact[PurchaseRecorded], member: Member) -> Effect:
        return SetTimer(key="over", due_us=purchase.occurred_us - DAY_US)

    @on(ReferralMade)
    def set_there(self, referral: Fact[ReferralMade], member: Member) -> Effect:
        return SetTimer(key="over", due_us=referral.occurred_us - DAY_US, member=referral.data.referred)

    def on_timer(self, timer: Timer, member: Member) -> Effect:
        return Accrue(points=1, reason="the deadline is over")


def test_a_timer_set_to_the_past_fires_with_its_fact() -> None:
    story = story_with(Past)
    story.purchase("ann", "5.00", at="2026-01-01")

    assert journal(story) == [("1 point per $1.00 spent", 5, 2), ("the deadline is over", 1, 2)]


def test_a_timer_set_to_another_member_s_past_fires_with_its_fact() -> None:
    story = story_with(Past)
    story.given("ann", "referral.made", at="2026-01-01", referred="bob")

    assert journal(story, "bob") == [("the deadline is over", 1, 2)]


class Gift(Rule):
    """A referral gives the referred member five points, of which the first two have expired already."""

    name, stage = "gift", "standing"

    @on(ReferralMade)
    def give(self, referral: Fact[ReferralMade], member: Member) -> Iterator[Effect]:
        yield Accrue(
            points=2, reason="expired", member=referral.data.referred, expires_us=referral.occurred_us
        )
        yield Accrue(points=5, reason="welcome", member=referral.data.referred)
        yield Accrue(points=1, reason="thank you")


def test_an_effect_on_another_member_is_booked_at_the_later_clock() -> None:
    """Bob's clock is at 1 March, the referral of 1 February reaches him: booked in March, marked late."""
    story = story_with(Gift)
    story.purchase("bob", "9.00", at="2026-03-01")
    story.given("ann", "referral.made", at="2026-02-01", referred="bob")

    bought, *given = story.entries("bob")
    assert [entry.reason for entry in given] == ["expired", "points expire", "welcome"]
    assert {entry.booked_us for entry in given} == {bought.booked_us}
    assert [entry.is_late for entry in given] == [True, False, True]
    (thanks,) = story.entries("ann")
    assert thanks.booked_us == bought.booked_us - 28 * DAY_US
    assert not thanks.is_late


def test_an_effect_on_another_member_fires_what_is_due_there_first() -> None:
    story = story_with(Gift)
    story.purchase("bob", "9.00", at="2026-01-01")  # expires on 31 January
    story.given("ann", "referral.made", at="2026-02-01", referred="bob")

    assert [entry.reason for entry in story.entries("bob")][1:3] == ["points expire", "expired"]


def test_an_effect_on_another_member_respects_the_advances_before_it() -> None:
    story = story_with(Gift)
    story.purchase("bob", "9.00", at="2026-01-01")
    story.advance("2026-03-01")
    story.given("ann", "referral.made", at="2026-02-01", referred="bob")

    welcome = next(entry for entry in story.entries("bob") if entry.reason == "welcome")
    assert welcome.is_late
    assert (
        welcome.booked_us == story.entries("bob")[0].booked_us + 59 * DAY_US
    )  # 1 January + 59 days = 1 March


class Pact(Rule):
    """Five days after a referral the referrer gives the referred a point; both wait for day nine, too."""

    name = "pact"

    @on(ReferralMade)
    def agree(self, referral: Fact[ReferralMade], member: Member) -> Iterator[Effect]:
        referred = referral.data.referred
        yield SetTimer(key=referred, due_us=referral.occurred_us + 5 * DAY_US)
        yield SetTimer(key=member.id, due_us=referral.occurred_us + 7 * DAY_US, member=referred)
        yield SetTimer(key=f"{referred}", due_us=referral.occurred_us + 5 * DAY_US)

    def on_timer(self, timer: Timer, member: Member) -> Effect:
        friend = member.other(timer.key)
        seen = friend.balance_points if friend else 0
        return Accrue(points=1 + seen, reason=f"{member.id} saw {seen}", member=timer.key)


def test_an_advance_passes_for_a_member_whom_another_s_timer_reached_at_it() -> None:
    """Ann's timer of day 5 reaches Bob at the advance; Bob's own of day 7 must still fire at it."""
    story = story_with(Pact)
    story.given("ann", "referral.made", at="2026-01-01", referred="bob")
    story.advance("2026-02-01")

    assert journal(story, "bob") == [("ann saw 0", 1, 3)]
    assert journal(story, "ann") == [("bob saw 0", 1, 3)]


def test_timers_of_a_group_fire_in_order_whoever_they_belong_to() -> None:
    """Bob's points expire on day 3; Ann's timer of day 5 sees them gone although she comes first by name."""
    story = story_with(Pact)
    story.purchase("bob", "9.00", at="2025-12-05")  # expires 30 days later: 4 January
    story.given("ann", "referral.made", at="2026-01-01", referred="bob")  # looks at Bob on 6 January
    story.advance("2026-01-10")

    assert [reason for reason, *_ in journal(story, "bob")] == [
        "1 point per $1.00 spent",
        "points expire",
        "ann saw 0",
    ]


class Peek(Rule):
    """On contact, tells what it sees of bob."""

    name = "peek"

    @on(PurchaseRecorded)
    def count(self, purchase: object, member: Member) -> Iterator[Effect]:
        yield Count(counter="orders")
        yield Accrue(points=2, reason="a coin")

    @on(ContactRecorded)
    def peek(self, contact: object, member: Member) -> Iterator[Effect]:
        bob = member.other("bob")
        assert bob is not None
        seen = (bob.balance_points, bob.earned_points, bob.counter("orders"), len(bob.awards))
        yield Flag(flag="seen", reason=str(seen))


def test_a_rule_sees_another_member_s_books_and_its_own_counters_there() -> None:
    """What Bob's last fact earned is over, and other rules have spoken to him since: neither may show."""
    story = story_with(Peek, Nudge)
    story.given("ann", "referral.made", at="2026-01-01", referred="bob")
    story.purchase("bob", "9.00", at="2026-01-02")
    story.given("ann", "contact.recorded", at="2026-01-03", direction="inbound", channel="shop")

    assert [flag.reason for flag in story.folded().flags] == ["(11, 0, 1, 0)"]  # 9 + 2 points, one order


def test_what_an_advance_made_due_shows_whether_or_not_it_was_settled() -> None:
    """Projecting after every batch = once at the end, also for a rule that looks at another member."""
    story = story_with(Peek)
    story.given("ann", "referral.made", at="2026-01-01", referred="bob")
    story.purchase("bob", "9.00", at="2026-01-02")
    story.advance("2026-02-15")
    story.given("ann", "contact.recorded", at="2026-02-16", direction="inbound", channel="shop")

    assert [flag.reason for flag in story.folded().flags] == ["(2, 0, 1, 0)"]  # 9 of the 11 have expired


class Muse(Rule):
    """Accrues late, then asks for its counter: the rules that set the terms have spoken in between."""

    name = "muse"

    @on(PurchaseRecorded)
    def think(self, purchase: object, member: Member) -> Iterator[Effect]:
        yield Count(counter="thoughts", by=4)
        yield Accrue(points=1, reason="one")
        yield Accrue(points=member.counter("thoughts"), reason="four")


def test_a_rule_keeps_its_own_counters_after_an_award() -> None:
    story = story_with(Muse)
    story.purchase("ann", "0.00", at="2026-01-01")

    assert journal(story) == [("one", 1, 2), ("four", 4, 2)]


def test_a_rule_that_has_left_the_programme_loses_its_timers_and_lots_stay() -> None:
    """DESIGN.md section 4: a timer whose rule is gone is dropped and explained."""
    from loyalty_ledger.rules.programme import activation

    story = story_with(Nudge)
    story.purchase("ann", "5.00", at="2026-01-01")
    text = 'programme = "Bare"\nzone = "UTC"\ncurrency = "USD"\n[rules.redemption]\n'
    bare = activation(text, story.catalogue, at="bare", effective="2026-01-05T00:00:00Z")
    story.record(None, bare, at="2026-01-05")
    story.advance("2026-03-01")

    group = story.folded(is_explaining=True)
    assert group.flags == []
    assert any("dropped" in note.text for note in group.notes)
    assert story.balance("ann") == 5
    assert group.state_of("ann").due_us() == 2**63 - 1


def test_pending_points_come_before_they_expire_and_pay_debts() -> None:
    class Pending(Rule):
        name, stage = "pending", "earn"

        @on(PurchaseRecorded)
        def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Effect:
            day_us = purchase.occurred_us
            return Accrue(
                points=10, reason="later", usable_us=day_us + DAY_US, expires_us=day_us + 2 * DAY_US
            )

    story = story_with(Pending)
    story.purchase("ann", "0.00", at="2026-01-01")
    story.redeem("ann", 4, at="2026-01-01")
    assert (story.balance("ann"), story.state("ann").pending) == (-4, 10)

    story.advance("2026-01-02")
    assert (story.balance("ann"), story.state("ann").pending) == (6, 0)  # 10 - 4

    story.advance("2026-01-03")
    assert story.balance("ann") == 0  # what was left of the lot, 6, is gone; the 4 were paid from it


def test_a_state_is_the_same_whoever_is_named_first() -> None:
    """The order of the members' tuple is no order of events."""
    story = story_with(Pact, Gift, Nudge)
    story.purchase("bob", "9.00", at="2025-12-05")
    story.given("ann", "referral.made", at="2026-01-01", referred="bob")
    story.advance("2026-03-10")
    programme, others = story.split()
    from loyalty_ledger.rules.engine import Engine

    found: list[Any] = []
    for members in (("ann", "bob"), ("bob", "ann")):
        group = Engine(programme, story.catalogue).group(members, {})
        for fact in others:
            group.apply(fact)
        group.settle(99)
        found.append((group.entries, group.flags, sorted(group.states()), sorted(group.timers())))

    assert found[0] == found[1]
