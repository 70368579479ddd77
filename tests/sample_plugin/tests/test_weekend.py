"""The package's own tests: they need only what is published."""

from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Weekend"
    zone = "America/New_York"
    currency = "USD"

    [rules.points_per_spend]

    [rules.weekend_bonus]
    percent = 50
"""


def test_saturday_in_new_york_earns_half_as_much_again() -> None:
    story = Story(PROGRAMME)
    story.purchase("ann", "31.00", at="2026-03-08T03:30:00Z")  # Saturday 7 March, 22:30 in New York

    assert [entry.points for entry in story.entries()] == [31, 15]  # 31 × 50 % = 15.5, fraction dropped


def test_monday_earns_nothing_more_and_says_why() -> None:
    story = Story(PROGRAMME)
    story.purchase("ann", "31.00", at="2026-03-09T12:00:00Z")

    assert story.balance("ann") == 31
    assert "not a weekend" in [note.text for note in story.notes()]
