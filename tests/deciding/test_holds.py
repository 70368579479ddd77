"""``hold place | capture | void``: every refusal on both sides of its boundary."""

from __future__ import annotations

from collections import Counter

import pytest

from deciding.counter import NOW_US, answer, decide, facts_in, in_parallel, projected_points, refusal
from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Cancel, CaptureHold, Command, PlaceHold, Redeem, VoidHold


def place(points: int = 60, hold: str = "H-1", **more: str) -> PlaceHold:
    return PlaceHold(member="ann", hold=hold, points=points, **more)


def test_all_points_can_be_held_and_not_one_more(counter: Database) -> None:
    assert refusal(counter, place(101)).code == "exceeds-balance"
    assert answer(counter, place(100)) == "created"
    assert refusal(counter, Redeem(member="ann", points=10)).code == "exceeds-balance"


def test_the_minimum_can_be_held_and_not_one_less(counter: Database) -> None:
    assert refusal(counter, place(9)).code == "below-minimum"
    assert answer(counter, place(10)) == "created"


@pytest.mark.parametrize(
    ("until", "code"), [("2026-06-01T12:00:00Z", "expires-too-early"), ("2026-06-01T12:00:01Z", "created")]
)
def test_a_hold_ends_after_it_begins(counter: Database, until: str, code: str) -> None:
    assert answer(counter, place(until=until)) == code


def test_a_name_is_used_once(counter: Database) -> None:
    assert answer(counter, place()) == "created"
    assert answer(counter, place()) == "duplicate"
    assert answer(counter, place(20)) == "idempotency-conflict"
    assert answer(counter, place(20), event_id="other") == "hold-taken"
    decide(counter, VoidHold(member="ann", hold="H-1"))
    assert answer(counter, place(20), event_id="other") == "hold-taken"


@pytest.mark.parametrize(("points", "code"), [(60, "created"), (61, "exceeds-hold"), (None, "created")])
def test_no_more_is_captured_than_held(counter: Database, points: int | None, code: str) -> None:
    decide(counter, place(60))

    assert answer(counter, CaptureHold(member="ann", hold="H-1", points=points)) == code


def test_what_is_not_captured_is_free_again(counter: Database) -> None:
    decide(counter, place(60))
    decide(counter, CaptureHold(member="ann", hold="H-1", points=25))

    assert projected_points(counter) == 75  # 100 - 25


def test_a_captured_hold_is_cancelled_as_the_redemption_of_its_order(counter: Database) -> None:
    decide(counter, place(60, order="O-7"))
    decide(counter, CaptureHold(member="ann", hold="H-1", points=40))

    assert answer(counter, Cancel(member="ann", order="O-7")) == "created"
    assert projected_points(counter) == 100


def test_each_end_of_a_hold_refuses_the_others_by_name(counter: Database) -> None:
    capture, void = CaptureHold(member="ann", hold="H-1"), VoidHold(member="ann", hold="H-1")
    assert refusal(counter, capture).code == "hold-unknown"
    assert refusal(counter, void).code == "hold-unknown"
    decide(counter, place())
    decide(counter, capture)
    assert answer(counter, capture) == "duplicate"
    assert answer(counter, CaptureHold(member="ann", hold="H-1", points=3), event_id="x") == "hold-captured"
    assert refusal(counter, void).code == "hold-captured"

    decide(counter, place(20, "H-2"))
    decide(counter, VoidHold(member="ann", hold="H-2"))
    assert answer(counter, VoidHold(member="ann", hold="H-2", reason="again")) == "duplicate"
    assert refusal(counter, CaptureHold(member="ann", hold="H-2")).code == "hold-voided"


@pytest.mark.parametrize(("later_us", "code"), [(7 * DAY_US - 1, "created"), (7 * DAY_US, "hold-expired")])
def test_a_hold_is_over_at_the_instant_it_ends(counter: Database, later_us: int, code: str) -> None:
    """Seven days of 24 hours, the instant inclusive."""
    decide(counter, place(), at_us=NOW_US - 7 * DAY_US)

    capture = CaptureHold(member="ann", hold="H-1")
    assert answer(counter, capture, at_us=NOW_US - 7 * DAY_US + later_us) == code


def test_holds_and_redemptions_together_never_overspend(counter: Database) -> None:
    """Eight ask for 30 of 100: three are served."""
    commands: list[Command] = []
    for number in range(4):
        commands += [place(30, f"H-{number}"), Redeem(member="ann", points=30, order=f"O-{number}")]

    answers = in_parallel(counter, commands)

    assert Counter(answers) == {"created": 3, "exceeds-balance": 5}


def test_a_hold_is_captured_or_voided_never_both(counter: Database) -> None:
    decide(counter, place(60))
    commands: list[Command] = [CaptureHold(member="ann", hold="H-1") for _ in range(3)]
    commands += [VoidHold(member="ann", hold="H-1") for _ in range(3)]

    answers = in_parallel(counter, commands)

    assert answers.count("created") == 1
    captured = facts_in(counter, "hold.captured")
    assert captured + facts_in(counter, "hold.voided") == 1
    assert projected_points(counter) == (40 if captured else 100)
