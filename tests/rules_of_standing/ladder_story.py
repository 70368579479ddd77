"""Small histories on a ladder called "tier", and what became of them."""

from __future__ import annotations

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.testing import Story

TWO = "rungs = [{name = 'Silver', points = 100}, {name = 'Gold', points = 300}]"


def story_of(tier: str, *, rungs: str = TWO, zone: str = "UTC", more: str = "") -> Story:
    """Return a story under a ladder with these parameters; a point per whole dollar."""
    return Story(
        f"programme = 'Ladder'\nzone = '{zone}'\ncurrency = 'USD'\n[rules.points_per_spend]\n{more}\n"
        f"[rules.clawback]\nwindow_days = 3000\n[rules.tier]\nuse = 'tiers'\n{rungs}\n{tier}"
    )


def rung(story: Story, member: str = "ann") -> str:
    """Return where a member stands at the end."""
    found = story.state(member).rungs.get("tier")
    return found.rung if found else ""


def moves(story: Story, member: str = "ann") -> list[tuple[str, str]]:
    """Return when a member moved, and where to."""
    return [(rfc3339(move.booked_us), move.rung) for move in story.folded().moves if move.member == member]


def remarks(story: Story) -> list[tuple[str, str]]:
    """Return flags and their reasons."""
    return [(flag.flag, flag.reason) for flag in story.folded().flags]
