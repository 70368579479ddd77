"""A balance changed by hand: given, taken, never below nothing unless that is asked for."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from deciding.counter import (
    FULL,
    NOW_US,
    answer,
    decide,
    opened,
    projected_points,
    record,
    record_all,
    refusal,
)
from loyalty_ledger.ledger.calendar import HOUR_US, rfc3339
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.units import MOST
from loyalty_ledger.rules.deciding import Adjust, Redeem


def adjusted(points: int, **more: object) -> Adjust:
    return Adjust(member="ann", points=points, reason="goodwill", **more)  # type: ignore[arg-type]


def test_points_are_given_and_taken(counter: Database) -> None:
    given = decide(counter, adjusted(50, approver="anna"))
    taken = decide(counter, adjusted(-150))

    assert (given.balance_points, taken.balance_points) == (150, 0)  # 100 + 50, then - 150
    assert given.lines() == ["adjusted ann by +50 points, who has 150 points now (position 3)"]
    assert projected_points(counter) == 0


@pytest.mark.parametrize(("points", "status"), [(-100, "created"), (-101, "exceeds-balance")])
def test_no_more_is_taken_than_there_is(counter: Database, points: int, status: str) -> None:
    assert answer(counter, adjusted(points)) == status


def test_a_debt_must_be_asked_for(counter: Database) -> None:
    refused = refusal(counter, adjusted(-101))
    assert refused.what == "101 points exceed the balance of 100 at 2026-06-01T12:00:00Z"

    decision = decide(counter, adjusted(-101, is_debt_allowed=True))

    assert decision.balance_points == -1
    assert [flag.flag for flag in decision.flags] == ["overdrawn"]
    assert decision.lines()[1] == "flagged overdrawn: an adjustment took 101 points, 100 were available"
    assert projected_points(counter) == -1
    assert answer(counter, adjusted(-1)) == "exceeds-balance", "who owes has nothing to take"


@pytest.mark.parametrize(("points", "status"), [(-1, "created"), (0, "zero-points"), (1, "created")])
def test_nothing_is_no_adjustment(counter: Database, points: int, status: str) -> None:
    assert answer(counter, adjusted(points)) == status


@pytest.mark.parametrize(("later_us", "status"), [(0, "expires-too-early"), (1, "created")])
def test_given_points_live_at_least_a_moment(counter: Database, later_us: int, status: str) -> None:
    """An expiry takes at its instant, inclusive."""
    assert answer(counter, adjusted(5, expires=rfc3339(NOW_US + later_us))) == status


def test_given_points_expire_when_they_say(counter: Database) -> None:
    decide(counter, adjusted(5, expires=rfc3339(NOW_US + HOUR_US)))

    spend = Redeem(member="ann", points=105)
    assert answer(counter, spend, at_us=NOW_US + HOUR_US) == "exceeds-balance"
    assert answer(counter, spend, at_us=NOW_US + HOUR_US - 1) == "created"


def test_points_that_are_taken_have_no_expiry(counter: Database) -> None:
    refused = refusal(counter, adjusted(-5, expires=rfc3339(NOW_US + HOUR_US)))

    assert refused.code == "expiry-of-nothing"
    assert answer(counter, adjusted(-5)) == "created"


def test_without_an_id_twice_is_twice(counter: Database) -> None:
    assert [decide(counter, adjusted(5)).balance_points for _ in range(2)] == [105, 110]


def test_with_an_id_twice_is_once_even_when_the_balance_is_gone(counter: Database) -> None:
    first = decide(counter, adjusted(-100), event_id="a")
    again = decide(counter, adjusted(-100), event_id="a")

    assert again.outcome == first.outcome._replace(status="duplicate")
    assert again.lines() == ["already adjusted ann by -100 points, who has 0 points now (position 3)"]
    assert refusal(counter, adjusted(-99), event_id="a").what.endswith("differs in points")
    other = Adjust(member="ann", points=-100, reason="fraud", approver="eve")
    assert refusal(counter, other, event_id="a").what.endswith("differs in reason, approver")
    bob = Adjust(member="bob", points=-100, reason="goodwill")
    assert refusal(counter, bob, event_id="a").what.endswith("differs in member")


def test_without_the_rule_it_means_nothing(database: Database) -> None:
    shop = opened(database, FULL.replace("[rules.adjustments]", ""))

    refused = refusal(shop, adjusted(5))

    assert (refused.code, refused.what) == ("no-rule", "the programme in force has no adjustments rule")


def test_what_would_break_the_books_is_refused_not_recorded(counter: Database) -> None:
    """9,223 × 10^15 fits in 2^63 - 1 = 9,223.372… × 10^15, and 9,224 × 10^15 does not."""
    gifts = [{"points": MOST, "reason": "much"}] * 9_223
    record_all(counter, "points.adjusted", "ann", gifts)

    refused = refusal(counter, adjusted(MOST))

    assert refused.code == "rule-failed"
    assert "takes the balance of 'ann' past 2^63" in refused.what
    assert answer(counter, adjusted(MOST // 10)) == "created"


def test_who_is_not_enrolled_has_no_balance_to_change(database: Database) -> None:
    shop = opened_for_members(database)
    bob = Adjust(member="bob", points=5, reason="hello")

    assert answer(shop, bob) == "not-enrolled"
    record(shop, "member.enrolled", "bob", {})
    assert answer(shop, bob) == "created"


def opened_for_members(database: Database) -> Database:
    shop = opened(database, FULL.replace("[rules.points_per_spend]", '[policy]\nenrolment = "required"\n'))
    return shop


LIMITED = FULL.replace("[rules.adjustments]", "[rules.adjustments]\nmost = 20\nlimits = {mia = 100, tom = 0}")


@pytest.mark.parametrize(
    ("points", "actor", "approver", "status"),
    [
        (20, None, None, "created"),
        (-20, None, None, "created"),
        (21, None, None, "approver-needed"),
        (-21, None, None, "approver-needed"),
        (21, None, "bob", "exceeds-authority"),
        (100, None, "mia", "created"),
        (101, None, "mia", "exceeds-authority"),
        (100, "mia", None, "created"),
        (101, "mia", None, "approver-needed"),
        (1, "tom", None, "approver-needed"),
        (20, "tom", "bob", "created"),
        (1, "mia", "mia", "approver-is-actor"),
    ],
)
def test_everybody_adjusts_up_to_a_limit(
    database: Database, points: int, actor: str | None, approver: str | None, status: str
) -> None:
    shop = opened(database, LIMITED)

    assert answer(shop, adjusted(points, actor=actor, approver=approver)) == status


def test_an_adjustment_beyond_authority_that_was_recorded_is_flagged(database: Database) -> None:
    shop = opened(database, LIMITED)
    record(shop, "points.adjusted", "ann", {"points": 21, "reason": "imported"})

    assert projected_points(shop) == 121
    with shop.reading() as connection:
        assert connection.execute(text("SELECT flag FROM flags")).scalars().all() == ["beyond-authority"]
