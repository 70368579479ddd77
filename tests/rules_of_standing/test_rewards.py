"""Rewards for points, and redemptions: what is cancelled gives its points back, once."""

from __future__ import annotations

from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Rewards"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 100
    [rules.rewards]
    window_days = 30
    [rules.redemption]
    window_days = 30
"""


def with_points(points: int) -> Story:
    """Return the story of ann, who has so many points until 2026-04-11, 100 days after 1 January."""
    story = Story(PROGRAMME)
    story.purchase("ann", f"{points}.00", at="2026-01-01", order="A")
    return story


def issue(story: Story, points: int, *, at: str = "2026-01-02", reward: str = "R1") -> int:
    return story.given("ann", "reward.issued", at=at, reward=reward, kind="voucher", points=points)


def cancel(story: Story, *, at: str = "2026-01-03", reward: str = "R1") -> int:
    return story.given("ann", "reward.cancelled", at=at, reward=reward)


def flags(story: Story) -> list[tuple[str, str]]:
    return [(flag.flag, flag.reason) for flag in story.folded().flags]


def test_a_reward_costs_its_points() -> None:
    story = with_points(500)
    issue(story, 300)

    assert story.balance("ann") == 500 - 300
    assert story.entries()[-1].reason == "reward R1: voucher"


def test_a_reward_beyond_the_balance_leaves_a_debt_and_a_flag() -> None:
    story = with_points(200)
    issue(story, 300)

    assert story.balance("ann") == 200 - 300
    assert flags(story) == [("overdrawn", "reward R1 costs 300 points, 200 were available")]


def test_a_reward_for_exactly_the_balance_is_not_flagged() -> None:
    story = with_points(300)
    issue(story, 300)

    assert (story.balance("ann"), flags(story)) == (0, [])


def test_a_cancelled_reward_gives_its_points_back_once() -> None:
    story = with_points(500)
    issue(story, 300)
    cancel(story)
    cancel(story)

    assert story.balance("ann") == 500
    assert [lot.points for lot in story.state("ann").lots] == [500]
    assert [note.text for note in story.notes() if note.is_refusal] == ["reward R1 was cancelled before"]


def test_points_given_back_keep_their_expiry() -> None:
    story = with_points(500)
    issue(story, 500)
    cancel(story)
    story.advance("2026-04-10T23:59:59.999999Z")
    assert story.balance("ann") == 500

    story.advance("2026-04-11")  # 1 January + 100 days
    assert story.balance("ann") == 0


def test_a_used_reward_gives_nothing_back_when_cancelled() -> None:
    story = with_points(500)
    issue(story, 300)
    story.given("ann", "reward.redeemed", at="2026-01-03", reward="R1")
    cancel(story, at="2026-01-04")

    assert story.balance("ann") == 200
    assert flags(story) == [
        ("cancelled-after-use", "reward R1 was cancelled after it had been used: its points stay spent")
    ]


def test_a_reward_nobody_issued_is_flagged() -> None:
    story = with_points(500)
    cancel(story)

    assert story.balance("ann") == 500
    assert flags(story) == [("unknown-reward", "reward R1 was cancelled, but never issued")]


def test_a_free_reward_is_cancelled_in_silence() -> None:
    story = with_points(500)
    issue(story, 0)
    cancel(story)

    assert (story.balance("ann"), flags(story)) == (500, [])


def test_after_the_window_the_points_stay_spent() -> None:
    story = with_points(500)
    issue(story, 300, at="2026-01-02")
    story.purchase("ann", "1.00", at="2026-02-02", order="B")  # 31 days later
    cancel(story, at="2026-02-02")

    assert story.balance("ann") == 500 - 300 + 1
    assert flags(story) == [
        ("not-restored", "reward R1 was issued more than 30 days ago: its 300 points stay spent")
    ]


def test_on_the_last_instant_of_the_window_they_come_back() -> None:
    story = with_points(500)
    issue(story, 300, at="2026-01-02")
    story.purchase("ann", "1.00", at="2026-02-01", order="B")  # 30 days later to the instant
    cancel(story, at="2026-02-01")

    assert story.balance("ann") == 501


def test_a_cancelled_redemption_gives_its_points_back_once() -> None:
    story = with_points(500)
    story.redeem("ann", 300, at="2026-01-02", order="X")
    story.given("ann", "redemption.cancelled", at="2026-01-03", order="X")
    story.given("ann", "redemption.cancelled", at="2026-01-04", order="X")

    assert story.balance("ann") == 500
    assert story.entries()[-1].reason == "redemption for order X cancelled"
    assert [note.text for note in story.notes() if note.is_refusal] == [
        "the redemption for order X was cancelled before"
    ]


def test_an_order_redeemed_again_can_be_cancelled_again() -> None:
    story = with_points(500)
    for day in (2, 4):
        story.redeem("ann", 300, at=f"2026-01-{day:02d}", order="X")
        story.given("ann", "redemption.cancelled", at=f"2026-01-{day + 1:02d}", order="X")

    assert story.balance("ann") == 500


def test_a_cancelled_overdraft_pays_its_debt() -> None:
    story = with_points(200)
    story.redeem("ann", 300, at="2026-01-02", order="X")
    assert story.balance("ann") == -100

    story.given("ann", "redemption.cancelled", at="2026-01-03", order="X")
    assert story.balance("ann") == 200


def test_a_redemption_nobody_knows_is_flagged() -> None:
    story = with_points(200)
    story.given("ann", "redemption.cancelled", at="2026-01-03", order="X")

    assert flags(story) == [
        ("unknown-redemption", "a redemption for order X was cancelled, but none is remembered")
    ]
