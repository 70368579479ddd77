"""A redemption is cancelled once, and its points go back to where they came from."""

from __future__ import annotations

import pytest

from deciding.counter import (
    CATALOGUE,
    NOW_US,
    answer,
    buy,
    decide,
    facts_in,
    opened,
    project,
    projected_points,
    record,
    refusal,
)  # fmt: skip
from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Asked, Cancel, Desk, Redeem, retraction

REDEEM = Redeem(member="ann", points=30, order="C-1")
CANCEL = Cancel(member="ann", order="C-1")


def test_cancelled_points_are_there_again(counter: Database) -> None:
    assert decide(counter, REDEEM).balance_points == 70

    decision = decide(counter, CANCEL)

    assert (decision.outcome.status, decision.balance_points) == ("created", 100)
    assert decision.lines() == [
        "cancelled the redemption of ann for order C-1, who has 100 points now",
        "  (position 4)",
    ]
    assert projected_points(counter) == 100


def test_again_it_is_a_duplicate_for_whatever_reason_and_under_whatever_id(counter: Database) -> None:
    decide(counter, REDEEM)
    first = decide(counter, CANCEL)

    again = decide(counter, Cancel(member="ann", order="C-1", reason="changed her mind"), actor="eve")
    named = decide(counter, CANCEL, event_id="till-7")

    assert first.outcome.status == "created"
    assert [again.outcome, named.outcome] == [first.outcome._replace(status="duplicate")] * 2
    assert again.balance_points == 100
    assert again.lines()[0].startswith("already cancelled the redemption of ann for order C-1")
    assert facts_in(counter, "redemption.cancelled") == 1


def test_an_id_of_ones_own_means_the_same_words(counter: Database) -> None:
    decide(counter, REDEEM)
    decide(counter, CANCEL, event_id="c")

    refused = refusal(counter, Cancel(member="ann", order="C-1", reason="late"), event_id="c")

    assert refused.code == "idempotency-conflict"
    assert refused.what == "fact 'c' is recorded at position 4, but differs in reason"
    assert refusal(counter, CANCEL, event_id="c", actor="eve").what.endswith("differs in actor")
    assert refusal(counter, Redeem(member="ann", points=10), event_id="c").what.endswith("differs in type")


def test_what_was_not_redeemed_cannot_be_cancelled(counter: Database) -> None:
    refused = refusal(counter, CANCEL)

    assert refused.code == "no-redemption"
    assert refused.what == "no redemption of 'ann' for order 'C-1' is remembered"
    decide(counter, REDEEM)
    assert answer(counter, CANCEL) == "created"


def test_a_cancellation_that_came_before_its_redemption_does_not_count(counter: Database) -> None:
    record(counter, "redemption.cancelled", "ann", {"order": "C-1"})
    assert refusal(counter, CANCEL).code == "no-redemption"

    decide(counter, REDEEM)

    assert decide(counter, CANCEL).balance_points == 100


def test_a_second_redemption_of_the_order_is_cancelled_by_itself(counter: Database) -> None:
    decide(counter, REDEEM)
    decide(counter, CANCEL)
    decide(counter, REDEEM, event_id="second")

    second = decide(counter, CANCEL)

    assert (second.outcome.status, second.balance_points) == ("created", 100)
    assert facts_in(counter, "redemption.cancelled") == 2


def test_a_retracted_redemption_has_nothing_to_give_back(counter: Database) -> None:
    record(
        counter, "redemption.cancelled", "ann", {"order": "C-1"}
    )  # before there was one: counts for nothing
    position = decide(counter, REDEEM).outcome.position
    assert position == 4
    with counter.reading() as connection:
        command = retraction(connection, position, reason="till was down")
    assert decide(counter, command).balance_points == 100

    assert refusal(counter, CANCEL).code == "retracted"


def test_whoever_repeats_a_cancelled_redemption_hears_that_it_is_undone(counter: Database) -> None:
    decide(counter, REDEEM)
    assert decide(counter, REDEEM).flags == ()
    decide(counter, CANCEL)

    again = decide(counter, REDEEM)

    assert (again.outcome.status, again.balance_points) == ("duplicate", 100)
    assert again.lines()[1] == "flagged undone: its points were given back since"


def test_a_cancellation_imported_in_between_is_answered(counter: Database) -> None:
    decide(counter, REDEEM)
    position = record(counter, "redemption.cancelled", "ann", {"order": "C-1"})

    decision = decide(counter, CANCEL)

    assert (decision.outcome.status, decision.outcome.position) == ("duplicate", position)


def test_points_whose_lot_has_expired_come_back_and_expire_at_once(counter: Database) -> None:
    """Earned on day -10 for thirty days: gone on day 20. The 5 points of today live until day 30."""
    buy(counter, "ann", "5.00", at_us=NOW_US, number="2")
    decide(counter, REDEEM)
    asked = Asked(NOW_US + 21 * DAY_US, NOW_US + 21 * DAY_US, "desk", spare_id="late")

    assert Desk(counter, CATALOGUE).decide(CANCEL, asked).balance_points == 5


def test_it_is_decided_the_same_before_and_after_a_projection(counter: Database) -> None:
    decide(counter, REDEEM)
    project(counter)

    assert decide(counter, CANCEL).balance_points == 100
    project(counter)
    assert decide(counter, CANCEL).outcome.status == "duplicate"


def test_without_the_redemption_rule_it_means_nothing(database: Database) -> None:
    shop = opened(database, 'programme = "Plain"\nzone = "UTC"\ncurrency = "USD"\n[rules.points_per_spend]\n')

    assert refusal(shop, CANCEL).code == "no-rule"


@pytest.mark.parametrize(("days", "status"), [(1, "created"), (2, "future")])
def test_the_future_is_as_far_as_the_programme_tolerates(counter: Database, days: int, status: str) -> None:
    """A day ahead is the policy's default."""
    decide(counter, REDEEM)

    assert answer(counter, CANCEL, at_us=NOW_US + days * DAY_US) == status
