"""Extensions and reinstatements: never shorter, never more than has expired."""

from __future__ import annotations

from loyalty_ledger.ledger.calendar import FOREVER_US, rfc3339
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Test"
    zone = "Europe/Berlin"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.clawback]
    [rules.extension]
    [rules.rolling_expiry]
    months = 1
"""


def told() -> Story:
    """Three lots: until 15 February (10 points), until 1 March (20), and one that is never asked (30)."""
    story = Story(PROGRAMME + ' rules = ["points_per_spend"]\n [rules.adjustments]')
    story.purchase("ann", "10.00", at="2026-01-15", order="A")
    story.purchase("ann", "20.00", at="2026-02-01", order="B")
    story.given("ann", "points.adjusted", at="2026-02-01", points=30, reason="a gesture")
    return story


def expiries(story: Story) -> dict[int, str]:
    return {
        lot.lot: "never" if lot.expires_us == FOREVER_US else rfc3339(lot.expires_us)
        for lot in story.state("ann").lots
    }


def extend(story: Story, expires: str, **fields: object) -> None:
    story.given("ann", "points.extended", at="2026-02-02", expires=expires, **fields)


def test_all_that_would_expire_before_live_on() -> None:
    story = told()
    extend(story, "2026-02-20T00:00:00Z", reason="post strike", approver="S-1")

    assert expiries(story) == {1: "2026-02-20T00:00:00Z", 2: "2026-03-01T00:00:00Z", 3: "never"}
    assert story.entries()[-1].reason == "extended until 2026-02-20: post strike (approved by S-1)"
    story.advance("2026-02-19T23:59:59Z")
    assert story.balance("ann") == 60
    story.advance("2026-02-20")
    assert story.balance("ann") == 50  # 60 - 10


def test_only_the_lot_that_is_named() -> None:
    story = told()
    extend(story, "2026-06-01T00:00:00Z", lot=2)

    assert expiries(story) == {1: "2026-02-15T00:00:00Z", 2: "2026-06-01T00:00:00Z", 3: "never"}


def test_an_extension_never_shortens() -> None:
    story = told()
    extend(story, "2026-02-10T00:00:00Z")

    assert expiries(story) == {1: "2026-02-15T00:00:00Z", 2: "2026-03-01T00:00:00Z", 3: "never"}
    assert [note.text for note in story.notes() if note.rule == "extension@1"] == [
        "nothing expires before 2026-02-10T00:00:00Z"
    ]


def test_the_instant_itself_is_no_extension() -> None:
    """Lot 1 expires on 15 February: a microsecond later is one, the instant itself is none."""
    story = told()
    extend(story, "2026-02-15T00:00:00Z")
    assert [entry.expires_us for entry in story.entries()[3:]] == []

    extend(story, "2026-02-15T00:00:00.000001Z")
    assert expiries(story)[1] == "2026-02-15T00:00:00.000001Z"


def test_a_lot_that_is_not_open_is_flagged() -> None:
    story = told()
    extend(story, "2026-06-01T00:00:00Z", lot=7)

    assert [(flag.flag, flag.reason) for flag in story.folded().flags] == [
        ("no-lot", "lot 7 was extended, but is not open")
    ]


def test_an_extended_lot_is_spent_by_its_new_place() -> None:
    """Lot 1 outlives lot 2 now: 25 points are its 20, then 5 of lot 1."""
    story = told()
    extend(story, "2026-06-01T00:00:00Z", lot=1)
    story.redeem("ann", 25, at="2026-02-03")

    burned = [(entry.lot, entry.points) for entry in story.entries() if entry.account == "redeemed"]
    assert burned == [(2, -20), (1, -5)]


def test_what_has_expired_is_not_extended() -> None:
    story = told()
    story.advance("2026-02-15")
    extend(story, "2026-06-01T00:00:00Z", lot=1)  # told late, of an instant before

    assert story.balance("ann") == 50
    assert [flag.flag for flag in story.folded().flags] == ["no-lot"]


# -- reinstatement ------------------------------------------------------------------------------------------


def expired(points: int = 10) -> Story:
    story = Story(PROGRAMME)
    story.purchase("ann", f"{points}.00", at="2026-01-15", order="A")
    story.advance("2026-02-15")
    return story


def reinstate(story: Story, points: int, **fields: object) -> None:
    story.given("ann", "points.reinstated", at="2026-02-20", points=points, **fields)


def test_expired_points_come_back_in_a_lot_of_their_own() -> None:
    story = expired()
    reinstate(story, 6, reason="we were closed", approver="S-1")

    assert story.balance("ann") == 6  # 10 - 10 + 6
    last = story.entries()[-1]
    assert (last.lot, last.points, last.account, last.contra) == (2, 6, "expired", -6)
    assert last.reason == "expired points reinstated: we were closed (approved by S-1)"
    assert expiries(story) == {2: "never"}  # rules for points that are earned do not ask
    assert story.folded().flags == []


def test_they_can_have_an_end_of_their_own() -> None:
    story = expired()
    reinstate(story, 6, expires="2026-03-01T00:00:00Z")

    story.advance("2026-02-28T23:59:59Z")
    assert story.balance("ann") == 6
    story.advance("2026-03-01")
    assert story.balance("ann") == 0
    assert story.state("ann").gone_points == 10  # 4 left, and the 6 again


def test_no_more_comes_back_than_has_expired() -> None:
    story = expired()
    reinstate(story, 6)
    reinstate(story, 6)  # 10 - 6 = 4 are left

    assert story.balance("ann") == 10
    assert [(flag.flag, flag.reason) for flag in story.folded().flags] == [
        ("reinstated-less", "6 points were reinstated, 4 had expired")
    ]


def test_all_that_has_expired_is_not_less() -> None:
    story = expired()
    reinstate(story, 10)

    assert (story.balance("ann"), story.folded().flags) == (10, [])


def test_where_nothing_has_expired_there_is_only_the_flag() -> None:
    story = Story(PROGRAMME)
    story.purchase("ann", "10.00", at="2026-02-15")
    reinstate(story, 6)

    assert story.balance("ann") == 10
    assert [flag.reason for flag in story.folded().flags] == ["6 points were reinstated, 0 had expired"]


def test_what_a_return_took_of_expired_points_cannot_be_reinstated() -> None:
    """10 expired; 4 of 10 dollars come back and take 4 of them: 6 are left."""
    story = expired()
    story.given("ann", "purchase.returned", at="2026-02-16", order="A", amount="4.00", currency="USD")
    reinstate(story, 10)

    assert story.balance("ann") == 6
    assert [flag.flag for flag in story.folded().flags] == ["reinstated-less"]


def test_reinstated_points_pay_a_debt_first() -> None:
    story = expired()
    story.redeem("ann", 4, at="2026-02-16")
    reinstate(story, 10)

    assert story.balance("ann") == 6  # -4 + 10
    assert [lot.points for lot in story.state("ann").lots] == [6]
