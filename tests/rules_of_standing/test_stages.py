"""The stages of loyalty: up by what a member does, away by what it does not do, back by buying."""

from __future__ import annotations

import json
from typing import Any

import pytest

from loyalty_ledger.ledger.calendar import instant_us, rfc3339
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.fold import MoveRow
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Stages"
    zone = "{zone}"
    currency = "USD"
    [rules.points_per_spend]
    [rules.clawback]
    [rules.stages]
    lapse_days = 180
    lost_days = 365
"""


def shop(zone: str = "UTC") -> Story:
    return Story(PROGRAMME.format(zone=zone))


def moves(story: Story, member: str = "ann") -> list[MoveRow]:
    return [move for move in story.folded().moves if move.member == member]


def rungs(story: Story, member: str = "ann") -> list[str]:
    return [move.rung for move in moves(story, member)]


def evidence(move: MoveRow) -> list[int]:
    facts: list[int] = json.loads(move.evidence)["facts"]
    return facts


def customer(*, orders: int, story: Story | None = None, since: str = "2026-01-01") -> Story:
    """Return the story of ann, who enrolled and bought this often on one day."""
    story = story or shop()
    story.given("ann", "member.enrolled", at=since)
    for number in range(1, orders + 1):
        story.purchase("ann", "10.00", at=since, order=f"A{number}")
    return story


def test_enrolment_makes_a_suspect() -> None:
    assert rungs(customer(orders=0)) == ["suspect"]


@pytest.mark.parametrize(
    ("topic", "fields", "reason"),
    [
        (
            "contact.recorded",
            {"direction": "inbound", "channel": "phone"},
            "inbound contact by phone",
        ),
        ("interest.declared", {"interest": "tea"}, "interested in tea"),
        ("activity.recorded", {"activity": "tasting"}, "activity: tasting"),
        (
            "survey.answered",
            {"survey": "S1", "answers": [{"question": "again?", "scale": 2, "value": 2}]},
            "answered survey S1",
        ),
        ("feedback.received", {"feedback": "F1", "kind": "praise"}, "gave feedback: praise"),
    ],
)
def test_any_contact_makes_a_prospect(topic: str, fields: dict[str, Any], reason: str) -> None:
    story = customer(orders=0)

    position = story.given("ann", topic, at="2026-01-02", **fields)

    last = moves(story)[-1]
    assert (last.old, last.rung, last.reason, evidence(last)) == ("suspect", "prospect", reason, [position])


def test_a_contact_before_enrolment_makes_a_prospect_too() -> None:
    story = shop()
    story.given("ann", "interest.declared", at="2026-01-01", interest="tea")
    story.given("ann", "member.enrolled", at="2026-01-02")

    assert rungs(story) == ["prospect"]


def test_two_orders_make_a_repeat_customer() -> None:
    story = customer(orders=2)  # facts 3 and 4

    assert rungs(story) == ["suspect", "first-time", "repeat"]
    assert evidence(moves(story)[-1]) == [3, 4]
    assert json.loads(moves(story)[-1].evidence)["figures"] == {"visits": 2}


def test_one_order_told_in_two_facts_is_one_visit() -> None:
    story = customer(orders=1)
    story.purchase("ann", "5.00", at="2026-01-02", order="A1")

    assert rungs(story) == ["suspect", "first-time"]


def test_an_order_of_nothing_that_came_back_is_no_second_visit() -> None:
    story = customer(orders=1)
    story.purchase("ann", "10.00", at="2026-01-02", order="B")
    story.given("ann", "purchase.returned", at="2026-01-03", order="B")
    story.purchase("ann", "10.00", at="2026-01-04", order="C")

    assert rungs(story) == ["suspect", "first-time", "repeat", "first-time", "repeat"]


def test_a_part_that_comes_back_changes_no_stage() -> None:
    story = customer(orders=2)
    story.given("ann", "purchase.returned", at="2026-01-02", order="A2", amount="9.99", currency="USD")

    assert rungs(story)[-1] == "repeat"


def test_a_return_that_leaves_one_purchase_says_so() -> None:
    story = customer(orders=2)
    position = story.given("ann", "purchase.returned", at="2026-01-02", order="A2")

    last = moves(story)[-1]
    assert (last.rung, last.reason) == ("first-time", "1 purchase; counted again after a return")
    assert evidence(last) == [position]


def test_a_retracted_purchase_was_no_visit() -> None:
    story = customer(orders=2)
    story.given("ann", "fact.retracted", at="2026-01-02", retracted=4, reason="typed twice")

    assert rungs(story)[-1] == "first-time"


def test_who_has_returned_everything_is_what_it_was_before() -> None:
    story = customer(orders=1)
    story.given("ann", "purchase.returned", at="2026-01-02", order="A1")

    assert rungs(story) == ["suspect", "first-time", "suspect"]


def test_who_spoke_to_us_meanwhile_is_a_prospect_after_returning_everything() -> None:
    story = customer(orders=1)
    story.given("ann", "interest.declared", at="2026-01-02", interest="tea")
    story.given("ann", "purchase.returned", at="2026-01-03", order="A1")

    assert rungs(story) == ["suspect", "first-time", "prospect"]


def test_a_stranger_who_has_returned_everything_stands_nowhere() -> None:
    story = shop()
    story.purchase("ann", "10.00", at="2026-01-01", order="A1")
    story.given("ann", "purchase.returned", at="2026-01-02", order="A1")

    assert rungs(story) == ["first-time", ""]


# Staying away. 2026-01-01 + 180 days is 2026-06-30, + 365 days is 2027-01-01.


@pytest.mark.parametrize(
    ("zone", "midnight"),
    [
        ("UTC", "2026-06-30T00:00:00Z"),
        ("Europe/Berlin", "2026-06-29T22:00:00Z"),  # UTC+2 in June; the purchase was at UTC+1
        ("America/New_York", "2026-06-29T04:00:00Z"),  # midnight UTC is 31 December there: a day earlier
    ],
)
def test_lapsed_at_midnight_of_the_programmes_zone(zone: str, midnight: str) -> None:
    story = customer(orders=2, story=shop(zone))
    story.advance(rfc3339(instant_us(midnight) - 1))
    assert rungs(story)[-1] == "repeat"

    story.advance(midnight)
    last = moves(story)[-1]
    assert (last.rung, rfc3339(last.booked_us)) == ("lapsed", midnight)
    assert last.reason.startswith("no purchase for 180 days, the last on ")


def test_lost_at_midnight_of_the_day() -> None:
    story = customer(orders=2)
    story.advance("2026-12-31T23:59:59.999999Z")
    assert rungs(story)[-1] == "lapsed"

    story.advance("2027-01-01T00:00:00Z")
    last = moves(story)[-1]
    assert (last.old, last.rung, rfc3339(last.booked_us)) == ("lapsed", "lost", "2027-01-01T00:00:00Z")


def test_a_later_visit_puts_the_lapse_off() -> None:
    story = customer(orders=2)
    story.purchase("ann", "10.00", at="2026-03-01", order="B")  # + 180 days is 2026-08-28
    story.advance("2026-08-27T23:59:59.999999Z")
    assert rungs(story)[-1] == "repeat"

    story.advance("2026-08-28")
    assert rungs(story)[-1] == "lapsed"
    assert json.loads(moves(story)[-1].evidence)["figures"] == {"days": 180, "last visit": "2026-03-01"}


def test_returning_the_last_visit_brings_the_lapse_forward() -> None:
    story = customer(orders=2)
    story.purchase("ann", "10.00", at="2026-03-01", order="B")
    story.given("ann", "purchase.returned", at="2026-03-02", order="B")
    story.advance("2026-06-30")

    assert rungs(story)[-1] == "lapsed"  # 180 days after 2026-01-01 again


def test_a_return_that_shows_an_absence_lapses_at_once() -> None:
    story = customer(orders=2)
    story.purchase("ann", "10.00", at="2026-06-01", order="B")
    story.given("ann", "purchase.returned", at="2026-07-01", order="B")

    last = moves(story)[-1]
    assert (last.rung, rfc3339(last.booked_us)) == ("lapsed", "2026-07-01T00:00:00Z")
    assert last.reason.endswith("counted again after a return")


def test_a_prospect_never_lapses() -> None:
    story = customer(orders=0)
    story.advance("2030-01-01")

    assert rungs(story) == ["suspect"]


def test_a_lapsed_customer_who_buys_is_regained_and_then_counted() -> None:
    story = customer(orders=2)
    story.purchase("ann", "10.00", at="2026-07-01", order="B")
    assert rungs(story)[-2:] == ["lapsed", "regained"]
    assert moves(story)[-1].reason == "bought again, lapsed since 2026-06-30"

    story.purchase("ann", "10.00", at="2026-07-02", order="C")
    assert rungs(story)[-1] == "repeat"


def test_a_purchase_at_the_instant_of_the_lapse_regains() -> None:
    """Timers due at an instant fire before a fact at that instant."""
    story = customer(orders=1)
    story.purchase("ann", "10.00", at="2026-06-30", order="B")

    assert rungs(story) == ["suspect", "first-time", "lapsed", "regained"]


def test_a_lost_customer_who_buys_is_regained_and_lapses_again() -> None:
    story = customer(orders=1)
    story.purchase("ann", "10.00", at="2027-03-01", order="B")
    story.advance("2027-08-28")  # 2027-03-01 + 180 days

    assert rungs(story) == ["suspect", "first-time", "lapsed", "lost", "regained", "lapsed"]


def test_the_other_half_of_the_same_order_keeps_a_regained_customer_regained() -> None:
    story = customer(orders=1)
    story.purchase("ann", "10.00", at="2026-07-01", order="B")
    story.purchase("ann", "10.00", at="2026-07-02", order="B")

    assert rungs(story)[-1] == "regained"


def test_a_purchase_that_came_late_undoes_the_lapse_it_would_have_prevented() -> None:
    story = customer(orders=1)
    story.advance("2026-07-15")
    story.purchase("ann", "10.00", at="2026-06-01", order="B")  # before the lapse of 2026-06-30

    last = moves(story)[-1]
    assert (last.old, last.rung, last.is_late) == ("lapsed", "repeat", True)
    assert last.reason == "2 purchases; counted again after a purchase that came late"


def test_a_purchase_that_came_late_and_long_ago_leaves_the_customer_lapsed() -> None:
    story = customer(orders=1, since="2026-01-02")
    story.advance("2026-07-15")
    story.purchase("ann", "10.00", at="2026-01-10", order="B")  # + 180 days is 2026-07-09

    assert rungs(story) == ["suspect", "first-time", "lapsed"]


# Promoters


def test_very_likely_makes_a_repeat_customer_a_promoter() -> None:
    story = customer(orders=2)
    position = story.given("ann", "recommendation.stated", at="2026-01-05", likelihood="very likely")

    last = moves(story)[-1]
    assert (last.rung, last.reason) == ("promoter", "2 purchases, would very likely recommend us")
    assert evidence(last) == [3, position]


def test_very_likely_counts_with_the_second_purchase() -> None:
    story = customer(orders=1)
    story.given("ann", "recommendation.stated", at="2026-01-05", likelihood="very likely")
    assert rungs(story)[-1] == "first-time"

    story.purchase("ann", "10.00", at="2026-01-06", order="B")
    assert rungs(story)[-1] == "promoter"


def test_the_latest_answer_counts() -> None:
    story = customer(orders=2)
    story.given("ann", "recommendation.stated", at="2026-01-05", likelihood="very likely")
    story.given("ann", "recommendation.stated", at="2026-01-07", likelihood="possible")
    story.given("ann", "recommendation.stated", at="2026-01-08", likelihood="very likely")
    story.given(
        "ann", "recommendation.stated", at="2026-01-06", likelihood="impossible"
    )  # late: not the latest

    assert rungs(story)[-3:] == ["promoter", "repeat", "promoter"]


def test_a_retracted_answer_was_none() -> None:
    story = customer(orders=2)
    position = story.given("ann", "recommendation.stated", at="2026-01-05", likelihood="very likely")
    story.given("ann", "fact.retracted", at="2026-01-06", retracted=position, reason="another customer's")

    assert rungs(story)[-1] == "repeat"


def referral(*, orders: int = 2) -> Story:
    story = customer(orders=orders)
    story.given("bob", "member.enrolled", at="2026-01-02", referrer="ann")
    return story


def test_a_referral_that_bought_makes_a_promoter() -> None:
    story = referral()
    bought = story.purchase("bob", "10.00", at="2026-01-03", order="B")

    last = moves(story)[-1]
    assert (last.rung, last.reason) == ("promoter", "2 purchases, and brought 1 who bought")
    assert evidence(last) == [3, 5, bought]  # ann's first purchase, bob's enrolment, bob's purchase
    assert rungs(story, "bob") == ["suspect", "first-time"]


def test_a_referral_that_bought_counts_with_the_second_purchase() -> None:
    story = referral(orders=1)
    story.purchase("bob", "10.00", at="2026-01-03", order="B")
    assert rungs(story)[-1] == "first-time"

    story.purchase("ann", "10.00", at="2026-01-04", order="C")
    assert rungs(story)[-1] == "promoter"


def test_a_referral_that_returned_everything_has_not_bought() -> None:
    story = referral()
    story.purchase("bob", "10.00", at="2026-01-03", order="B")
    story.given("bob", "purchase.returned", at="2026-01-04", order="B")

    assert rungs(story)[-2:] == ["promoter", "repeat"]


def test_another_referral_that_bought_keeps_a_promoter() -> None:
    story = referral()
    story.given("ann", "referral.made", at="2026-01-02", referred="cleo")
    for member in ("bob", "cleo"):
        story.purchase(member, "10.00", at="2026-01-03", order=f"of {member}")
    story.given("bob", "purchase.returned", at="2026-01-04", order="of bob")

    assert rungs(story)[-1] == "promoter"


@pytest.mark.parametrize("referred", ["ann", "dan"])
def test_neither_oneself_nor_an_old_customer_can_be_referred(referred: str) -> None:
    story = customer(orders=2)
    story.purchase("dan", "10.00", at="2026-01-01", order="D")
    story.given("ann", "referral.made", at="2026-01-02", referred=referred)
    story.purchase(referred, "10.00", at="2026-01-03", order="E")

    assert rungs(story)[-1] == "repeat"


def test_the_first_referrer_counts() -> None:
    story = referral()
    story.given("eve", "referral.made", at="2026-01-02", referred="bob")
    story.purchase("bob", "10.00", at="2026-01-03", order="B")

    assert rungs(story)[-1] == "promoter"
    assert story.state("eve").memory == {}


def test_a_referrer_who_has_lapsed_meanwhile_is_not_promoted() -> None:
    story = referral()
    story.purchase("bob", "10.00", at="2026-07-01", order="B")  # ann lapsed on 2026-06-30

    assert rungs(story)[-2:] == ["repeat", "lapsed"]


@pytest.mark.parametrize("days", [(180, 180), (10, 5)])
def test_nobody_is_lost_before_lapsing(days: tuple[int, int]) -> None:
    text = PROGRAMME.format(zone="UTC").replace("180", str(days[0])).replace("365", str(days[1]))

    with pytest.raises(LoyaltyError, match=f"lost_days must be more than lapse_days, {days[0]}"):
        Story(text)
