"""The oracle against histories worked out by hand, before the ledger is held against the oracle."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from real.standing_oracle import DAY_US, Event, Expected, Move, standing


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


def fact(when: str, basket: str, dollars: int, kind: Literal["purchase", "return"] = "purchase") -> Event:
    return Event(at(when), kind, "M", basket, dollars * 100 + 99, dollars)


def test_a_lot_goes_after_exactly_ninety_days() -> None:
    # 2017-01-10 + 90 days = 2017-04-10; 2017-10-03 + 90 days = 2018-01-01, the advance itself.
    history = [
        fact("2017-01-10T09:30:00", "a", 40),
        fact("2017-10-03T00:00:00", "b", 7),
        fact("2017-10-03T00:00:01", "c", 5),
    ]
    due = at("2017-04-10T09:30:00")

    assert standing(history[:1], advance_us=due - 1) == Expected(40, 0, 0, "Basic", ())
    assert standing(history[:1], advance_us=due) == Expected(0, 40, 0, "Basic", ())
    assert standing(history) == Expected(5, 47, 0, "Basic", ())


def test_a_return_takes_what_is_left_and_no_more() -> None:
    in_time = [fact("2017-01-10T09:30:00", "a", 40), fact("2017-01-30T09:30:00", "a", 40, "return")]
    at_its_end = [in_time[0], fact("2017-04-10T09:30:00", "a", 40, "return")]

    assert standing(in_time) == Expected(0, 0, 40, "Basic", ())
    assert standing(at_its_end) == Expected(0, 40, 0, "Basic", ())


def test_tiers_rise_at_once_and_fall_at_midnight() -> None:
    # 900 on 1 January, 100 on 31 January: Silver there. 2,000 on 1 March: Gold with exactly 3,000.
    # 1 January + 180 days = 30 June, whose window begins on 2 January: the 900 are out, 2,100 left, Silver.
    # 31 January + 180 = 30 July: 2,000 left, Silver still. 1 March + 180 = 28 August: nothing left, Basic.
    history = [
        fact("2017-01-01T23:59:59", "a", 900),
        fact("2017-01-31T12:00:00", "b", 100),
        fact("2017-03-01T00:00:00", "c", 2_000),
    ]
    moves = (
        Move(at("2017-01-31T12:00:00"), "Basic", "Silver"),
        Move(at("2017-03-01T00:00:00"), "Silver", "Gold"),
        Move(at("2017-06-30T00:00:00"), "Gold", "Silver"),
        Move(at("2017-08-28T00:00:00"), "Silver", "Basic"),
    )

    assert standing(history) == Expected(0, 3_000, 0, "Basic", moves)
    assert standing(history, advance_us=at("2017-06-30T00:00:00") - 1).tier == "Gold"
    assert standing(history, advance_us=at("2017-06-30T00:00:00")).moves == moves[:3]


def test_a_review_comes_before_the_purchases_of_its_day() -> None:
    # 1 January + 180 = 30 June: down at its midnight, up again with the purchase of the same instant.
    history = [fact("2017-01-01T08:00:00", "a", 3_500), fact("2017-06-30T00:00:00", "b", 1_000)]
    end = at("2017-06-30T18:00:00")

    assert standing(history, advance_us=end).moves == (
        Move(at("2017-01-01T08:00:00"), "Basic", "Gold"),
        Move(at("2017-06-30T00:00:00"), "Gold", "Basic"),
        Move(at("2017-06-30T00:00:00"), "Basic", "Silver"),
    )


def test_a_return_counts_back_on_the_day_of_its_purchase() -> None:
    # 2,500 + 500 = Gold; without the 500, Silver at once. Its day, 5 May, gives nothing from then on:
    # the 2,500 of 4 May are out on 4 May + 180 = 31 October, and Silver ends there.
    history = [
        fact("2017-05-04T10:00:00", "a", 2_500),
        fact("2017-05-05T10:00:00", "b", 500),
        fact("2017-05-25T10:00:00", "b", 500, "return"),
    ]

    assert standing(history) == Expected(0, 2_500, 500, "Basic", (
        Move(at("2017-05-04T10:00:00"), "Basic", "Silver"),
        Move(at("2017-05-05T10:00:00"), "Silver", "Gold"),
        Move(at("2017-05-25T10:00:00"), "Gold", "Silver"),
        Move(at("2017-10-31T00:00:00"), "Silver", "Basic"),
    ))  # fmt: skip


def test_facts_after_the_advance_move_the_members_own_lots_only() -> None:
    # Bought 5 October, due 3 January; another fact on 4 January is later than that, so it is gone.
    history = [fact("2017-10-05T00:00:00", "a", 30), fact("2018-01-04T00:00:00", "b", 2)]

    assert standing(history[:1]) == Expected(30, 0, 0, "Basic", ())
    assert standing(history) == Expected(2, 30, 0, "Basic", ())
    assert at("2017-10-05T00:00:00") + 90 * DAY_US == at("2018-01-03T00:00:00")
