"""The oracle on its own: what comes back, and what is retracted."""

from __future__ import annotations

import pytest

from oracle.oracle import largest_remainder
from oracle.tale import Tale, lines


def test_ac_54_a_return_takes_its_share_of_the_order() -> None:
    """Scaled to 7 points a unit: 10.00 in lines of 2.50, 2.50 and 5.00 gave 70 points."""
    for policy in ("order", "lines"):  # the oracle's lines weigh their amount, so both are 35 here
        tale = Tale(points_per_unit=7, by=policy)
        tale.buy("ann", 10, "2026-01-01", order="O", lines=lines(250, 250, 500))
        tale.returned("ann", "O", "2026-01-02", lines=[{"line": 3}])
        assert tale.of("ann").points == 35  # 70 - 70 × 5.00 / 10.00


def test_ac_55_and_58_half_takes_half_and_all_taken_is_taken_once() -> None:
    tale = Tale(points_per_unit=5)
    tale.buy("ann", 200, "2026-01-01", order="O")  # 1,000
    tale.returned("ann", "O", "2026-01-02", amount_minor=100_00)
    assert tale.of("ann").points == 500
    for _ in range(3):
        tale.returned("ann", "O", "2026-01-03")
        assert tale.of("ann").points == 0
    assert tale.booked("ann") == {"issued": 1000, "reversed": -1000}


@pytest.mark.parametrize(
    ("beyond", "points", "booked"),
    [
        ("debt", -100, {"issued": 150, "redeemed": -100, "reversed": -150}),  # 150 - 100 - 150
        ("clamp", 0, {"issued": 150, "redeemed": -100, "reversed": -50}),
        ("waive", 0, {"issued": 150, "redeemed": -100, "reversed": -150, "waived": 100}),
    ],
)
def test_ac_57_points_already_spent(beyond: str, points: int, booked: dict[str, int]) -> None:
    tale = Tale(beyond=beyond)
    tale.buy("ann", 150, "2026-01-01", order="O")
    tale.redeem("ann", 100, "2026-01-02")
    tale.returned("ann", "O", "2026-01-03")
    assert tale.of("ann").points == points
    assert tale.booked("ann") == booked


def test_lines_share_an_award_by_largest_remainder_and_give_it_back_exactly() -> None:
    assert largest_remainder(10, [333, 333, 334]) == [3, 3, 4]  # 3.33, 3.33, 3.34
    assert largest_remainder(10, [1, 1, 1]) == [4, 3, 3]  # 3.33 each: the first gets the one that is over
    tale = Tale()
    tale.buy("ann", 10, "2026-01-01", order="O", lines=lines(0, 0, 0))  # all free: 1 each
    balances = []
    for line in (1, 2, 3):
        tale.returned("ann", "O", "2026-01-02", lines=[{"line": line}])
        balances.append(tale.of("ann").points)
    assert balances == [6, 3, 0]  # 10 - 4, - 3, - 3


def test_part_returns_round_their_sum() -> None:
    tale = Tale()
    tale.buy("ann", 5, "2026-01-01", order="O")
    balances = []
    for _ in range(4):
        tale.returned("ann", "O", "2026-01-02", amount_minor=1_50)
        balances.append(tale.of("ann").points)
    assert balances == [3, 2, 0, 0]  # back in sum: 1.5 → 2, 3.0 → 3, 4.5 → 5, all 5.00 → 5


def test_half_a_line_takes_half_of_what_the_line_earned() -> None:
    tale = Tale(rounding="down")
    tale.buy("ann", 10, "2026-01-01", order="O", lines=lines(300, 700))
    tale.returned("ann", "O", "2026-01-02", lines=[{"line": 2, "amount_minor": 350}])
    assert tale.of("ann").points == 7  # 7 × 3.50 / 7.00 = 3.5, down 3
    tale.returned("ann", "O", "2026-01-03", share_bps=5000)  # 5.00 of what is left, 3.00 and 3.50
    # 5.00 over 3.00 : 3.50 is 2.3077 and 2.6923, in cents 2.31 (remainder .77) and 2.69 (.23)
    assert tale.of("ann").points == 2  # 3 × 2.31/3.00 = 2.31; 7 × 6.19/7.00 = 6.19; sum 8.5 → 8, less 3 = 5


