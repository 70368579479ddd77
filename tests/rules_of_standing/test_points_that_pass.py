"""Points that pass from member to member: transfers, merges, unmerges."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Passing"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 30
    [rules.redemption]
    [rules.clawback]
    [rules.merging]
    [rules.transfers]
"""


def shop(parameters: str = "") -> Story:
    """Ann has 100 points of 1 March, bob 50 of 5 March."""
    story = Story(PROGRAMME + parameters)
    story.purchase("ann", "100.00", at="2026-03-01", order="A")
    story.purchase("bob", "50.00", at="2026-03-05", order="B")
    return story


def give(story: Story, points: int, *, at: str = "2026-03-10", by: str = "ann", to: str = "bob") -> int:
    return story.given(by, "points.transferred", at=at, to=to, points=points)


def merge(story: Story, *, at: str = "2026-03-10", by: str = "ann", absorbed: str = "bob") -> int:
    return story.given(by, "members.merged", at=at, absorbed=absorbed)


def unmerge(
    story: Story, *, at: str = "2026-03-20", by: str = "ann", absorbed: str = "bob", of: int = 4
) -> int:
    return story.given(by, "members.unmerged", at=at, absorbed=absorbed, merge=of)


def both(story: Story) -> tuple[int, int]:
    return story.balance("ann"), story.balance("bob")


def flags(story: Story) -> list[str]:
    return [flag.flag for flag in story.folded().flags]


def expiries(story: Story, member: str) -> list[tuple[str, int]]:
    """Return the days on which a member's points expire."""
    return [(rfc3339(lot.expires_us)[:10], lot.points) for lot in story.state(member).lots]


@pytest.mark.parametrize(("parameters", "expiry"), [("", "2026-03-31"), ('expiry = "restart"', "2026-04-09")])
def test_given_points_keep_their_expiry_or_start_again(parameters: str, expiry: str) -> None:
    """30 days from 1 March are 31 March, from the transfer on 10 March 9 April."""
    story = shop(parameters)
    give(story, 40)

    assert both(story) == (60, 90)
    assert (expiry, 40) in expiries(story, "bob")


def test_given_points_of_two_lots_are_two_lots() -> None:
    """bob gives 70: 20 that ann gave him, of 1 March, and his own 50."""
    story = shop()
    give(story, 20)
    give(story, 70, at="2026-03-11", by="bob", to="cy")

    assert expiries(story, "cy") == [("2026-03-31", 20), ("2026-04-04", 50)]


def test_who_gives_more_than_there_is_owes_it() -> None:
    story = shop()
    give(story, 130)

    assert both(story) == (-30, 180)
    assert flags(story) == ["overdrawn"]


def test_given_points_pay_what_the_receiver_owes() -> None:
    story = shop()
    story.redeem("bob", 80, at="2026-03-06")
    give(story, 40)

    assert both(story) == (60, 10)  # -30 + 40


def test_nobody_gives_to_itself() -> None:
    story = shop()
    give(story, 10, to="ann")

    assert (both(story), flags(story)) == ((100, 50), ["transfer-to-self"])


def test_a_retracted_transfer_goes_back() -> None:
    story = shop()
    position = give(story, 40)
    story.given("ann", "fact.retracted", at="2026-03-11", retracted=position, reason="typed wrong")

    assert both(story) == (100, 50)
    passed = [entry.contra for entry in story.entries() if entry.account == "transferred"]
    assert sum(passed) == 0


def test_a_merged_member_has_all_lots_with_their_expiry() -> None:
    story = shop()
    merge(story)

    assert both(story) == (150, 150)  # either name is the one member
    assert expiries(story, "ann") == [("2026-03-31", 100), ("2026-04-04", 50)]
    assert sum(entry.points for entry in story.entries("bob")) == 0


def test_either_card_earns_and_spends() -> None:
    story = shop()
    merge(story)
    story.purchase("bob", "7.00", at="2026-03-11")
    story.redeem("bob", 120, at="2026-03-12")

    assert story.balance("ann") == 37  # 150 + 7 - 120


def test_an_order_of_before_is_returned_under_either_card() -> None:
    story = shop()
    merge(story)
    story.given("ann", "purchase.returned", at="2026-03-11", order="B")
    story.given("bob", "purchase.returned", at="2026-03-12", order="A")

    assert story.balance("ann") == 0


def test_a_debt_passes_too_and_is_paid() -> None:
    story = shop()
    story.redeem("bob", 80, at="2026-03-06")
    merge(story)

    assert story.balance("ann") == 70  # 100 - 30


