"""Histories that once came out wrong, or set members aside."""

from __future__ import annotations

from typing import Any

import pytest

from loyalty_ledger.ledger.errors import UsageError
from loyalty_ledger.rules.testing import Story

HEAD = """
    programme = "Strange"
    zone = "Europe/Berlin"
    currency = "USD"
"""
SPEND = f"{HEAD} [rules.points_per_spend]\n [rules.redemption]\n [rules.clawback]\n"
DAY = "2026-03-01"


def flags(story: Story) -> list[str]:
    return [flag.flag for flag in story.folded().flags]


def rung(story: Story, member: str, ladder: str) -> str:
    found = story.state(member).rungs.get(ladder)
    return found.rung if found else ""


@pytest.mark.parametrize(
    ("part", "rounding", "left"),
    [
        ({"share_bps": 5_000}, "half-up", 5),
        ({"share_bps": 400}, "half-up", 10),  # 10 × 4 % = 0.4
        ({"share_bps": 10}, "up", 9),  # 10 × 0.1 % = 0.01
        ({"share_bps": 9_990}, "down", 1),  # 10 × 99.9 % = 9.99
    ],
)
def test_a_share_of_many_small_lines_is_rounded_once(part: dict[str, int], rounding: str, left: int) -> None:
    story = Story(f'{SPEND} rounding = "{rounding}"')
    lines = [{"amount": "1.00"} for _ in range(10)]
    story.purchase("ann", "10.00", at=DAY, order="O", lines=lines)
    story.given("ann", "purchase.returned", at=DAY, order="O", **part)

    assert story.balance("ann") == left


def test_a_referrer_cannot_return_the_order_of_the_one_referred() -> None:
    story = Story(f"{SPEND} [rules.referral_bonus]\n referrer_points = 500")
    story.given("ann", "referral.made", at=DAY, referred="bob")
    story.purchase("bob", "20.00", at=DAY, order="O")
    story.given("ann", "purchase.returned", at=DAY, order="O", amount="0.01", currency="USD")

    assert (story.balance("ann"), story.balance("bob")) == (500, 20)
    assert flags(story) == ["unknown-order"]


def test_two_members_may_use_the_same_order_number() -> None:
    story = Story(f"{SPEND} [rules.referral_bonus]\n referrer_points = 500")
    story.given("ann", "referral.made", at=DAY, referred="bob")
    story.purchase("ann", "30.00", at=DAY, order="O")
    story.purchase("bob", "20.00", at=DAY, order="O")
    for member in ("ann", "bob"):
        story.given(member, "purchase.returned", at=DAY, order="O")

    assert (story.balance("ann"), story.balance("bob")) == (0, 0)


def test_a_duplicate_that_was_retracted_does_not_hide_the_purchase_that_stands() -> None:
    story = Story(SPEND)
    story.purchase("ann", "100.00", at=DAY, order="O")
    again = story.purchase("ann", "100.00", at=DAY, order="O")
    story.given("ann", "fact.retracted", at=DAY, retracted=again, reason="rung up twice")
    story.given("ann", "purchase.returned", at=DAY, order="O")

    assert story.balance("ann") == 0


@pytest.mark.parametrize(("returned", "left"), [({}, 0), ({"amount": "120.00", "currency": "USD"}, 30)])
def test_an_order_told_in_two_facts_comes_back_as_one(returned: dict[str, Any], left: int) -> None:
    story = Story(SPEND)
    story.purchase("ann", "100.00", at=DAY, order="O")
    story.purchase("ann", "50.00", at=DAY, order="O")
    story.given("ann", "purchase.returned", at=DAY, order="O", **returned)

    assert story.balance("ann") == left  # 150 - 150; 150 - 120


@pytest.mark.parametrize("beyond", ["debt", "clamp", "waive"])
@pytest.mark.parametrize("spent", [100, 60])
def test_no_points_come_of_cancelling_what_a_returned_order_had_paid(beyond: str, spent: int) -> None:
    story = Story(f'{SPEND} beyond = "{beyond}"')
    story.purchase("ann", "100.00", at=DAY, order="O")
    story.redeem("ann", spent, at=DAY, order="R")
    story.given("ann", "purchase.returned", at=DAY, order="O")
    story.given("ann", "redemption.cancelled", at=DAY, order="R")

    assert story.balance("ann") == 0
    assert all(entry.balance == 0 for entry in story.entries("ann"))