def test_pending_points_of_the_order_go_first() -> None:
    tale = Tale(pending_days=14)
    tale.adjust("ann", 50, "2026-01-01")
    tale.buy("ann", 100, "2026-01-01", order="O")
    tale.returned("ann", "O", "2026-01-02", share_bps=3000)
    assert (tale.of("ann").pending, tale.of("ann").points) == (70, 50)


def test_what_has_expired_of_an_award_is_not_taken_again() -> None:
    tale = Tale(expiry_days=30)
    tale.buy("ann", 100, "2026-01-01", order="O")
    tale.redeem("ann", 40, "2026-01-02")
    tale.adjust("ann", 50, "2026-02-10")  # by then 60 have expired
    tale.returned("ann", "O", "2026-02-11")
    assert tale.of("ann").points == 10  # 100 - 60 expired = 40 from the other 50
    assert tale.booked("ann") == {
        "issued": 100,
        "redeemed": -40,
        "expired": -60,
        "adjusted": 50,
        "reversed": -40,
    }


def test_a_whole_return_gives_back_the_points_spent_on_the_order() -> None:
    tale = Tale(beyond="clamp")
    tale.adjust("ann", 100, "2026-01-01", expires="2026-01-20T00:00:00Z")
    tale.buy("ann", 30, "2026-01-02", order="O")
    tale.redeem("ann", 60, "2026-01-03", order="O")
    tale.returned("ann", "O", "2026-01-10", share_bps=5000)
    assert tale.of("ann").points == 55  # 100 + 30 - 60 - 15: a part gives nothing back
    tale.returned("ann", "O", "2026-01-25")  # the 40 left expired on the 20th; so do the 60 that come back
    assert tale.of("ann").points == 0
    assert tale.booked("ann") == {"adjusted": 100, "issued": 30, "expired": -100, "reversed": -30}


def test_a_return_waits_for_its_purchase() -> None:
    tale = Tale()
    tale.returned("ann", "O", "2026-01-01", amount_minor=4_00)
    tale.returned("ann", "P", "2026-01-01")
    tale.buy("bob", 10, "2026-01-02", order="O")  # another member's order of the same name
    assert (tale.of("ann").points, tale.of("bob").points) == (0, 10)
    tale.buy("ann", 10, "2026-01-02", order="O")
    assert tale.of("ann").points == 6


def test_orders_come_back_within_the_window() -> None:
    tale = Tale(window_days=30)
    tale.buy("ann", 10, "2026-01-01", order="O")
    tale.returned("ann", "O", "2026-02-01")  # 31 days
    assert tale.of("ann").points == 10
    tale.returned("ann", "O", "2026-01-31")
    assert tale.of("ann").points == 0


def test_the_share_of_the_order_needs_no_lines() -> None:
    for by, points in (("lines", 6), ("order", 7)):  # the first of three lines: 4 points, or 10 / 3 = 3.33
        tale = Tale(by=by)
        tale.buy("ann", 10, "2026-01-01", order="O", lines=lines(0, 0, 0))
        tale.returned("ann", "O", "2026-01-02", lines=[{"line": 1}])
        assert tale.of("ann").points == points


def test_no_line_brings_back_more_than_it_was() -> None:
    tale = Tale()
    tale.buy("ann", 10, "2026-01-01", order="O", lines=lines(300, 700))
    tale.returned("ann", "O", "2026-01-02", lines=[{"line": 1, "amount_minor": 999}, {"line": 9}])
    assert tale.of("ann").points == 7


def test_a_return_never_gives_points() -> None:
    tale = Tale()
    tale.buy("ann", 5, "2026-01-01", order="O")
    first = tale.returned("ann", "O", "2026-01-02", amount_minor=40)  # 0.4 → 0
    tale.returned("ann", "O", "2026-01-02", amount_minor=20)  # 0.6 → 1
    tale.retract("ann", first, "2026-01-03")
    assert tale.of("ann").points == 4
    tale.returned("ann", "O", "2026-01-04", amount_minor=10)  # 0.3 → 0, but 1 is taken: nothing more
    assert tale.of("ann").points == 4
    tale.returned("ann", "O", "2026-01-05")
    assert tale.of("ann").points == 0
