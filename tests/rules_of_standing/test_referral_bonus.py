"""Both sides get points for a referral that bought, once, and lose them when all of it comes back."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Referrals"
    zone = "Europe/Berlin"
    currency = "USD"
    [rules.clawback]
    [rules.referral_bonus]
    referrer_points = 100
    referred_points = 40
"""


def shop(parameters: str = "") -> Story:
    return Story(PROGRAMME + parameters)


def referred(parameters: str = "", *, at: str = "2026-03-01") -> Story:
    """Return the story of ann, who recommended us to bob."""
    story = shop(parameters)
    story.given("ann", "referral.made", at=at, referred="bob")
    return story


def balances(story: Story) -> tuple[int, int]:
    group = story.folded()
    return group.state_of("ann").points, group.state_of("bob").points


def refusals(story: Story) -> list[str]:
    return [note.text for note in story.notes() if note.is_refusal]


def test_the_first_purchase_gives_both_their_points() -> None:
    story = referred()
    story.purchase("bob", "10.00", at="2026-03-02", order="B")

    assert balances(story) == (100, 40)
    assert [(entry.member, entry.fact, entry.reason) for entry in story.entries()] == [
        ("bob", 3, "welcome bonus: ann recommended us"),
        ("ann", 3, "referral bonus: bob has bought"),
    ]


def test_a_referrer_named_at_enrolment_gets_the_bonus_too() -> None:
    story = shop()
    story.given("bob", "member.enrolled", at="2026-03-01", referrer="ann")
    story.purchase("bob", "10.00", at="2026-03-02", order="B")

    assert balances(story) == (100, 40)


def test_the_second_purchase_gives_nothing() -> None:
    story = referred()
    story.purchase("bob", "10.00", at="2026-03-02", order="B")
    story.purchase("bob", "10.00", at="2026-03-03", order="C")

    assert balances(story) == (100, 40)


def test_the_first_referrer_counts() -> None:
    story = referred()
    story.given("cleo", "referral.made", at="2026-03-01", referred="bob")
    story.purchase("bob", "10.00", at="2026-03-02", order="B")

    assert balances(story) == (100, 40)
    assert story.balance("cleo") == 0
    assert refusals(story) == ["bob was referred by ann before"]


def test_nobody_refers_oneself() -> None:
    story = shop()
    story.given("ann", "referral.made", at="2026-03-01", referred="ann")
    story.purchase("ann", "10.00", at="2026-03-02", order="A")

    assert story.balance("ann") == 0
    assert refusals(story) == ["nobody can refer oneself"]


def test_an_old_customer_cannot_be_referred() -> None:
    story = shop()
    story.purchase("bob", "10.00", at="2026-02-01", order="B")
    story.given("ann", "referral.made", at="2026-03-01", referred="bob")
    story.purchase("bob", "10.00", at="2026-03-02", order="C")

    assert balances(story) == (0, 0)
    assert refusals(story) == ["bob has bought before"]


def test_a_purchase_from_before_the_referral_does_not_qualify_when_it_comes_late() -> None:
    story = referred()
    story.purchase("bob", "10.00", at="2026-02-28", order="B")

    assert balances(story) == (0, 0)
    assert refusals(story) == ["bought before the referral"]


@pytest.mark.parametrize(("amount", "points"), [("25.00", (100, 40)), ("24.99", (0, 0))])
def test_the_minimum_order_is_inside(amount: str, points: tuple[int, int]) -> None:
    story = referred("minimum_order = 25")
    story.purchase("bob", amount, at="2026-03-02", order="B")

    assert balances(story) == points


def test_the_first_purchase_that_reaches_the_minimum_qualifies() -> None:
    story = referred("minimum_order = 25")
    story.purchase("bob", "24.99", at="2026-03-02", order="B")
    assert refusals(story) == ["$24.99 is below the minimum order of $25.00"]

    story.purchase("bob", "25.00", at="2026-03-03", order="C")
    assert balances(story) == (100, 40)


def test_another_currency_does_not_reach_the_minimum() -> None:
    story = referred("minimum_order = 25")
    story.purchase("bob", "99.00", currency="EUR", at="2026-03-02", order="B")

    assert balances(story) == (0, 0)
    assert refusals(story) == ["the order is in EUR"]


@pytest.mark.parametrize(
    ("bought", "points"),
    [
        # Berlin changes to summer time on 29 March. 30 days after 1 March is 31 March: it ends at 22:00 UTC.
        ("2026-03-31T21:59:59.999999Z", (100, 40)),
        ("2026-03-31T22:00:00Z", (0, 0)),
    ],
)
def test_the_days_to_buy_in_end_at_midnight_of_the_zone(bought: str, points: tuple[int, int]) -> None:
    story = referred("within_days = 30", at="2026-03-01T22:59:59Z")  # still 1 March in Berlin
    story.purchase("bob", "10.00", at=bought, order="B")

    assert balances(story) == points