def test_points_spent_on_an_order_come_back_with_it() -> None:
    story = Story(SPEND)
    story.purchase("ann", "100.00", at=DAY, order="first")
    story.redeem("ann", 40, at=DAY, order="O")
    story.purchase("ann", "10.00", at=DAY, order="O")
    story.given("ann", "purchase.returned", at=DAY, order="O")

    assert story.balance("ann") == 100  # 100 - 40 + 10 - 10 + 40


def test_a_free_item_keeps_its_bonus_until_it_comes_back_itself() -> None:
    story = Story(f"{SPEND} [rules.item_bonus]\n points = 100\n skus = ['gift']")
    lines = [{"sku": "mug", "amount": "10.00"}, {"sku": "gift", "amount": "0.00"}]
    story.purchase("ann", "10.00", at=DAY, order="O", lines=lines)
    story.given("ann", "purchase.returned", at=DAY, order="O", lines=[{"line": 1}])
    assert story.balance("ann") == 100  # 10 + 100 - 10

    story.given("ann", "purchase.returned", at=DAY, order="O", lines=[{"line": 2}])
    assert story.balance("ann") == 0


def test_a_line_of_an_order_for_nothing_can_come_back() -> None:
    story = Story(SPEND)
    story.purchase("ann", "0.00", at=DAY, order="O")
    story.given("ann", "purchase.returned", at=DAY, order="O", lines=[{"line": 1}])

    assert story.balance("ann") == 0


def test_a_return_told_late_is_judged_by_when_it_happened() -> None:
    story = Story(f"{SPEND} window_days = 30")
    story.purchase("ann", "100.00", at="2026-03-01", order="O")
    story.given("ann", "contact.recorded", at="2026-04-20", direction="inbound", channel="shop")
    story.given("ann", "purchase.returned", at="2026-03-09", order="O")

    assert story.balance("ann") == 0


TIERS = "[rules.tier]\n use = 'tiers'\n days = 30\n rungs = [{{name='{name}', points=10}}]\n"


def activate(story: Story, rules: str, at: str) -> None:
    from loyalty_ledger.rules.programme import activation

    text = f"programme='Next'\nzone='Europe/Berlin'\ncurrency='USD'\n[rules.points_per_spend]\n{rules}"
    story.record(None, activation(text, story.catalogue, at="test", effective=f"{at}T00:00:00Z"), at=at)


def test_a_rung_with_a_new_name_is_reviewed_all_the_same() -> None:
    story = Story(f"{HEAD} [rules.points_per_spend]\n" + TIERS.format(name="Silver"))
    story.purchase("ann", "20.00", at="2026-01-01")
    activate(story, TIERS.format(name="Bronze"), "2026-01-10")
    story.purchase("ann", "1.00", at="2026-01-12")
    assert rung(story, "ann", "tier") == "Bronze"

    story.advance("2026-10-01")
    assert rung(story, "ann", "tier") == "Basic"


def test_a_review_that_fell_due_without_the_rule_is_made_up_for() -> None:
    story = Story(f"{HEAD} [rules.points_per_spend]\n" + TIERS.format(name="Silver"))
    story.purchase("ann", "20.00", at="2026-01-01")
    activate(story, "", "2026-01-10")
    story.advance("2026-03-01")
    activate(story, TIERS.format(name="Silver"), "2026-03-02")
    story.purchase("ann", "1.00", at="2026-03-03")

    assert rung(story, "ann", "tier") == "Basic"


def test_the_latest_recommendation_counts_however_late_an_older_one_is_told() -> None:
    story = Story(f"{HEAD} [rules.stages]")
    for day in (1, 2):
        story.purchase("ann", "5.00", at=f"2026-01-0{day}")
    story.given("ann", "recommendation.stated", at="2026-01-08", likelihood="impossible")
    story.given("ann", "recommendation.stated", at="2026-01-05", likelihood="very likely")

    assert rung(story, "ann", "stages") == "repeat"


