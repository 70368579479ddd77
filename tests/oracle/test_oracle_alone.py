"""The oracle on its own, against arithmetic done by hand: lots, spending and tiers; CASES.md by id."""

from __future__ import annotations

from oracle.tale import Tale, lines, us

STEPS = (("Silver", 100, 150), ("Gold", 500, 200))


def test_ac_42_the_lot_that_expires_first_is_spent_first() -> None:
    tale = Tale()
    january, february = "2027-01-01T00:00:00Z", "2027-02-01T00:00:00Z"
    lots = [{"points": 50, "expires": january}, {"points": 50, "expires": february}]
    tale.tell("balance.opened", "ann", "2026-01-01", lots=lots)
    tale.redeem("ann", 70, "2026-06-01")
    assert tale.lots("ann") == [(30, "2027-02-01")]  # 50 of January, 20 of February: 50 - 20
    assert tale.booked("ann") == {"opened": 100, "redeemed": -70}


def test_ac_44_points_that_come_pay_debt_first() -> None:
    tale = Tale()
    tale.buy("ann", 50, "2026-01-01")
    tale.redeem("ann", 80, "2026-01-02")
    assert tale.of("ann").points == -30  # 50 - 80
    tale.buy("ann", 100, "2026-01-03")
    assert tale.of("ann").points == 70  # 100 - 30
    assert tale.lots("ann") == [(70, None)]
    assert tale.booked("ann") == {"issued": 150, "redeemed": -80}


def test_ac_45_expiry_takes_only_its_own_lot() -> None:
    tale = Tale()
    tale.adjust("ann", 100, "2026-01-01", expires="2026-02-01T00:00:00Z")
    tale.adjust("ann", 40, "2026-01-01", expires="2026-03-01T00:00:00Z")
    tale.advance("2026-02-15")
    assert tale.lots("ann") == [(40, "2026-03-01")]
    assert tale.booked("ann") == {"adjusted": 140, "expired": -100}


def test_ac_47_points_are_gone_at_their_instant() -> None:
    tale = Tale(expiry_days=30)
    tale.buy("ann", 10, "2026-01-01")  # 30 days later: 31 January
    tale.advance("2026-01-30T23:59:59.999999Z")
    assert tale.of("ann").points == 10
    tale.advance("2026-01-31")
    assert tale.of("ann").points == 0


def test_ac_50_lots_without_end_go_last_and_the_older_of_them_first() -> None:
    tale = Tale()
    tale.adjust("ann", 10, "2026-01-01")
    tale.adjust("ann", 20, "2026-01-02")
    tale.adjust("ann", 30, "2026-01-03", expires="2030-01-01T00:00:00Z")
    tale.redeem("ann", 35, "2026-02-01")  # 30 with an end, then 5 of the 10
    assert tale.lots("ann") == [(5, None), (20, None)]


def test_oldest_first_is_a_policy() -> None:
    tale = Tale(burn_order="oldest")
    tale.adjust("ann", 10, "2026-01-01", expires="2030-01-01T00:00:00Z")
    tale.adjust("ann", 20, "2026-01-02", expires="2029-01-01T00:00:00Z")
    tale.redeem("ann", 15, "2026-02-01")  # all 10 of the first, 5 of the second
    assert tale.lots("ann") == [(15, "2029-01-01")]


def test_a_day_of_expiry_is_a_day_of_the_zone() -> None:
    tale = Tale(zone="Europe/Berlin", expiry_days=1)
    tale.buy("ann", 10, "2026-03-28T12:00:00+01:00")
    ((_, _, end_us),) = tale.of("ann").lots
    assert end_us == us("2026-03-29T12:00:00+02:00")  # the night between has 23 hours


def test_pending_points_become_usable_and_pay_debt() -> None:
    tale = Tale(pending_days=14)
    tale.buy("ann", 100, "2026-01-01")
    assert (tale.of("ann").pending, tale.of("ann").points) == (100, 0)
    tale.redeem("ann", 30, "2026-01-02")
    assert (tale.of("ann").pending, tale.of("ann").points) == (100, -30)
    tale.advance("2026-01-15")  # 1 + 14
    assert (tale.of("ann").pending, tale.of("ann").points) == (0, 70)  # 100 - 30


def test_ac_59_a_cancelled_redemption_comes_back_once() -> None:
    tale = Tale()
    tale.adjust("ann", 1000, "2026-01-01")
    tale.redeem("ann", 300, "2026-01-02", order="O")
    assert tale.of("ann").points == 700
    for _ in range(2):
        tale.tell("redemption.cancelled", "ann", "2026-01-03", order="O")
        assert tale.of("ann").points == 1000


def test_of_two_redemptions_for_an_order_the_later_is_cancelled_first() -> None:
    tale = Tale()
    tale.adjust("ann", 100, "2026-01-01")
    tale.redeem("ann", 10, "2026-01-02", order="O")
    tale.redeem("ann", 20, "2026-01-03", order="O")
    for points in (90, 100, 100):  # 70 + 20, + 10
        tale.tell("redemption.cancelled", "ann", "2026-01-04", order="O")
        assert tale.of("ann").points == points