def test_what_is_left_goes_back_with_the_card() -> None:
    """120 are spent: ann's 100, which expire first, and 20 of bob's; bob's card earned 7 since."""
    story = shop()
    merge(story)
    story.redeem("ann", 120, at="2026-03-11")
    story.purchase("bob", "7.00", at="2026-03-12")
    story.purchase("ann", "9.00", at="2026-03-13")
    unmerge(story)

    assert both(story) == (9, 37)
    assert expiries(story, "bob") == [("2026-04-04", 30), ("2026-04-11", 7)]


def test_after_an_unmerge_an_order_comes_back_where_it_was_bought() -> None:
    story = shop()
    merge(story)
    story.purchase("bob", "7.00", at="2026-03-12", order="C")
    unmerge(story)
    story.given("bob", "purchase.returned", at="2026-03-21", order="C")
    story.given("bob", "purchase.returned", at="2026-03-21", order="B")
    story.given("bob", "purchase.returned", at="2026-03-21", order="A")

    assert both(story) == (100, 0)
    assert flags(story) == ["unknown-order"]


@pytest.mark.parametrize(("by", "absorbed"), [("ann", "ann"), ("bob", "ann"), ("cy", "bob")])
def test_what_is_merged_is_not_merged_again(by: str, absorbed: str) -> None:
    story = shop()
    merge(story)
    merge(story, at="2026-03-11", by=by, absorbed=absorbed)

    assert flags(story) == ["merge-refused"]
    assert story.balance("ann") == 150


def test_what_is_not_merged_is_not_unmerged() -> None:
    story = shop()
    unmerge(story)

    assert (both(story), flags(story)) == ((100, 50), ["merge-refused"])


def test_merges_chain_and_come_apart_in_any_order() -> None:
    """bob into ann, ann into cy; then bob, and last ann, are their own again."""
    story = shop()
    story.purchase("cy", "3.00", at="2026-03-06")
    first = merge(story)
    second = merge(story, at="2026-03-11", by="cy", absorbed="ann")
    assert story.balance("cy") == 153
    story.purchase("bob", "5.00", at="2026-03-12")
    unmerge(story, by="cy", absorbed="bob", of=first)
    assert (story.balance("cy"), story.balance("bob")) == (103, 55)
    unmerge(story, at="2026-03-21", by="cy", absorbed="ann", of=second)

    assert [story.balance(name) for name in ("ann", "bob", "cy")] == [100, 55, 3]


def test_a_bonus_for_an_absorbed_referrer_goes_to_who_has_its_card() -> None:
    story = shop("\n[rules.referral_bonus]\nreferrer_points = 20")
    story.given("bob", "referral.made", at="2026-03-06", referred="dan")
    merge(story)
    story.purchase("dan", "1.00", at="2026-03-11")

    assert story.balance("ann") == 170


@pytest.mark.parametrize(("by", "absorbed", "of"), [("ann", "bob", 3), ("bob", "bob", 4), ("bob", "ann", 4)])
def test_an_unmerge_names_the_merge_it_undoes_and_is_not_of_oneself(by: str, absorbed: str, of: int) -> None:
    story = shop()
    merge(story)
    unmerge(story, by=by, absorbed=absorbed, of=of)

    assert (story.balance("ann"), flags(story)) == (150, ["merge-refused"])


def test_a_referrer_merged_with_whom_it_referred_loses_the_bonus_with_the_order() -> None:
    """bob's purchase gave him 20 points, cy as the referrer 30; merged, the return takes all of them."""
    parameters = "\n[rules.referral_bonus]\nreferrer_points = 30\n[rules.first_in_category]\npoints = 50"
    story = Story(PROGRAMME + parameters)
    story.given("cy", "referral.made", at="2026-03-01", referred="bob")
    story.purchase("bob", "20.00", at="2026-03-02", order="O", lines=[{"amount": "20.00", "category": "tea"}])
    story.given("bob", "members.merged", at="2026-03-03", absorbed="cy")
    assert story.balance("bob") == 20 + 50 + 30

    story.given("bob", "purchase.returned", at="2026-03-04", order="O")

    assert (story.balance("bob"), flags(story)) == (0, [])


def test_what_a_member_gains_by_anothers_fact_is_booked_once() -> None:
    """cy buys: bob gets 20 for the referral, and, with 3 points reached, 20 more; his next fact adds none."""
    story = Story(
        """
        programme = "Once"
        zone = "UTC"
        currency = "USD"
        [rules.milestone]
        points = 20
        of = "points"
        at = 3
        [rules.referral_bonus]
        referrer_points = 20
        """
    )
    story.given("bob", "referral.made", at="2026-02-02", referred="cy")
    story.purchase("cy", "9.99", at="2026-04-06")
    story.purchase("bob", "1.00", at="2026-05-09")

    assert story.balance("bob") == 40
