"""The oracle on its own: transfers and merges, late facts and corrections."""

from __future__ import annotations

from oracle.tale import Tale

STEPS = (("Silver", 100, 150), ("Gold", 500, 200))


def test_ac_65_a_transfer_keeps_the_terms_of_the_lots() -> None:
    tale = Tale()
    tale.adjust("ann", 30, "2026-01-01", expires="2026-06-01T00:00:00Z")
    tale.adjust("ann", 170, "2026-01-01")
    tale.tell("points.transferred", "ann", "2026-02-01", to="bob", points=100)
    assert tale.lots("ann") == [(100, None)]  # 200 - 100
    assert tale.lots("bob") == [(30, "2026-06-01"), (70, None)]
    assert (tale.booked("ann")["transferred"], tale.booked("bob")["transferred"]) == (-100, 100)
    tale.tell("points.transferred", "ann", "2026-02-01", to="ann", points=100)
    assert tale.of("ann").points == 100


def test_transferred_points_keep_their_age_and_their_purchase() -> None:
    tale = Tale(expiry_days=100)
    tale.buy("ann", 30, "2026-01-01", order="O")  # until 11 April
    tale.adjust("bob", 20, "2026-01-02", expires="2026-04-11T00:00:00Z")
    tale.tell("points.transferred", "ann", "2026-01-03", to="bob", points=30)
    tale.redeem("bob", 10, "2026-01-04")  # of the 30, which are older
    assert tale.lots("bob") == [(20, "2026-04-11"), (20, "2026-04-11")]
    tale.tell("points.transferred", "bob", "2026-01-05", to="ann", points=15)
    tale.adjust("ann", 40, "2026-01-06", expires="2026-02-01T00:00:00Z")
    tale.returned("ann", "O", "2026-01-07")  # 15 of the lot that came back, 15 of the 40
    assert tale.lots("ann") == [(25, "2026-02-01")]
    tale.tell("points.transferred", "ann", "2026-01-08", to="ann", points=5)
    assert tale.lots("ann") == [(25, "2026-02-01")]


def test_a_transfer_beyond_the_balance_is_debt_and_may_restart_the_terms() -> None:
    tale = Tale(expiry_days=31, transfer_expiry="restart")
    tale.buy("ann", 50, "2026-01-10")
    tale.tell("points.transferred", "ann", "2026-01-25", to="bob", points=80)
    assert tale.of("ann").points == -30
    assert tale.lots("bob") == [(30, "2026-02-25"), (50, "2026-02-25")]  # AC-40: from 25 January


def test_ac_67_a_merge_joins_and_an_unmerge_parts() -> None:
    tale = Tale()
    tale.adjust("ann", 100, "2026-01-02")
    tale.adjust("bob", 200, "2026-01-01")
    merge = tale.tell("members.merged", "ann", "2026-02-01", absorbed="bob")
    assert (tale.of("ann").points, tale.of("bob").points) == (300, 0)
    tale.redeem("bob", 250, "2026-02-02")  # the older 200, then 50 of ann's 100
    tale.buy("bob", 40, "2026-02-03")  # on the absorbed card
    assert tale.of("ann").points == 90
    tale.tell("members.unmerged", "ann", "2026-02-04", absorbed="bob", merge=merge)
    assert (tale.lots("ann"), tale.lots("bob")) == ([(50, None)], [(40, None)])
    assert tale.booked("ann") == {"adjusted": 100, "issued": 40, "redeemed": -250, "transferred": 160}
    assert tale.booked("bob") == {"adjusted": 200, "transferred": -160}  # 200 went, 40 came


def test_a_merge_frees_holds_pays_debt_and_takes_returns_from_either_card() -> None:
    tale = Tale()
    tale.redeem("ann", 70, "2026-01-01")
    tale.buy("bob", 100, "2026-01-01", order="O")
    tale.tell("hold.placed", "bob", "2026-01-02", hold="H", points=60)
    tale.tell("members.merged", "ann", "2026-01-03", absorbed="bob")
    assert (tale.of("ann").points, tale.of("ann").held, tale.of("bob").held) == (30, 0, 0)  # 100 - 70
    tale.returned("ann", "O", "2026-01-04", share_bps=2500)
    assert tale.of("ann").points == 5  # 30 - 25
    tale.tell("members.merged", "cid", "2026-01-05", absorbed="bob")  # absorbed already
    tale.tell("members.merged", "bob", "2026-01-05", absorbed="ann")  # herself
    assert (tale.of("ann").points, tale.of("cid").points) == (5, 0)


def test_a_merge_takes_debt_along_and_of_equal_lots_the_one_told_first_is_the_older() -> None:
    tale = Tale()
    tale.adjust("bob", 20, "2026-01-01")
    tale.adjust("ann", 30, "2026-01-01")
    tale.redeem("cid", 5, "2026-01-01")
    merge = tale.tell("members.merged", "ann", "2026-01-02", absorbed="bob")
    tale.tell("members.merged", "ann", "2026-01-02", absorbed="cid")
    assert tale.lots("ann") == [(15, None), (30, None)]  # bob's 20 paid cid's 5
    tale.tell("members.unmerged", "ann", "2026-01-03", absorbed="bob", merge=merge + 1)  # that was cid's
    assert tale.of("bob").points == 0
    tale.tell("members.unmerged", "ann", "2026-01-03", absorbed="cid", merge=merge + 1)
    assert (tale.of("ann").points, tale.of("cid").points) == (45, 0)  # debt stays


