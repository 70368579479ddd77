"""CASES.md, section 6: the stages of the sources."""

from __future__ import annotations

import json

from loyalty_ledger.rules.testing import Story

PROGRAMME = """
    programme = "Stages"
    zone = "UTC"
    currency = "EUR"
    [rules.points_per_spend]
    [rules.clawback]
    [rules.stages]
"""


def test_ac_95_from_suspect_to_promoter_each_with_its_evidence() -> None:
    """Source 000: prospect → purchase → purchase → referral converted."""
    story = Story(PROGRAMME)
    enrolled = story.given("ann", "member.enrolled", at="2026-03-01")
    contact = story.given("ann", "contact.recorded", at="2026-03-02", direction="inbound", channel="shop")
    first = story.purchase("ann", "20.00", currency="EUR", order="A1", at="2026-03-03")
    second = story.purchase("ann", "30.00", currency="EUR", order="A2", at="2026-03-04")
    referral = story.given("ann", "referral.made", at="2026-03-05", referred="bob")
    converted = story.purchase("bob", "10.00", currency="EUR", order="B1", at="2026-03-06")

    moves = [move for move in story.folded().moves if move.member == "ann"]

    assert [(move.old, move.rung, json.loads(move.evidence)["facts"]) for move in moves] == [
        ("", "suspect", [enrolled]),
        ("suspect", "prospect", [contact]),
        ("prospect", "first-time", [first]),
        ("first-time", "repeat", [first, second]),
        ("repeat", "promoter", [first, referral, converted]),
    ]
    assert [move.reason for move in moves] == [
        "enrolled, nothing else known yet",
        "inbound contact by shop",
        "first purchase",
        "2 purchases",
        "2 purchases, and brought 1 who bought",
    ]


def test_ac_95_a_referral_that_has_not_bought_promotes_nobody() -> None:
    """The other side of "converted": the referral alone changes nothing."""
    story = Story(PROGRAMME)
    for order in ("A1", "A2"):
        story.purchase("ann", "20.00", currency="EUR", order=order, at="2026-03-03")
    story.given("ann", "referral.made", at="2026-03-05", referred="bob")
    story.given("bob", "contact.recorded", at="2026-03-06", direction="inbound", channel="shop")

    group = story.folded()

    assert {name: group.state_of(name).rungs["stages"].rung for name in ("ann", "bob")} == {
        "ann": "repeat",
        "bob": "prospect",
    }