def test_a_complaint_told_late_and_handled_in_time_leaves_nothing_to_do() -> None:
    story = Story(f"{HEAD} [rules.complaint_recovery]\n goodwill_points = 30")
    story.purchase("ann", "5.00", at="2026-03-01")
    for topic, at, more in (
        ("complaint.opened", "2026-02-01", {"category": "quality"}),
        ("complaint.acknowledged", "2026-02-01", {}),
        ("complaint.resolved", "2026-02-02", {"remedy": "refund"}),
    ):  # fmt: skip
        story.given("ann", topic, at=at, complaint="C", **more)
    story.advance("2026-06-01")

    assert flags(story) == []
    assert story.folded().actions == []
    assert story.balance("ann") == 30


def test_what_a_missed_deadline_asked_for_is_settled_when_it_is_done() -> None:
    story = Story(f"{HEAD} [rules.complaint_recovery]")
    story.given("ann", "complaint.opened", at="2026-03-01", complaint="C", category="quality")
    story.advance("2026-03-10")
    story.given("ann", "complaint.resolved", at="2026-03-11", complaint="C", remedy="refund")

    assert [(row.action, row.settled) for row in story.folded().actions] == [
        ("acknowledge complaint C", None), ("resolve complaint C", None),
        ("acknowledge complaint C", "done, late"), ("resolve complaint C", "done, late"),
    ]  # fmt: skip


def test_a_retracted_referral_gives_nothing_and_one_that_was_paid_is_told() -> None:
    rules = f"{SPEND} [rules.referral_bonus]\n referrer_points = 500"
    unpaid, paid = Story(rules), Story(rules)
    for story in (unpaid, paid):
        referral = story.given("ann", "referral.made", at=DAY, referred="bob")
        if story is paid:
            story.purchase("bob", "20.00", at=DAY)
        story.given("ann", "fact.retracted", at=DAY, retracted=referral, reason="wrong person")
        story.purchase("bob", "20.00", at=DAY)

    assert (unpaid.balance("ann"), paid.balance("ann")) == (0, 500)
    assert "bonus-given" in flags(paid)


@pytest.mark.parametrize(
    ("rules", "order"),
    [
        (
            "[rules.item_bonus]\n points = 5\n each = 'unit'\n skus = ['1']",
            {"amount": "1.00", "lines": [{"amount": "1.00", "sku": "1", "quantity": 10**15}]},
        ),
        ("[rules.points_per_spend]\n points = 1000\n per = 0.01", {"amount_minor": 10**15}),
    ],
)
def test_nothing_earns_more_than_a_fact_can(rules: str, order: dict[str, Any]) -> None:
    story = Story(f"{HEAD} {rules}")
    story.given("ann", "purchase.recorded", at=DAY, currency="USD", **order)

    assert story.balance("ann") == 10**15


@pytest.mark.parametrize("window", ["rolling", "calendar year"])
def test_the_first_years_there_are_have_windows_too(window: str) -> None:
    story = Story(
        f"{HEAD} [rules.points_per_spend]\n [rules.tier]\n use = 'tiers'\n window = '{window}'\n"
        " rungs = [{name='Silver', points=10}]"
    )
    story.purchase("ann", "20.00", at="0001-02-01")

    assert rung(story, "ann", "tier") == "Silver"


def test_two_rules_that_would_act_twice_are_refused() -> None:
    with pytest.raises(UsageError, match="both use 'clawback'"):
        Story(f"{SPEND} [rules.again]\n use = 'clawback'")


def retract(story: Story, member: str, position: int) -> None:
    story.given(member, "fact.retracted", at="2026-03-20", retracted=position, reason="a mistake")


@pytest.mark.parametrize("beyond", ["debt", "clamp", "waive"])
def test_a_return_that_is_retracted_gives_back_what_it_took(beyond: str) -> None:
    """100 points, 70 spent; the return takes 30 and, as a debt, 70 more; then it had not been."""
    story = Story(f'{SPEND} beyond = "{beyond}"')
    story.purchase("ann", "100.00", at=DAY, order="O")
    story.given("ann", "points.redeemed", at="2026-03-02", points=70)
    position = story.given("ann", "purchase.returned", at="2026-03-03", order="O")
    assert story.balance("ann") == (-70 if beyond == "debt" else 0)

    retract(story, "ann", position)

    assert story.balance("ann") == 30
    assert flags(story) == []


