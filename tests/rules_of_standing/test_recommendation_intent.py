"""What members say about recommending us, and what follows from it."""

from __future__ import annotations

import pytest

from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Recommendations"
    zone = "UTC"
    currency = "USD"
    [rules.clawback]
    [rules.recommendation_intent]
    points = 15
"""


def answered(*likelihoods: str) -> Story:
    story = Story(PROGRAMME)
    for day, likelihood in enumerate(likelihoods, start=1):
        story.given("ann", "recommendation.stated", at=f"2026-03-{day:02d}", likelihood=likelihood)
    return story


def actions(story: Story) -> list[tuple[str, str]]:
    return [(action.action, action.reason) for action in story.folded().actions]


@pytest.mark.parametrize(
    ("likelihood", "expected"),
    [
        ("very likely", [("ask for a referral", "would very likely recommend us")]),
        ("possible", []),
        ("impossible", [("find out why not recommended", "would not recommend us")]),
    ],
)
def test_the_answer_says_what_to_do(likelihood: str, expected: list[tuple[str, str]]) -> None:
    assert actions(answered(likelihood)) == expected


def test_only_the_first_answer_gives_points() -> None:
    story = answered("possible", "very likely")

    assert story.balance("ann") == 15
    assert [entry.reason for entry in story.entries()] == ["thank you for your answer"]


def test_after_a_retraction_the_next_answer_is_the_first() -> None:
    story = answered("possible")  # fact 2
    story.given("ann", "fact.retracted", at="2026-03-02", retracted=2, reason="another customer's")
    assert story.balance("ann") == 0

    story.given("ann", "recommendation.stated", at="2026-03-03", likelihood="possible")
    assert story.balance("ann") == 15


def test_without_points_nothing_is_booked() -> None:
    story = Story(PROGRAMME.replace("points = 15", ""))
    story.given("ann", "recommendation.stated", at="2026-03-01", likelihood="very likely")

    assert story.entries() == []


def test_points_that_stay_are_not_given_twice() -> None:
    """Without a rule that takes them back, the points of a retracted answer stay."""
    story = Story(PROGRAMME.replace("[rules.clawback]", ""))
    position = story.given("ann", "recommendation.stated", at="2026-03-01", likelihood="possible")
    story.given("ann", "fact.retracted", at="2026-03-02", retracted=position, reason="another customer's")
    story.given("ann", "recommendation.stated", at="2026-03-03", likelihood="possible")

    assert story.balance("ann") == 15