def test_a_referral_just_after_midnight_has_a_day_more() -> None:
    story = referred("within_days = 30", at="2026-03-01T23:00:00Z")  # 2 March in Berlin
    story.purchase("bob", "10.00", at="2026-03-31T22:00:00Z", order="B")

    assert balances(story) == (100, 40)


def test_beyond_the_cap_only_the_referred_member_gets_points() -> None:
    story = shop("cap = 2")
    for name in ("bob", "cleo", "dan"):
        story.given("ann", "referral.made", at="2026-03-01", referred=name)
        story.purchase(name, "10.00", at="2026-03-02", order=name)

    assert story.balance("ann") == 2 * 100
    assert [story.balance(name) for name in ("bob", "cleo", "dan")] == [40, 40, 40]
    assert refusals(story) == ["ann has had 2 bonuses, the most there are"]


def test_a_returned_purchase_makes_room_under_the_cap() -> None:
    story = shop("cap = 1")
    for name in ("bob", "cleo"):
        story.given("ann", "referral.made", at="2026-03-01", referred=name)
    story.purchase("bob", "10.00", at="2026-03-02", order="B")
    story.given("bob", "purchase.returned", at="2026-03-03", order="B")
    story.purchase("cleo", "10.00", at="2026-03-04", order="C")

    assert story.balance("ann") == 100  # bob's bonus went, cleo's came
    assert balances(story)[1] == 0


def test_a_whole_return_takes_both_back_and_a_later_purchase_qualifies_again() -> None:
    story = referred()
    story.purchase("bob", "10.00", at="2026-03-02", order="B")
    story.given("bob", "purchase.returned", at="2026-03-03", order="B")
    assert balances(story) == (0, 0)

    story.purchase("bob", "10.00", at="2026-03-04", order="C")
    assert balances(story) == (100, 40)


def test_a_retracted_purchase_takes_both_back_and_a_later_one_qualifies_again() -> None:
    story = referred()
    position = story.purchase("bob", "10.00", at="2026-03-02", order="B")
    story.given("bob", "fact.retracted", at="2026-03-03", retracted=position, reason="typed twice")
    assert balances(story) == (0, 0)

    story.purchase("bob", "10.00", at="2026-03-04", order="C")
    assert balances(story) == (100, 40)


def test_a_part_that_comes_back_leaves_the_referrers_bonus() -> None:
    story = referred()
    story.purchase("bob", "10.00", at="2026-03-02", order="B")
    story.given("bob", "purchase.returned", at="2026-03-03", order="B", amount="5.00", currency="USD")
    story.purchase("bob", "10.00", at="2026-03-04", order="C")

    assert balances(story) == (100, 20)  # bob: 40 less half of it; no second bonus


def test_a_bonus_of_nothing_is_no_rule() -> None:
    with pytest.raises(LoyaltyError, match="set referrer_points or referred_points, one of them above 0"):
        Story(PROGRAMME.replace("100", "0").replace("40", "0"))


@pytest.mark.parametrize("minimum", ["-1", "0.001"])
def test_a_minimum_that_the_currency_cannot_hold_is_refused(minimum: str) -> None:
    with pytest.raises(LoyaltyError):
        shop(f"minimum_order = {minimum}")


def test_who_was_referred_cannot_refer_the_one_who_did() -> None:
    """ann refers bob, bob refers cy: neither bob nor cy can refer ann for a bonus, who has not bought yet."""
    story = Story(PROGRAMME)
    story.given("ann", "referral.made", at="2026-03-01", referred="bob")
    story.given("bob", "referral.made", at="2026-03-01", referred="cy")
    story.given("bob", "referral.made", at="2026-03-01", referred="ann")
    story.given("cy", "referral.made", at="2026-03-01", referred="ann")
    story.purchase("ann", "50.00", at="2026-03-02")

    assert [story.balance(name) for name in ("bob", "cy")] == [0, 0]
    assert "ann has referred bob" in [note.text for note in story.notes()]
    assert "ann has referred bob and cy" in [note.text for note in story.notes()]


def test_a_referrer_who_is_the_same_person_by_the_time_of_the_purchase_gives_no_bonus() -> None:
    story = referred("[rules.merging]")
    story.given("bob", "members.merged", at="2026-03-02", absorbed="ann")
    story.purchase("bob", "10.00", at="2026-03-03", order="B")

    assert balances(story) == (0, 0)
    assert refusals(story) == ["ann is bob by now: nobody can refer oneself"]


def test_a_retracted_return_counts_the_bonus_again_for_who_has_absorbed_the_referrer() -> None:
    story = referred("cap = 1\n[rules.merging]")
    story.purchase("bob", "10.00", at="2026-03-02", order="B")
    story.given("dan", "members.merged", at="2026-03-03", absorbed="ann")
    before = story.state("dan").memory, story.state("bob").memory
    returned = story.given("bob", "purchase.returned", at="2026-03-04", order="B")
    story.given("bob", "fact.retracted", at="2026-03-05", retracted=returned, reason="another order")

    assert (story.state("dan").memory, story.state("bob").memory) == before
