"""A fact is retracted once: it stays, and what it did is reversed."""

from __future__ import annotations

import pytest

from deciding.counter import (
    FULL,
    NOW_US,
    answer,
    buy,
    decide,
    facts_in,
    opened,
    projected_points,
    record,
    refusal,
)  # fmt: skip
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Redeem, Refusal, Retract, retraction


def retract(database: Database, position: int, reason: str = "typo", **more: str) -> Retract:
    with database.reading() as connection:
        return retraction(connection, position, reason=reason, **more)


def test_what_a_purchase_earned_is_gone(counter: Database) -> None:
    decision = decide(counter, retract(counter, 2))

    assert (decision.outcome.status, decision.balance_points, decision.flags) == ("created", 0, ())
    assert decision.lines() == [
        "retracted fact 2 (purchase.recorded) of ann, who has 0 points now (position 3)"
    ]
    assert facts_in(counter, "purchase.recorded") == 1
    assert projected_points(counter) == 0


def test_what_a_redemption_spent_is_back(counter: Database) -> None:
    decide(counter, Redeem(member="ann", points=30))

    assert decide(counter, retract(counter, 3)).balance_points == 100


def test_spent_points_become_a_debt(counter: Database) -> None:
    decide(counter, Redeem(member="ann", points=30))

    assert decide(counter, retract(counter, 2)).balance_points == -30


def test_again_it_is_a_duplicate_for_whatever_reason_and_under_whatever_id(counter: Database) -> None:
    first = decide(counter, retract(counter, 2))

    again = decide(counter, retract(counter, 2, "another reason", approver="anna"), actor="eve")
    named = decide(counter, retract(counter, 2), event_id="by-hand")

    assert [again.outcome, named.outcome] == [first.outcome._replace(status="duplicate")] * 2
    assert facts_in(counter, "fact.retracted") == 1


def test_a_retraction_in_another_members_name_does_not_count(counter: Database) -> None:
    """It is flagged where it stands, and reverses nothing."""
    record(counter, "fact.retracted", "bob", {"retracted": 2, "reason": "wrong subject"})

    assert decide(counter, retract(counter, 2)).balance_points == 0


@pytest.mark.parametrize(("position", "code"), [(1, "not-retractable"), (2, None), (3, "no-fact")])
def test_only_a_members_fact_that_is_there_is_retracted(
    counter: Database, position: int, code: str | None
) -> None:
    """Fact 1 is the programme, fact 2 the purchase, and there are no others."""
    if code is None:
        assert answer(counter, retract(counter, position)) == "created"
        return
    with pytest.raises(Refusal) as refused:
        retract(counter, position)
    assert refused.value.code == code


def test_staff_are_no_members(counter: Database) -> None:
    position = record(counter, "staff.joined", "7", {})

    with pytest.raises(Refusal, match="about no member") as refused:
        retract(counter, position)
    assert refused.value.code == "not-retractable"


def test_a_retraction_is_not_retracted(counter: Database) -> None:
    decide(counter, retract(counter, 2))

    with pytest.raises(Refusal, match="fact 3 is a retraction itself") as refused:
        retract(counter, 3)
    assert refused.value.code == "is-retraction"


def test_what_did_nothing_is_retracted_with_a_flag(counter: Database) -> None:
    position = record(counter, "contact.recorded", "ann", {"direction": "inbound", "channel": "phone"})

    decision = decide(counter, retract(counter, position))

    assert [flag.flag for flag in decision.flags] == ["not-reversible"]
    assert decision.fields()["flags"][0]["reason"] == "fact 3 has nothing that could be reversed"
    assert decision.balance_points == 100


def test_without_the_clawback_rule_it_means_nothing(database: Database) -> None:
    shop = opened(database, FULL.replace("[rules.clawback]", ""))

    assert refusal(shop, retract(shop, 2)).code == "no-rule"


def test_others_of_the_group_lose_what_they_earned_by_it(database: Database) -> None:
    """Ann referred bob: his first purchase gave her 50 points and him 20; it is fact 4."""
    shop = opened(database, f"{FULL}\n[rules.referral_bonus]\nreferrer_points = 50\nreferred_points = 20\n")
    record(shop, "referral.made", "ann", {"referred": "bob"})
    buy(shop, "bob", "10.00", at_us=NOW_US)
    assert (projected_points(shop, "ann"), projected_points(shop, "bob")) == (150, 30)

    assert decide(shop, retract(shop, 4)).balance_points == 0

    assert (projected_points(shop, "ann"), projected_points(shop, "bob")) == (100, 0)