def test_of_two_partial_returns_one_is_retracted() -> None:
    """7 points for 7.00: of 3.50 come 4 back (half-up), with 1.75 more 5 in all; then 3.50 was wrong."""
    story = Story(SPEND)
    story.purchase("ann", "7.00", at=DAY, order="O")
    first = story.given("ann", "purchase.returned", at="2026-03-02", order="O", amount="3.50", currency="USD")
    story.given("ann", "purchase.returned", at="2026-03-03", order="O", amount="1.75", currency="USD")
    assert story.balance("ann") == 2  # 7 - round(7 * 5.25 / 7 = 5.25)

    retract(story, "ann", first)
    assert story.balance("ann") == 6  # the first had taken 4 of the 5

    story.given("ann", "purchase.returned", at="2026-03-21", order="O")
    assert story.balance("ann") == 0


def test_a_cancelled_redemption_that_was_none_is_spent_again() -> None:
    story = Story(SPEND)
    story.purchase("ann", "100.00", at=DAY, order="O")
    story.given("ann", "points.redeemed", at="2026-03-02", points=70, order="P")
    position = story.given("ann", "redemption.cancelled", at="2026-03-03", order="P")
    assert story.balance("ann") == 100

    retract(story, "ann", position)
    assert story.balance("ann") == 30

    story.given("ann", "redemption.cancelled", at="2026-03-21", order="P")
    assert story.balance("ann") == 100


def test_a_retraction_can_be_retracted() -> None:
    story = Story(SPEND)
    bought = story.purchase("ann", "100.00", at=DAY, order="O")
    wrong = story.given("ann", "fact.retracted", at="2026-03-02", retracted=bought, reason="not hers")
    assert story.balance("ann") == 0

    retract(story, "ann", wrong)

    assert (story.balance("ann"), flags(story)) == (100, [])


def test_points_that_expired_in_a_return_stay_expired_when_it_is_retracted() -> None:
    """The lot expires on 11 March; the return of 12 March takes what had expired: no balance moves."""
    story = Story(f"{SPEND} [rules.rolling_expiry]\n days = 10")
    story.purchase("ann", "100.00", at=DAY, order="O")
    position = story.given("ann", "purchase.returned", at="2026-03-12", order="O")
    retract(story, "ann", position)

    assert story.balance("ann") == 0


@pytest.mark.parametrize(
    "part", [{}, {"amount": "30.00", "currency": "USD"}, {"share_bps": 2_500}, {"lines": [{"line": 2}]}]
)
def test_a_return_told_before_its_purchase_waits_for_it(part: dict[str, Any]) -> None:
    lines = [{"amount": "70.00"}, {"amount": "30.00"}]
    after, before = Story(SPEND), Story(SPEND)
    after.purchase("ann", "100.00", at=DAY, order="O", lines=lines)
    after.given("ann", "purchase.returned", at="2026-03-02", order="O", **part)
    before.given("ann", "purchase.returned", at="2026-03-02", order="O", **part)
    before.purchase("ann", "100.00", at=DAY, order="O", lines=lines)

    assert before.balance("ann") == after.balance("ann")
    assert before.entries("ann")[-1].fact == 2  # the return took them, whenever it could


def test_two_returns_that_wait_take_their_parts_in_turn() -> None:
    """Of 100 points 25 and 50 come back; another order takes nothing."""
    story = Story(SPEND)
    story.given("ann", "purchase.returned", at="2026-03-02", order="O", amount="25.00", currency="USD")
    story.given("ann", "purchase.returned", at="2026-03-03", order="O", amount="50.00", currency="USD")
    story.purchase("ann", "7.00", at=DAY, order="P")
    story.purchase("ann", "100.00", at=DAY, order="O")

    assert story.balance("ann") == 7 + 100 - 25 - 50


def test_a_return_that_waited_can_be_retracted() -> None:
    story = Story(SPEND)
    position = story.given("ann", "purchase.returned", at="2026-03-02", order="O")
    story.purchase("ann", "100.00", at=DAY, order="O")
    assert story.balance("ann") == 0

    retract(story, "ann", position)

    assert story.balance("ann") == 100


@pytest.mark.parametrize("rounding", ["down", "half-up", "up"])
def test_a_free_line_that_comes_back_takes_nothing_of_the_order(rounding: str) -> None:
    story = Story(f'{SPEND} by = "order"\n rounding = "{rounding}"')
    story.purchase("ann", "1.00", at=DAY, order="O", lines=[{"amount": "0.00"}, {"amount": "1.00"}])
    story.given("ann", "purchase.returned", at="2026-03-02", order="O", lines=[{"line": 1}])

    assert story.balance("ann") == 1
