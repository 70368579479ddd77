"""A ledger in which every view has rows, and every value that may be missing is missing and there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from engine.extra_rules import Deposit, catalogue_of
from loyalty_ledger.ledger.calendar import DAY_US, instant_us
from loyalty_ledger.ledger.facts import draft
from loyalty_ledger.ledger.projection import Recipe
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules import Entry, Fact, Member, PurchaseRecorded, Rule, View, on
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.governing import create_ledger
from projection.ledgers import run_all


class Moody(Rule):
    """Fails over every purchase made by post."""

    name, stage = "moody", "react"

    @on(PurchaseRecorded)
    def sulk(self, purchase: Fact[PurchaseRecorded], member: Member) -> None:
        if purchase.data.channel == "post":
            raise ValueError("no purchase by post")


class Doubled(View):
    """Twice the points of each entry, in two rows for those that give."""

    name = "doubled"
    columns: ClassVar[dict[str, type]] = {"points": int}

    def rows(self, entry: Entry) -> Iterator[Mapping[str, int]]:
        yield {"points": 2 * entry.points}
        if entry.points > 0:
            yield {"points": 0}


CATALOGUE = catalogue_of(Deposit, Moody)
RECIPE = Recipe(
    lambda facts: Engine(facts, CATALOGUE), lambda: CATALOGUE.registry, zone="Europe/Berlin",
    make_views=lambda: [Doubled()], views="doubled",
)  # fmt: skip
DAY_ONE_US = instant_us("2026-01-01T08:00:00Z")
NOW_US = instant_us("2026-12-31T00:00:00Z")
PROGRAMME = """
programme = "Everything"
zone = "Europe/Berlin"
currency = "EUR"
[rules.points_per_spend]
[rules.deposit]
[rules.moody]
[rules.redemption]
[rules.clawback]
[rules.rewards]
[rules.holds]
[rules.transfers]
[rules.merging]
[rules.adjustments]
[rules.opening_balance]
[rules.recommendation_intent]
[rules.tiers]
rungs = [{ name = "Silver", points = 100 }, { name = "Gold", points = 300 }]
days = 60
review = "month"
[rules.tier_multiplier]
percent = { Silver = 110, Gold = 125 }
[rules.stages]
lapse_days = 30
lost_days = 60
[rules.referral_bonus]
referrer_points = 100
referred_points = 50
[rules.complaint_recovery]
goodwill_points = 20
late_points = 30
[rules.rolling_expiry]
days = 50
rules = ["points_per_spend"]
"""
Told = tuple[int, str | None, str, dict[str, Any]]


def bought(day: int, member: str, cents: int, **fields: Any) -> Told:
    return day, member, "purchase.recorded", {"currency": "EUR", "amount_minor": cents, **fields}


HISTORY: list[Told] = [
    (0, "ann", "balance.opened", {"system": "stamps", "lots": [
        {"points": 40, "expires": "2026-02-01T00:00:00Z"}, {"points": 80},
    ]}),
    (0, "ann", "member.enrolled", {"channel": "app"}),
    bought(1, "ann", 12_000, order="A-1"),
    bought(2, "ann", 25_001, order="A-2", channel="app"),
    (3, "ann", "referral.made", {"referred": "bob", "channel": "app", "relation": "friend", "code": "K1"}),
    (3, "ann", "referral.made", {"referred": "cid"}),
    (4, "bob", "member.enrolled", {}),
    bought(5, "bob", 3_000, order="B-1"),
    (6, "ann", "points.redeemed", {"points": 150, "order": "R-1"}),
    (7, "ann", "redemption.cancelled", {"order": "R-1", "reason": "changed her mind"}),
    bought(6, "ann", 2_500, order="A-3"),
    (8, "ann", "purchase.returned", {"order": "A-2", "amount_minor": 10_000, "reason": "broken"}),
    (9, "dora", "complaint.opened", {
        "complaint": "C-1", "category": "late", "channel": "phone", "order": "D-1", "store": "mill",
        "staff": "max", "is_public": True,
    }),
    (9, "dora", "complaint.opened", {"complaint": "C-2", "category": "cold"}),
    (9, "dora", "complaint.acknowledged", {"complaint": "C-1"}),
    (10, "dora", "complaint.explained", {"complaint": "C-1"}),
    (11, "dora", "complaint.resolved", {
        "complaint": "C-1", "remedy": "refund", "cost_minor": 500, "currency": "EUR", "points": 15,
    }),
    (12, "dora", "complaint.followed_up", {"complaint": "C-1", "satisfaction": 2}),
    (13, "dora", "complaint.reopened", {"complaint": "C-1"}),
    (14, "dora", "improvement.made", {"complaint": "C-1", "improvement": "two couriers"}),
    (14, "dora", "complaint.acknowledged", {"complaint": "C-3"}),
    (15, "eve", "points.adjusted", {"points": 500, "reason": "competition"}),
    (16, "eve", "reward.issued", {
        "reward": "V-1", "kind": "voucher", "points": 100, "value_minor": 1_000, "cost_minor": 700,
        "currency": "EUR", "expires": "2026-12-31T00:00:00Z",
    }),
    (17, "eve", "reward.redeemed", {"reward": "V-1", "order": "E-1"}),
    (18, "eve", "reward.issued", {"reward": "V-2", "kind": "voucher", "points": 50}),
    (19, "eve", "reward.cancelled", {"reward": "V-2", "reason": "spoilt"}),
    (19, "eve", "reward.cancelled", {"reward": "V-3"}),
    (20, "eve", "recommendation.stated", {"likelihood": "very likely"}),
    bought(20, "fay", 1_000),
    bought(21, "fay", 1_000, channel="post"),
    (22, "eve", "action.done", {"action": "ask for a referral", "outcome": "reached", "staff": "max"}),
    (22, "eve", "action.done", {"action": "say hello"}),
    (60, None, "clock.advanced", {"to": "2026-03-03T00:00:00Z"}),
    (62, "bob", "points.redeemed", {"points": 900, "order": "R-2"}),
    (70, None, "clock.advanced", {"to": "2026-03-13T00:00:00Z"}),
    bought(80, "ann", 4_000, order="A-4"),
    (80, "ann", "hold.placed", {"hold": "H-1", "points": 30, "until": "2026-05-01T00:00:00Z"}),
    (80, "ann", "points.transferred", {"to": "hal", "points": 20}),
    (80, "hal", "members.merged", {"absorbed": "ian"}),
    bought(80, "ian", 2_600, order="I-1"),
    bought(80, "gus", 8_000, order="G-1"),
    (80, "gus", "recommendation.stated", {"likelihood": "impossible"}),
    bought(81, "gus", 1_200, order="G-2"),
]  # fmt: skip


def make_everything(url: str) -> Database:
    """Return an open ledger; fay, in it, is set aside."""
    create_ledger(url, CATALOGUE, PROGRAMME, at="test", ledger_id="test-ledger", now_us=DAY_ONE_US)
    drafts = [
        draft(
            CATALOGUE.registry, event_id=f"F-{number}", source="test", topic=topic, subject=member,
            occurred_us=DAY_ONE_US + day * DAY_US, data=fields,
        )
        for number, (day, member, topic, fields) in enumerate(HISTORY)
    ]  # fmt: skip
    database = open_database(url)
    with database.writing() as connection:
        Log(database).append(connection, drafts, now_us=NOW_US)
    run_all(database, RECIPE, batch_facts=7)
    return database
