"""What each view makes of facts, said in rows; and what becomes of a ledger that is older than they are."""

from __future__ import annotations

from contextlib import closing

import pytest
from msgspec.structs import fields
from sqlalchemy import text

from loyalty_ledger.ledger.calendar import HOUR_US
from loyalty_ledger.ledger.errors import PluginError
from loyalty_ledger.ledger.facts.complaint import (
    ComplaintAcknowledged,
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
from loyalty_ledger.ledger.fold import MoveRow
from loyalty_ledger.ledger.store.database import Database, open_database, upgrade_database
from loyalty_ledger.ledger.tables import VIEWS
from loyalty_ledger.ledger.views.actions import StandingAction
from loyalty_ledger.ledger.views.complaints import ComplaintRow
from loyalty_ledger.ledger.views.referrals import ReferralRow
from loyalty_ledger.ledger.views.rewards import RewardRow
from projection.ledgers import Happening, append, rebuild_all, rows, run_all, said


@pytest.fixture
def ledger(ledger_database: Database) -> Database:
    """A ledger with a programme at position 1: what is told next is at 2."""
    append(ledger_database, [Happening("activate", "first", 0)])
    return ledger_database


def told(ledger: Database, *happenings: Happening, batch_facts: int = 1) -> None:
    append(ledger, happenings)
    run_all(ledger, batch_facts=batch_facts)


@pytest.mark.parametrize(
    ("view", "row_type"),
    [
        ("actions", StandingAction), ("complaints", ComplaintRow), ("referrals", ReferralRow),
        ("rewards", RewardRow),
    ],
)  # fmt: skip
def test_a_row_has_the_columns_of_its_table(view: str, row_type: type) -> None:
    assert [field.name for field in fields(row_type)] == [column.name for column in VIEWS[view]["a"].columns]


def test_a_move_has_the_columns_of_its_table() -> None:
    assert list(MoveRow._fields) == [column.name for column in VIEWS["moves"]["a"].columns]


def test_a_ladder_is_the_last_move(ledger: Database) -> None:
    told(
        ledger,
        Happening("purchase", "ann", 1, 100), Happening("purchase", "ann", 2, 100),
        Happening("purchase", "ann", 3, 20_000),
    )  # fmt: skip

    # The first purchase moves to "small", the second changes nothing, the third (at position 4) is big.
    assert rows(ledger, "SELECT number, position, old, rung FROM moves ORDER BY number") == [
        (1, 2, "", "small"), (2, 4, "small", "big"),
    ]  # fmt: skip
    assert rows(ledger, "SELECT * FROM ladders") == [
        ("ann", "size", "big", "small", 2, 3 * HOUR_US, 4, 4, "toy@1")
    ]


COMPLAINT = "SELECT status, opened_us / 3600000000, acknowledged_us / 3600000000, resolved_us / 3600000000,"
COMPLAINT += (
    " reopened_us / 3600000000, remedy, cost_minor, satisfaction, reopenings, position FROM complaints"
)


def test_a_complaint_goes_its_way(ledger: Database) -> None:
    told(
        ledger,
        said("ann", 1, ComplaintOpened(complaint="c", category="late", staff="eve", is_public=True)),
        said("ann", 2, ComplaintAcknowledged(complaint="c")),
        said("ann", 5, ComplaintResolved(complaint="c", remedy="none")),
        said("ann", 6, ComplaintReopened(complaint="c")),
        said("ann", 7, ComplaintAcknowledged(complaint="c")),
        said("ann", 8, ComplaintResolved(complaint="c", remedy="refund", cost_minor=900, currency="EUR")),
        said("ann", 9, ComplaintFollowedUp(complaint="c", satisfaction=4)),
        said("ann", 10, ImprovementMade(complaint="c", improvement="new boxes")),
    )

    assert rows(ledger, COMPLAINT) == [("followed up", 1, 2, 8, 6, "refund", 900, 4, 1, 2)]
    assert rows(ledger, "SELECT category, staff, improvement FROM complaints") == [
        ("late", "eve", "new boxes")
    ]


def test_a_complaint_recorded_in_another_order_stands_where_it_came_to(ledger: Database) -> None:
    told(
        ledger,
        said("ann", 5, ComplaintResolved(complaint="c", remedy="refund")),
        said("ann", 2, ComplaintAcknowledged(complaint="c")),
        said("ann", 1, ComplaintOpened(complaint="c", category="late")),
    )

    assert rows(ledger, COMPLAINT) == [("resolved", 1, 2, 5, None, "refund", None, None, 0, 4)]


def test_facts_about_a_complaint_never_opened_make_a_row(ledger: Database) -> None:
    told(ledger, said("ann", 5, ComplaintAcknowledged(complaint="c")))

    assert rows(ledger, COMPLAINT) == [("acknowledged", None, 5, None, None, None, None, None, 0, 2)]


REWARD = (
    "SELECT status, position, kind, points, issued_us / 3600000000, expires_us, redeemed_us / 3600000000,"
)
REWARD += ' cancelled_us / 3600000000, "order", reason FROM rewards'


def test_a_reward_is_issued_and_redeemed_or_cancelled(ledger: Database) -> None:
    told(
        ledger,
        said("ann", 1, RewardIssued(reward="r", kind="mug", points=50, expires="1970-01-02T00:00:00Z")),
        said("ann", 2, RewardRedeemed(reward="r", order="o-1")),
    )
    # A day is 86,400,000,000 microseconds.
    assert rows(ledger, REWARD) == [("redeemed", 2, "mug", 50, 1, 86_400_000_000, 2, None, "o-1", None)]

    told(ledger, said("ann", 3, RewardCancelled(reward="r", reason="broken")))
    assert rows(ledger, REWARD) == [("cancelled", 2, "mug", 50, 1, 86_400_000_000, 2, 3, "o-1", "broken")]


REFERRAL = "SELECT member, referred, status, position, joined_us / 3600000000, bought_us / 3600000000,"
REFERRAL += " bought_position, code FROM referrals ORDER BY member"


def test_a_referral_is_made_joined_and_bought(ledger: Database) -> None:
    told(
        ledger,
        Happening("purchase", "bob", 1, 100),
        said("ann", 2, ReferralMade(referred="bob", code="k")),
        said("cyd", 3, ReferralMade(referred="bob")),
    )
    # What bob had bought before at position 2 was not because of them.
    assert rows(ledger, REFERRAL) == [
        ("ann", "bob", "made", 3, None, None, None, "k"), ("cyd", "bob", "made", 4, None, None, None, None),
    ]  # fmt: skip

    told(ledger, said("bob", 4, MemberEnrolled()), Happening("purchase", "bob", 5, 100))
    told(ledger, Happening("purchase", "bob", 6, 100))
    assert rows(ledger, REFERRAL) == [
        ("ann", "bob", "bought", 3, 4, 5, 6, "k"), ("cyd", "bob", "bought", 4, 4, 5, 6, None),
    ]  # fmt: skip


def test_an_enrolment_that_names_a_referrer_is_a_referral(ledger: Database) -> None:
    told(ledger, said("bob", 2, MemberEnrolled(referrer="ann")))
    assert rows(ledger, REFERRAL) == [("ann", "bob", "joined", 2, 2, None, None, None)]

    # The friend's own account of it comes later, and adds the code.
    told(ledger, said("ann", 3, ReferralMade(referred="bob", code="k")))
    assert rows(ledger, REFERRAL) == [("ann", "bob", "joined", 2, 2, None, None, "k")]


def test_nobody_refers_himself(ledger: Database) -> None:
    told(ledger, said("ann", 1, MemberEnrolled(referrer="ann")), said("ann", 2, ReferralMade(referred="ann")))

    assert rows(ledger, REFERRAL) == []


ACTION = "SELECT action, status, position, rule, reason, done_us / 3600000000, done_position, outcome"
ACTION += " FROM actions ORDER BY action"


def test_an_action_is_open_until_it_is_done_and_again_when_recommended_again(ledger: Database) -> None:
    told(ledger, Happening("purchase", "ann", 1, 20_000), Happening("purchase", "ann", 2, 30_000))
    thanks = ("say thanks", "open", 2, "toy@1", "200 points", None, None, None)
    assert rows(ledger, ACTION) == [thanks]

    told(ledger, said("ann", 3, ActionDone(action="say thanks", outcome="pleased")))
    assert rows(ledger, ACTION) == [("say thanks", "done", 2, "toy@1", "200 points", 3, 4, "pleased")]

    told(ledger, Happening("purchase", "ann", 4, 40_000))
    assert rows(ledger, ACTION) == [("say thanks", "open", 5, "toy@1", "400 points", None, None, None)]


def test_what_is_recommended_because_of_what_was_done_is_open(ledger: Database) -> None:
    told(ledger, said("ann", 3, ActionDone(action="call", staff="bob")))

    assert rows(ledger, ACTION) == [("call", "open", 2, "toy@1", "bob never does it", None, None, None)]


def test_what_had_been_due_before_it_was_done_is_done(ledger: Database) -> None:
    # The lot of hour 0 expires after 30 days, hour 720: the call at hour 721 finds it due.
    told(ledger, Happening("purchase", "ann", 0, 500, channel="fades"))
    told(ledger, said("ann", 721, ActionDone(action="call")))

    assert rows(ledger, ACTION) == [("call", "done", 3, "toy@1", "expired", 721, 3, None)]


def test_an_action_nobody_recommended_is_done_by_no_rule(ledger: Database) -> None:
    told(ledger, said("ann", 3, ActionDone(action="wave")))

    assert rows(ledger, ACTION) == [("wave", "done", 2, "", "", 3, 2, None)]


def retracted(position: int, member: str = "ann") -> Happening:
    return said(member, 50, FactRetracted(retracted=position, reason="wrong"))


def test_retracting_the_opening_fact_is_seen_in_the_row(ledger: Database) -> None:
    told(
        ledger,
        said("ann", 1, ComplaintOpened(complaint="c", category="late")),
        said("ann", 1, RewardIssued(reward="r", kind="mug")),
        said("ann", 1, ReferralMade(referred="bob")),
        said("ann", 1, ActionDone(action="wave")),
        *(retracted(position) for position in range(2, 6)),
        said("ann", 60, ComplaintAcknowledged(complaint="c")),
        said("ann", 60, RewardRedeemed(reward="r")),
        Happening("purchase", "bob", 60, 100),
    )

    for view in ("complaints", "rewards", "referrals", "actions"):
        assert rows(ledger, f"SELECT status FROM {view}") == [("retracted",)], view


@pytest.mark.parametrize("batch_facts", [1, 100])
def test_a_retracted_row_is_opened_anew(ledger: Database, batch_facts: int) -> None:
    """Planted bug: the row of before, still remembered by its position, is taken back once more."""
    told(
        ledger,
        said("ann", 1, ComplaintOpened(complaint="c", category="late")),
        said("ann", 1, RewardIssued(reward="r", kind="mug")),
        said("bob", 1, MemberEnrolled(referrer="ann")),
        retracted(2), retracted(3), retracted(4, "bob"),
        said("ann", 60, ComplaintOpened(complaint="c", category="cold")),
        said("ann", 60, RewardIssued(reward="r", kind="pen")),
        said("ann", 60, ReferralMade(referred="bob")),
        retracted(2), retracted(3), retracted(4, "bob"), batch_facts=batch_facts,
    )  # fmt: skip

    assert rows(ledger, "SELECT status, position, category FROM complaints") == [("opened", 8, "cold")]
    assert rows(ledger, "SELECT status, position, kind FROM rewards") == [("issued", 9, "pen")]
    assert rows(ledger, REFERRAL) == [("ann", "bob", "made", 10, None, None, None, None)]


def test_what_was_not_done_after_all_is_open_again(ledger: Database) -> None:
    told(
        ledger,
        Happening("purchase", "ann", 1, 20_000),
        said("ann", 2, ActionDone(action="say thanks")), retracted(3),
    )  # fmt: skip

    assert rows(ledger, ACTION) == [("say thanks", "open", 2, "toy@1", "200 points", None, None, None)]


def test_another_member_cannot_retract(ledger: Database) -> None:
    told(ledger, said("ann", 1, ComplaintOpened(complaint="c", category="late")), retracted(2, "bob"))

    assert rows(ledger, "SELECT status FROM complaints") == [("opened",)]


def test_facts_of_a_member_set_aside_do_not_count(ledger: Database) -> None:
    told(
        ledger,
        said("ann", 1, ComplaintOpened(complaint="c", category="late")),
        Happening("purchase", "ann", 2, 100, channel="poison"),
        said("ann", 3, ComplaintAcknowledged(complaint="c")),
        said("bob", 4, ReferralMade(referred="ann")),
    )

    assert rows(ledger, "SELECT status FROM complaints") == [("opened",)]
    assert rows(ledger, REFERRAL) == []
    assert rows(ledger, "SELECT * FROM moves") == []


def first_schema(url: str) -> None:
    """Take a ledger back to the schema before these views."""
    with closing(open_database(url)) as database, database.writing() as connection:
        for name in ("moves", "ladders", "actions", "complaints", "referrals", "rewards", "plugin_rows"):
            connection.execute(text(f"DROP VIEW {name}"))
            for slot in ("a", "b"):
                connection.execute(text(f"DROP TABLE {name}__{slot}"))
        connection.execute(text("DROP INDEX facts_set_aside"))
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))