def test_cancelling_undoes_debt_even_when_it_was_paid() -> None:
    tale = Tale()
    tale.adjust("ann", 50, "2026-01-01", expires="2027-01-01T00:00:00Z")
    tale.redeem("ann", 80, "2026-01-02", order="O")  # 50 and a debt of 30
    tale.buy("ann", 20, "2026-01-03")  # pays 20 of it
    assert tale.of("ann").points == -10
    tale.tell("redemption.cancelled", "ann", "2026-01-04", order="O")
    # of the 30, 10 were still owed, and 20 come back; the lot has its 50 again
    assert tale.lots("ann") == [(50, "2027-01-01"), (20, None)]


def test_a_hold_captured_in_part_frees_the_rest() -> None:
    tale = Tale()
    tale.adjust("ann", 60, "2026-01-01", expires="2026-01-05T00:00:00Z")
    tale.adjust("ann", 40, "2026-01-01")
    tale.tell("hold.placed", "ann", "2026-01-02", hold="H", points=80, order="O")  # 60 and 20
    assert (tale.of("ann").points, tale.of("ann").held) == (20, 80)
    tale.advance("2026-01-06")  # the first lot's time is past, but its points are held
    assert (tale.of("ann").points, tale.of("ann").held) == (20, 80)
    tale.tell("hold.captured", "ann", "2026-01-07", hold="H", points=50)
    assert (tale.of("ann").points, tale.of("ann").held) == (40, 0)  # 10 come back and expire, 20 come back
    assert tale.booked("ann") == {"adjusted": 100, "redeemed": -50, "expired": -10}
    tale.tell("redemption.cancelled", "ann", "2026-01-08", order="O")  # 50 of the expired lot
    assert tale.booked("ann") == {"adjusted": 100, "expired": -60}


def test_a_hold_ends_by_itself_and_its_name_is_used_up() -> None:
    tale = Tale()
    tale.adjust("ann", 100, "2026-01-01")
    tale.tell("hold.placed", "ann", "2026-01-02", hold="H", points=150)
    assert (tale.of("ann").points, tale.of("ann").held) == (0, 100)  # short: what there is
    tale.advance("2026-01-08T23:59:59Z")
    assert tale.of("ann").held == 100
    tale.advance("2026-01-09")  # 2 + 7 days
    assert (tale.of("ann").points, tale.of("ann").held) == (100, 0)
    tale.tell("hold.placed", "ann", "2026-01-10", hold="H", points=10)
    tale.tell("hold.captured", "ann", "2026-01-10", hold="H")
    tale.tell("hold.placed", "ann", "2026-01-10", hold="K", points=10, until="2026-01-09T00:00:00Z")
    assert (tale.of("ann").points, tale.of("ann").held) == (100, 0)


def test_ac_71_and_73_tiers_follow_what_was_earned_not_what_is_left() -> None:
    tale = Tale(rungs=(("Silver", 100, 100), ("Gold", 500, 100)))
    tale.buy("ann", 100, "2026-01-01", order="O")
    tale.redeem("ann", 100, "2026-01-02")
    assert tale.of("ann").rung == "Silver"
    tale.returned("ann", "O", "2026-01-03", share_bps=5000)
    assert tale.of("ann").rung == "Basic"  # 100 - 50
    tale.buy("ann", 500, "2026-01-04")
    assert tale.of("ann").rung == "Gold"  # 550


def test_the_multiplier_is_that_of_the_rung_before_and_its_points_go_with_the_line() -> None:
    tale = Tale(rungs=STEPS)
    tale.buy("ann", 100, "2026-01-01")
    assert tale.of("ann").points == 100  # Basic until then
    tale.buy("ann", 25, "2026-01-02", order="O", lines=lines(1000, 1500))
    assert tale.of("ann").points == 137  # 25 + 12 (12.5 down)
    tale.returned("ann", "O", "2026-01-03", lines=[{"line": 1}])
    assert tale.of("ann").points == 122  # 10 of the 25, and of the 12 the first line's 5 (4.8 to 7.2)


def test_a_rung_is_lost_when_the_day_is_out_of_the_window() -> None:
    tale = Tale(zone="Europe/Berlin", rungs=STEPS, tier_days=10)
    tale.buy("ann", 100, "2026-01-01T23:30:00Z")  # in Berlin 2 January: counts until 11 January
    tale.advance("2026-01-11T22:59:59Z")
    assert tale.of("ann").rung == "Silver"
    tale.advance("2026-01-11T23:00:00Z")
    assert tale.of("ann").rung == "Basic"
    tale.buy("ann", 200, "2026-01-02")  # late, and out of the window
    assert tale.of("ann").rung == "Basic"
