"""``member show`` tells what each rung above still takes, and until when the own rung is safe."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from errors.stage import typed

PROGRAMME = """
programme = "Ahead"
zone = "Europe/Berlin"
currency = "EUR"
[rules.points_per_spend]
[rules.tier]
use = "tiers"
window = "calendar year"
rungs = [
  {name = "Silver", points = 100, benefits = ["free delivery"]},
  {name = "Gold", points = 300, spend = 400},
]
"""


@pytest.fixture
def shop(folder: Path) -> Path:
    (folder / "ahead.toml").write_text(PROGRAMME)
    typed(["init", "--programme", "ahead.toml"])
    for member, amount in (("ann", "120"), ("bob", "99")):
        words = f"record purchase.recorded {member} --set amount={amount} --set currency=EUR"
        typed([*words.split(), "--at", "2026-03-01T12:00:00Z"])
    typed(["record", "member.enrolled", "cid", "--at", "2026-03-01T12:00:00Z"])
    return folder


@pytest.mark.usefixtures("shop")
def test_after_the_rung_stands_what_lies_ahead() -> None:
    """Silver of 2026 holds through 2027; 300 - 120 = 180, 400 - 120 = 280; 100 - 99 = 1, 300 - 99 = 201."""
    typed(["project", "run"])

    ann, bob = (typed(["member", "show", member]).stdout for member in ("ann", "bob"))

    assert ann.split("reach Silver\n")[1].splitlines()[:3] == [
        "             Silver brings free delivery",
        "             Silver safe until 2027-12-31",
        "             Gold: 180 points or EUR 280.00 more until 2026-12-31",
    ]
    assert "  tier       Silver: 1 point more until 2026-12-31\n             Gold: 201 points or" in bob


@pytest.mark.usefixtures("shop")
def test_programs_read_the_same() -> None:
    typed(["project", "run"])

    (ahead,) = json.loads(typed(["member", "show", "bob", "--json"]).stdout)["ahead"]

    assert ahead == {
        "ladder": "tier", "currency": "EUR", "rung": "Basic", "safe_until": None, "is_in_grace": False,
        "benefits": [],
        "missing": [
            {
                "rung": "Silver", "points": 1, "spend_minor": None, "visits": None, "balance": None,
                "until": "2026-12-31", "benefits": ["free delivery"],
            },
            {
                "rung": "Gold", "points": 201, "spend_minor": 301_00, "visits": None, "balance": None,
                "until": "2026-12-31", "benefits": [],
            },
        ],
    }  # fmt: skip


def test_while_the_views_are_of_another_programme_nothing_lies_ahead(shop: Path) -> None:
    typed(["project", "run"])
    (shop / "next.toml").write_text(PROGRAMME.replace("points = 300", "points = 500"))
    typed(["programme", "apply", "next.toml"])
    assert json.loads(typed(["member", "show", "ann", "--json"]).stdout)["ahead"] == []

    typed(["project", "run"])
    (ahead,) = json.loads(typed(["member", "show", "ann", "--json"]).stdout)["ahead"]

    assert ahead["rung"] == "Silver"