def test_a_late_fact_is_booked_now_and_judged_by_its_own_time() -> None:
    tale = Tale(expiry_days=30)
    tale.redeem("ann", 10, "2026-03-01")
    tale.buy("ann", 25, "2026-01-01")  # would have expired on 31 January: pays the debt, the rest expires
    assert tale.of("ann").points == 0
    assert tale.booked("ann") == {"issued": 25, "redeemed": -10, "expired": -15}
    tale.buy("ann", 25, "2026-02-10")  # until 12 March
    assert tale.lots("ann") == [(25, "2026-03-12")]


def test_the_clock_passes_for_those_with_nothing_due_too() -> None:
    tale = Tale(expiry_days=30)
    tale.advance("2026-06-01")
    tale.buy("ann", 10, "2026-01-01")  # late: expired on 31 January
    tale.redeem("ann", 4, "2026-01-02")
    assert tale.booked("ann") == {"issued": 10, "expired": -10, "redeemed": -4}


def test_what_has_expired_is_not_extended() -> None:
    tale = Tale(expiry_days=30)
    tale.buy("ann", 10, "2026-01-01")
    tale.redeem("ann", 10, "2026-01-02", order="O")
    tale.tell("points.extended", "ann", "2026-02-01", expires="2026-03-01T00:00:00Z")  # a day late
    tale.tell("redemption.cancelled", "ann", "2026-02-02", order="O")
    assert tale.booked("ann") == {"issued": 10, "expired": -10}


def test_extension_and_reinstatement() -> None:
    tale = Tale(expiry_days=30)
    tale.buy("ann", 10, "2026-01-01")  # until 31 January
    tale.buy("ann", 20, "2026-01-05")  # until 4 February
    tale.tell("points.extended", "ann", "2026-01-10", expires="2026-03-01T00:00:00Z", lot=2)
    tale.advance("2026-02-10")
    assert tale.lots("ann") == [(20, "2026-03-01")]
    tale.tell("points.extended", "ann", "2026-02-10", expires="2026-02-20T00:00:00Z")  # never shorter
    assert tale.lots("ann") == [(20, "2026-03-01")]
    tale.tell("points.reinstated", "ann", "2026-02-11", points=7)
    tale.tell("points.reinstated", "ann", "2026-02-11", points=7)  # only 3 of the 10 are left
    assert tale.lots("ann") == [(20, "2026-03-01"), (3, None), (7, None)]
    assert tale.booked("ann") == {"issued": 30}


def test_a_retraction_undoes_earning_spending_and_adjusting() -> None:
    tale = Tale()
    bought = tale.buy("ann", 100, "2026-01-01", order="O")
    spent = tale.redeem("ann", 30, "2026-01-02", order="P")
    given = tale.adjust("ann", 50, "2026-01-03")
    taken = tale.adjust("ann", -5, "2026-01-03")
    for position, points in ((spent, 145), (taken, 150), (given, 100), (bought, 0), (bought, 0)):
        tale.retract("ann", position, "2026-01-04")
        assert tale.of("ann").points == points  # 100 - 30 + 50 - 5 = 115; + 30; + 5; - 50; - 100; nothing
    assert tale.booked("ann") == {"issued": 100, "adjusted": 50, "reversed": -150}


def test_a_retracted_return_gives_back_and_spends_again() -> None:
    tale = Tale()
    tale.adjust("ann", 20, "2026-01-01")
    tale.buy("ann", 100, "2026-01-02", order="O")
    tale.redeem("ann", 50, "2026-01-03", order="O")  # the older 20, then 30
    back = tale.returned("ann", "O", "2026-01-04")
    assert tale.lots("ann") == [(20, None)]  # 50 come back, 100 go
    tale.retract("ann", back, "2026-01-05")
    assert tale.lots("ann") == [(70, None)]  # 20 + 100 - 50, the older first
    tale.returned("ann", "O", "2026-01-06", share_bps=1000)
    assert tale.of("ann").points == 60  # the order stands again: 10 % of 100
    tale.tell("redemption.cancelled", "ann", "2026-01-07", order="O")
    assert tale.of("ann").points == 110


def test_a_retracted_return_leaves_what_had_expired() -> None:
    tale = Tale(expiry_days=30, rungs=STEPS)
    tale.buy("ann", 100, "2026-01-01", order="O")
    tale.adjust("ann", 50, "2026-02-10", expires="2027-01-01T00:00:00Z")  # by then 100 have expired
    for _ in range(2):  # the second return finds the same as the first
        back = tale.returned("ann", "O", "2026-02-11")
        assert (tale.of("ann").points, tale.of("ann").rung) == (50, "Basic")
        tale.retract("ann", back, "2026-02-12")
        assert (tale.of("ann").points, tale.of("ann").rung) == (50, "Silver")
    assert tale.booked("ann") == {"issued": 100, "expired": -100, "adjusted": 50}


def test_a_retracted_cancellation_or_retraction_takes_again() -> None:
    tale = Tale()
    bought = tale.buy("ann", 100, "2026-01-01", order="O")
    tale.redeem("ann", 30, "2026-01-02", order="P")
    cancelled = tale.tell("redemption.cancelled", "ann", "2026-01-03", order="P")
    assert tale.of("ann").points == 100
    tale.retract("ann", cancelled, "2026-01-04")
    assert tale.of("ann").points == 70
    undone = tale.retract("ann", bought, "2026-01-05")
    assert tale.of("ann").points == -30
    tale.retract("ann", undone, "2026-01-06")
    assert tale.of("ann").points == 70
    tale.retract("bob", bought, "2026-01-07")  # not his
    assert tale.of("ann").points == 70
