"""Histories of everything that views of facts are made of, with links between members and failing rules."""

from __future__ import annotations

import random

from loyalty_ledger.ledger.facts import FactType
from loyalty_ledger.ledger.facts.complaint import (
    ComplaintAcknowledged,
    ComplaintExplained,
    ComplaintFollowedUp,
    ComplaintOpened,
    ComplaintReopened,
    ComplaintResolved,
    ImprovementMade,
)
from loyalty_ledger.ledger.facts.contact import ActionDone
from loyalty_ledger.ledger.facts.correction import FactRetracted
from loyalty_ledger.ledger.facts.membership import MemberEnrolled
from loyalty_ledger.ledger.facts.referral import ReferralMade
from loyalty_ledger.ledger.facts.reward import RewardCancelled, RewardIssued, RewardRedeemed
from projection.ledgers import Happening, said

NAMES = ["ann", "bob", "cyd", "dan", "eve"]


def standing_fact(dice: random.Random, names: list[str]) -> FactType:
    """Any fact of these views but a retraction; few names, so that facts are often about the same."""
    complaint, reward = f"c{dice.randrange(2)}", f"r{dice.randrange(2)}"
    kinds: list[FactType] = [
        ComplaintOpened(complaint=complaint, category="late", is_public=dice.random() < 0.5, store="s1"),
        ComplaintAcknowledged(complaint=complaint),
        ComplaintExplained(complaint=complaint),
        ComplaintResolved(complaint=complaint, remedy="refund", cost_minor=dice.randrange(9), points=5),
        ComplaintFollowedUp(complaint=complaint, satisfaction=dice.randrange(1, 6)),
        ComplaintReopened(complaint=complaint),
        ImprovementMade(complaint=complaint, improvement=f"better {dice.randrange(9)}"),
        RewardIssued(reward=reward, kind="voucher", points=dice.randrange(9), expires="2030-01-01T00:00:00Z"),
        RewardRedeemed(reward=reward, order=f"o{dice.randrange(9)}"),
        RewardCancelled(reward=reward, reason="spoilt"),
        ActionDone(action=dice.choice(["call", "say thanks", "wave"]), staff=dice.choice([None, "bob"])),
        ReferralMade(referred=dice.choice(names), code=f"k{dice.randrange(9)}"),
        MemberEnrolled(referrer=dice.choice([None, dice.choice(names)])),
    ]
    return dice.choice(kinds)


def standing_history(facts: int, seed: int, names: list[str] | None = None) -> list[Happening]:
    """Facts of all these views among purchases, advances and retractions; the first is an activation."""
    names = NAMES if names is None else names
    dice = random.Random(seed)
    history = [Happening("activate", "first", 0)]
    for number in range(1, facts):
        member = dice.choice(names)
        hour = max(number * 20 + dice.choice((0, 0, -200)), 1)
        roll = dice.random()
        if roll < 0.25:
            channel = "poison" if dice.random() < 0.04 else dice.choice((None, "fades", "fades"))
            amount = dice.choice((500, 20_000))
            history.append(Happening("purchase", member, hour, amount, channel=channel))
        elif roll < 0.32:
            history.append(Happening("advance", "", number * 20))
        elif roll < 0.47 and (earlier := [n for n, h in enumerate(history) if h.kind == "said"]):
            position = dice.choice(earlier)
            whose = history[position].member if dice.random() < 0.9 else member
            history.append(said(whose, hour, FactRetracted(retracted=position + 1, reason="wrong")))
        else:
            history.append(said(member, hour, standing_fact(dice, names)))
    return history