HISTORIES = {
    "purchases": [Happening("purchase", "ann", hour, 100 * hour) for hour in range(1, 9)],
    "complaint": [said("ann", 1, ComplaintOpened(complaint="c", category="late"))],
    "referrer": [said("bob", 1, MemberEnrolled(referrer="ann"))],
}
EARLIER = ("journal", "lots", "balances", "purchases", "daily", "timers", "flags", "member_states")


@pytest.mark.parametrize("history", list(HISTORIES))
@pytest.mark.parametrize("slot", ["a", "b"])
def test_an_upgrade_keeps_every_row(ledger: Database, history: str, slot: str) -> None:
    told(ledger, *HISTORIES[history])
    if slot == "b":
        rebuild_all(ledger)
    before = {name: rows(ledger, f"SELECT * FROM {name}") for name in (*EARLIER, "facts", "head", "tracking")}
    ledger.close()
    first_schema(ledger.url)
    upgrade_database(ledger.url)
    with closing(open_database(ledger.url)) as upgraded:
        assert {name: rows(upgraded, f"SELECT * FROM {name}") for name in before} == before
        assert rows(upgraded, "SELECT slot FROM generations WHERE status = 'live'") == [(slot,)]

        if history == "purchases":
            told(upgraded, Happening("purchase", "ann", 30, 20_000))
            assert rows(upgraded, "SELECT number FROM moves") == [(2,)]
            return
        with pytest.raises(PluginError, match="views were added since generation"):
            run_all(upgraded)
        difference = rebuild_all(upgraded).difference
        assert difference.views == (("complaints",) if history == "complaint" else ("referrals",))
        assert rebuild_all(upgraded, accept=difference.digest).is_live
        told(upgraded, Happening("purchase", "ann", 30, 20_000))
