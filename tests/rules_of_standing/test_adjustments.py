"""Balances changed by a person, and balances brought from an older system."""

from __future__ import annotations

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Corrections"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 100
    [rules.clawback]
    [rules.adjustments]
    [rules.opening_balance]
"""


def adjusted(*changes: int, **fields: str) -> Story:
    story = Story(PROGRAMME)
    for day, points in enumerate(changes, start=1):
        story.given(
            "ann", "points.adjusted", at=f"2026-03-{day:02d}", points=points, reason="flyer 12", **fields
        )
    return story


def postings(story: Story) -> list[tuple[int, str, str]]:
    return [(entry.points, entry.account, entry.reason) for entry in story.entries("ann")]


def flags(story: Story) -> list[tuple[str, str]]:
    return [(flag.flag, flag.reason) for flag in story.folded().flags]


def test_points_given_come_from_the_account_of_adjustments() -> None:
    story = adjusted(50, approver="eva")

    assert postings(story) == [(50, "adjusted", "flyer 12 (approved by eva)")]


def test_points_taken_go_to_it() -> None:
    story = adjusted(50, -20)

    assert postings(story)[-1] == (-20, "adjusted", "flyer 12")
    assert (story.balance("ann"), flags(story)) == (30, [])


def test_points_taken_beyond_the_balance_leave_a_debt_and_a_flag() -> None:
    story = adjusted(50, -80)

    assert story.balance("ann") == 50 - 80
    assert flags(story) == [("overdrawn", "an adjustment took 80 points, 50 were available")]


def test_points_taken_to_the_last_are_not_flagged() -> None:
    story = adjusted(50, -50)

    assert (story.balance("ann"), flags(story)) == (0, [])


def test_nothing_is_nothing() -> None:
    story = adjusted(0)

    assert postings(story) == []
    assert [note.text for note in story.notes() if note.is_refusal] == ["adjusted by 0 points"]


def test_given_points_expire_when_the_fact_says_so() -> None:
    story = adjusted(50, expires="2026-04-01T00:00:00Z")
    story.advance("2026-03-31T23:59:59.999999Z")
    assert story.balance("ann") == 50

    story.advance("2026-04-01")
    assert story.balance("ann") == 0


def test_given_points_expire_by_the_programmes_terms_when_the_fact_says_nothing() -> None:
    (lot,) = adjusted(50).state("ann").lots

    assert rfc3339(lot.expires_us) == "2026-06-09T00:00:00Z"  # 1 March + 100 days


def test_a_retracted_adjustment_is_undone() -> None:
    for change in (50, -50):
        story = adjusted(change)
        story.given("ann", "fact.retracted", at="2026-03-02", retracted=2, reason="wrong member")

        assert story.balance("ann") == 0


def test_an_opening_balance_keeps_its_lots() -> None:
    story = Story(PROGRAMME)
    story.given(
        "ann", "balance.opened", at="2026-01-01", system="Stamps",
        lots=[
            {"points": 300, "earned": "2025-06-01T10:00:00Z", "expires": "2026-06-01T00:00:00Z"},
            {"points": 200, "origin": "summer game"},
        ],
    )  # fmt: skip

    assert postings(story) == [
        (300, "opened", "brought from Stamps, earned 2025-06-01"),
        (200, "opened", "brought from Stamps: summer game"),
    ]
    assert [rfc3339(lot.expires_us) for lot in story.state("ann").lots] == [
        "2026-04-11T00:00:00Z",  # no expiry of its own: 1 January + 100 days
        "2026-06-01T00:00:00Z",
    ]


def test_an_opening_lot_is_gone_at_its_own_instant() -> None:
    story = Story(PROGRAMME)
    lots = [{"points": 300, "expires": "2026-06-01T00:00:00Z"}]
    story.given("ann", "balance.opened", at="2026-01-01", lots=lots)
    story.advance("2026-05-31T23:59:59.999999Z")
    assert story.balance("ann") == 300

    story.advance("2026-06-01")
    assert story.balance("ann") == 0


def test_an_opening_debt_is_paid_by_the_next_points() -> None:
    story = Story(PROGRAMME)
    story.given("ann", "balance.opened", at="2026-01-01", lots=[], debt=70)
    assert story.balance("ann") == -70

    story.purchase("ann", "100.00", at="2026-01-02", order="A")
    assert story.balance("ann") == 100 - 70
    assert postings(story)[0] == (
        -70, "opened", "brought from an older system: owed there, beyond the balance: debt",
    )  # fmt: skip
