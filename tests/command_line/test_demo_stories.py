"""The demo's members, one story a test: what its sentences claim, asked of the views in SQL.

The shop gives 1 point for each whole euro of an order, its own beans count double: a kilo is EUR 24.00 and 48
points, a bag EUR 7.50 and 15, Sidamo EUR 9.00 and 18. Points live until the end of the month a year later.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from errors.stage import still, typed
from loyalty_ledger import cli
from loyalty_ledger.ledger.calendar import instant_us, rfc3339

KILO, BAG, SIDAMO = 48, 15, 18
BERLIN = ZoneInfo("Europe/Berlin")
REGULARS = (
    "anton", "berta", "carlo", "dora", "emil", "fritz", "gina", "hanna", "ivo", "kira", "leon", "mara",
)  # fmt: skip


class Views:
    """Reads the views the demo has left."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        return self._connection.execute(sql, values).fetchall()

    def balance(self, member: str) -> int:
        """Return the points a member has."""
        found = self.rows("SELECT points FROM balances WHERE member = ?", member)
        return int(found[0][0]) if found else 0

    def entries(self, member: str, account: str) -> list[tuple[str, int]]:
        """Return (local day booked, points) of the entries against an account of the programme."""
        rows = self.rows(
            "SELECT booked_us, points FROM journal WHERE member = ? AND account = ? ORDER BY entry",
            member, account,
        )  # fmt: skip
        return [(_day(booked_us), points) for booked_us, points in rows]

    def running(self, member: str) -> list[int]:
        """Return the balance after each fact that changed it."""
        rows = self.rows(
            "SELECT DISTINCT position, sum(points) OVER (ORDER BY position) FROM journal WHERE member = ?",
            member,
        )  # fmt: skip
        return [int(balance) for _, balance in sorted(rows)]

    def moves(self, member: str, ladder: str) -> list[tuple[str, str]]:
        """Return (local day, rung) of each move on a ladder."""
        rows = self.rows(
            "SELECT booked_us, rung FROM moves WHERE member = ? AND ladder = ? ORDER BY number",
            member, ladder,
        )  # fmt: skip
        return [(_day(booked_us), rung) for booked_us, rung in rows]

    def figures(self, member: str, ladder: str) -> list[dict[str, Any]]:
        """Return the figures that decided each move."""
        rows = self.rows(
            "SELECT evidence FROM moves WHERE member = ? AND ladder = ? ORDER BY number", member, ladder
        )
        return [json.loads(evidence)["figures"] for (evidence,) in rows]

    def stage(self, member: str) -> str:
        """Return the stage a member is in."""
        return self.moves(member, "stage")[-1][1]


def _day(instant: int) -> str:
    return datetime.fromtimestamp(instant // 1_000_000, BERLIN).date().isoformat()


@pytest.fixture(scope="module")
def views(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Views]:
    """What the demo has left."""
    folder: Path = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        still(patch)
        patch.setattr(cli, "now_us", lambda: instant_us("2026-11-02T12:00:00Z"))
        patch.setenv("LOYALTY_DB", "sqlite:///loyalty-demo.db")
        answer = typed(["demo"])
    assert answer.exit_code == 0, answer.stderr
    with closing(sqlite3.connect(folder / "loyalty-demo.db")) as connection:
        yield Views(connection)


def test_yuki_has_bought_once(views: Views) -> None:
    assert views.balance("yuki") == 7  # 3.60 + 3.40
    assert views.moves("yuki", "stage") == [("2026-09-12", "first-time")]
    assert views.moves("yuki", "tier") == []


def test_bruno_sends_back_a_grinder_whose_points_he_has_spent_and_two_purchases_pay_the_debt(
    views: Views,
) -> None:
    # Grinder 149 + bag; 150 spent; all 149 of the grinder taken back: 14 are left of them, 135 become debt.
    first = 149 + BAG
    assert views.entries("bruno", "reversed") == [("2025-05-24", -(first - 150)), ("2025-05-24", -135)]
    after_return = first - 150 - 149
    after_july = after_return + 2 * KILO + 32  # and a press
    after_september = after_july + KILO
    assert (after_return, after_july, after_september) == (-135, -7, 41)
    assert views.running("bruno")[:5] == [first, 14, -135, -7, 41]
    # What September left expires a year later; two bags and a kilo came after it.
    assert views.entries("bruno", "expired") == [("2026-10-01", -41)]
    assert views.balance("bruno") == 2 * BAG + KILO == 78


def test_clara_sends_back_one_mug_then_the_other_and_loses_what_they_earned(views: Views) -> None:
    # Kettle 89, two mugs 24, a kilo 48: 161 points. Each mug takes 12.
    assert views.entries("clara", "issued")[0] == ("2025-11-08", 89 + 24 + KILO)
    assert views.entries("clara", "reversed") == [("2025-11-15", -12), ("2025-11-22", -12)]
    assert views.balance("clara") == 161 - 24 + KILO + BAG == 200


def test_davids_complaint_is_made_good_in_time(views: Views) -> None:
    # 6.40, two bags, 7.60, 7.20 and a kilo; 50 points of goodwill.
    assert ("2026-04-14", 50) in views.entries("david", "issued")
    assert views.balance("david") == 6 + 2 * BAG + 7 + 50 + 7 + KILO == 148
    ((status, opened_us, resolved_us),) = views.rows(
        "SELECT status, opened_us, resolved_us FROM complaints WHERE complaint = 'C-3' AND member = 'david'"
    )
    assert status == "resolved"
    assert resolved_us - opened_us < 72 * 3_600_000_000
    assert views.rows("SELECT * FROM actions WHERE member = 'david'") == []


def test_nobody_answers_elena_in_time_so_maria_is_told_to(views: Views) -> None:
    rows = views.rows("SELECT action, due_us, done_us, status, staff FROM actions WHERE member = 'elena'")
    # Opened on 2 March at 10:00 in Berlin: 24 hours to answer, 72 to resolve.
    assert [
        (action, rfc3339(due_us), rfc3339(done_us), *rest) for action, due_us, done_us, *rest in rows
    ] == [
        ("acknowledge complaint C-2", "2026-03-03T09:00:00Z", "2026-04-01T08:00:00Z", "done", "maria"),
        ("resolve complaint C-2", "2026-03-05T09:00:00Z", "2026-04-02T09:05:00Z", "done", "maria"),
    ]
    # Resolved late is 75 points, not 50; beside it two kilos and two Sidamo.
    assert ("2026-04-02", 75) in views.entries("elena", "issued")
    assert views.balance("elena") == KILO + 2 * SIDAMO + 75 + KILO == 207


def test_gloria_buys_because_felix_told_her_and_both_get_a_bonus(views: Views) -> None:
    bonuses = views.rows(
        "SELECT member, points, position, reason FROM journal WHERE rule LIKE 'referral@%' ORDER BY member"
    )
    (_, _, purchase, _), (_, _, same, _) = bonuses
    assert purchase == same
    assert [(member, points, reason) for member, points, _, reason in bonuses] == [
        ("felix", 100, "referral bonus: gloria has bought"),
        ("gloria", 50, "welcome bonus: felix recommended us"),
    ]
    assert views.moves("felix", "stage")[-1] == ("2025-03-15", "promoter")
    assert views.rows("SELECT status, bought_position FROM referrals WHERE referred = 'gloria'") == [
        ("bought", purchase)
    ]


def test_hugo_joins_because_felix_told_him_but_never_buys(views: Views) -> None:
    assert views.rows("SELECT member, status FROM referrals WHERE referred = 'hugo'") == [("felix", "joined")]
    assert views.stage("hugo") == "suspect"
    assert views.rows("SELECT * FROM journal WHERE member = 'hugo'") == []


def test_ines_comes_seldom_and_her_points_expire(views: Views) -> None:
    # A press for 32.00, two bags, a flat white for 3.80: each until the end of its month a year later.
    assert views.entries("ines", "expired") == [
        ("2025-12-01", -32), ("2026-02-01", -2 * BAG), ("2026-07-01", -3),
    ]  # fmt: skip
    assert views.balance("ines") == 4 + 8 + 3  # 4.50, two at 4.20, 3.80


def test_jonas_wins_silver_with_one_machine_and_loses_it_at_the_review_a_year_later(views: Views) -> None:
    assert views.moves("jonas", "tier") == [("2024-11-30", "Silver"), ("2025-12-01", "Basic")]
    won, lost = views.figures("jonas", "tier")
    assert won["points"] == 480
    # Two kilos in the year that remains, each with 10 % more: 48 × 110 % = 52.8, down.
    assert lost["points"] == 2 * (KILO + 4) < 400


def test_karla_stays_away_gets_a_letter_and_comes_back(views: Views) -> None:
    # 25 January + 180 days = 24 July.
    assert views.moves("karla", "stage") == [
        ("2024-12-07", "first-time"), ("2025-01-25", "repeat"), ("2025-07-24", "lapsed"),
        ("2025-08-16", "regained"), ("2025-10-18", "repeat"),
    ]  # fmt: skip
    assert views.rows(
        "SELECT count(*) FROM facts WHERE stream = 'member/karla' AND topic = 'contact.recorded' "
        "AND occurred_us BETWEEN ? AND ?",
        instant_us("2025-07-24T00:00:00+02:00"), instant_us("2025-08-16T00:00:00+02:00"),
    ) == [(1,)]  # fmt: skip


def test_lukas_is_lost(views: Views) -> None:
    # 22 February + 180 days = 21 August; + 365 days = 22 February.
    assert views.moves("lukas", "stage")[-2:] == [("2025-08-21", "lapsed"), ("2026-02-22", "lost")]
    # 5.80, a bag, 6.40: all of it has expired.
    assert sum(points for _, points in views.entries("lukas", "expired")) == -(5 + BAG + 6)
    assert views.balance("lukas") == 0


def test_pia_is_lost_and_regained(views: Views) -> None:
    # 29 March + 180 days = 25 September; + 365 days = 29 March.
    assert views.moves("pia", "stage")[-3:] == [
        ("2025-09-25", "lapsed"), ("2026-03-29", "lost"), ("2026-10-03", "regained"),
    ]  # fmt: skip
    assert views.balance("pia") == 2 * BAG


def test_mina_is_a_promoter_because_she_would_very_likely_recommend_us(views: Views) -> None:
    assert views.moves("mina", "stage")[-1] == ("2025-10-04", "promoter")
    # Four times two Sidamo and 10 points for the answer; the first two and the answer have expired.
    assert views.balance("mina") == 4 * 2 * SIDAMO + 10 - (2 * 2 * SIDAMO + 10) == 72
    assert views.rows("SELECT action, status FROM actions WHERE member = 'mina'") == [
        ("ask for a referral", "open")
    ]


def test_noah_changes_his_mind_and_his_points_go_back_to_their_lots(views: Views) -> None:
    spent = views.entries("noah", "redeemed")
    assert {day for day, _ in spent} == {"2026-04-01"}
    assert [points for _, points in spent] == [-89, -11, 89, 11]  # soonest expiry first: kettle, kilo
    assert views.balance("noah") == 89 + 2 * KILO == 185


def test_nora_gets_twenty_more_for_trying_something_new(views: Views) -> None:
    new = views.rows("SELECT points FROM journal WHERE member = 'nora' AND rule LIKE 'new@%' ORDER BY entry")
    assert new == [(20,), (20,), (20,)]
    # Cold brew is EUR 11.00, own brand. Two orders have expired; a bag, 46.60 and one more bottle have not.
    assert views.entries("nora", "expired") == [("2026-06-01", -22), ("2026-06-01", -20), ("2026-09-01", -9)]
    assert views.balance("nora") == BAG + (46 + 20) + (22 + 20) == 123


def test_olga_gets_a_bag_of_beans_for_points_and_uses_it(views: Views) -> None:
    assert views.rows("SELECT status, points FROM rewards WHERE member = 'olga'") == [("redeemed", 150)]
    # Three kilos and a box: 183. What the reward left of them expires, and so does the kilo of October 2025.
    assert views.entries("olga", "expired") == [("2026-07-01", -(3 * KILO + 39 - 150)), ("2026-11-01", -KILO)]
    assert views.balance("olga") == 2 * KILO


def test_pauls_mug_is_sold_out_and_he_has_his_points_back(views: Views) -> None:
    assert views.rows("SELECT status, reason FROM rewards WHERE member = 'paul'") == [
        ("cancelled", "mugs are sold out")
    ]
    assert views.entries("paul", "redeemed") == [("2026-01-10", -100), ("2026-01-13", 100)]
    assert views.balance("paul") == 149 + KILO + 2 * BAG == 227


def test_quinn_gets_forty_points_that_maria_approved(views: Views) -> None:
    rows = views.rows("SELECT points, reason FROM journal WHERE member = 'quinn' AND account = 'adjusted'")
    assert rows == [(40, "tasting called off (approved by maria)")]
    # 7.20, 3.20 and a bag; the bag of October 2025 has expired.
    assert views.balance("quinn") == 7 + 40 + 3 + BAG == 65


def test_rosas_second_receipt_is_taken_back_and_its_fact_stays(views: Views) -> None:
    ((position, state),) = views.rows(
        "SELECT position, state FROM facts WHERE topic = 'fact.retracted' AND stream = 'member/rosa'"
    )
    retracted = json.loads(state)["data"]["retracted"]
    rung_up = views.rows(
        "SELECT position FROM facts WHERE stream = 'member/rosa' AND topic = 'purchase.recorded' "
        "AND occurred_us > ? AND position < ?",
        instant_us("2026-03-28T00:00:00Z"), position,
    )  # fmt: skip
    assert [(retracted - 1,), (retracted,)] == rung_up
    assert views.entries("rosa", "reversed") == [("2026-04-01", -2 * KILO)]
    assert views.balance("rosa") == KILO + 2 * KILO + KILO


def test_stefan_brings_points_from_the_stamp_cards(views: Views) -> None:
    assert [points for _, points in views.entries("stefan", "opened")] == [120, 80]
    # 100 spent from what expires first. What is left of it goes when the card said, the rest after a year.
    assert views.entries("stefan", "expired") == [
        ("2025-07-01", -20), ("2025-12-01", -80), ("2026-01-01", -2 * BAG), ("2026-07-01", -KILO),
    ]  # fmt: skip
    assert views.balance("stefan") == 2 * KILO + 2 * BAG == 126


def test_tilda_is_interested_and_ursel_a_name_on_the_list(views: Views) -> None:
    assert views.moves("tilda", "stage") == [("2025-09-13", "suspect"), ("2025-09-20", "prospect")]
    assert views.moves("ursel", "stage") == [("2026-05-02", "suspect")]


def test_viktor_had_not_lapsed_after_all(views: Views) -> None:
    # 5 September + 180 days = 4 March. His purchase of 3 March is known on 1 April only.
    assert views.moves("viktor", "stage") == [
        ("2025-08-16", "first-time"), ("2025-09-05", "repeat"), ("2026-03-04", "lapsed"),
        ("2026-04-01", "repeat"),
    ]  # fmt: skip
    assert views.entries("viktor", "issued")[2] == ("2026-04-01", KILO)


def test_wanda_is_silver_by_a_purchase_that_came_late(views: Views) -> None:
    # Grinder 149, three kilos and a bag 159, a kilo 48: 356. The late kilo and Sidamo make it 422.
    assert views.moves("wanda", "tier") == [("2026-04-01", "Silver")]
    assert views.figures("wanda", "tier")[0]["points"] == 149 + 3 * KILO + BAG + KILO + KILO + SIDAMO == 422


def test_only_the_week_that_came_late_is_late_and_counts_once(views: Views) -> None:
    imports = views.rows(
        "SELECT id, imported, duplicates FROM imports WHERE file LIKE '%harbour-week%' ORDER BY id"
    )
    (first, *counts), (_, *again) = imports
    assert (counts, again) == ([7, 0], [0, 7])
    week = views.rows("SELECT position FROM facts WHERE import_id = ? ORDER BY position", first)
    assert views.rows("SELECT DISTINCT position FROM journal WHERE is_late ORDER BY position") == week
    assert views.rows("SELECT member FROM moves WHERE is_late ORDER BY member") == [("viktor",), ("wanda",)]


def test_the_late_week_is_that_of_2_to_8_march_in_the_harbour_cafe(views: Views) -> None:
    facts = views.rows(
        "SELECT occurred_us, state FROM facts JOIN imports ON imports.id = import_id "
        "WHERE file LIKE '%harbour-week%'"
    )
    assert {json.loads(state)["data"]["store"] for _, state in facts} == {"harbour"}
    days = sorted(_day(occurred_us) for occurred_us, _ in facts)
    assert "2026-03-02" <= days[0] <= days[-1] <= "2026-03-08"


def test_xenia_would_not_recommend_us_and_stays_away(views: Views) -> None:
    assert views.rows("SELECT action, status, outcome FROM actions WHERE member = 'xenia'") == [
        ("find out why not recommended", "done", "roast too dark")
    ]
    assert views.moves("xenia", "stage")[-1] == ("2026-10-01", "lapsed")  # 4 April + 180 days
    assert views.balance("xenia") == 2 * BAG + 10 + SIDAMO


def test_zoe_waits_for_a_remedy(views: Views) -> None:
    rows = views.rows("SELECT action, status, due_us FROM actions WHERE member = 'zoe'")
    # Opened on 28 October at 08:00 in Berlin, answered two hours later; 72 hours to resolve.
    assert [(action, status, rfc3339(due_us)) for action, status, due_us in rows] == [
        ("resolve complaint C-4", "open", "2026-10-31T07:00:00Z")
    ]


def test_zoe_and_mina_are_what_is_left_to_do(views: Views) -> None:
    assert views.rows("SELECT member FROM actions WHERE status = 'open' ORDER BY member") == [
        ("mina",), ("zoe",)
    ]  # fmt: skip


def test_on_1_april_points_had_expired_and_a_tier_was_lost(views: Views) -> None:
    assert ("2026-04-01", -38) in views.entries("amelie", "expired")
    assert ("2025-12-01", "Basic") in views.moves("jonas", "tier")


def test_amelie_has_lived_through_all_of_it(views: Views) -> None:
    before_silver = KILO + 2 * KILO + 50 + 3 * KILO + 149  # goodwill, a grinder
    assert views.moves("amelie", "tier") == [
        ("2025-05-10", "Silver"), ("2026-06-01", "Basic"), ("2026-07-04", "Silver"),
    ]  # fmt: skip
    # As Silver: two kilos (96 + 9), two boxes (78 + 7), two kilos; 10 for an answer.
    silver = (96 + 9) + (78 + 7) + (96 + 9)
    last = 3 * KILO + 89
    assert [figures["points"] for figures in views.figures("amelie", "tier")] == [
        before_silver, 10 + silver, silver + last,
    ]  # fmt: skip
    assert before_silver >= 400 > 10 + silver
    # 300 spent of the oldest: 48 + 96 + 50, and 106 of 144. The rest expires, and what is a year old.
    expired = (144 - 106) + 149 + 10 + (96 + 9)
    assert views.balance("amelie") == before_silver + 10 + silver + last - 300 - expired == 423
    assert views.moves("amelie", "stage")[-1] == ("2025-06-14", "promoter")
    assert views.rows("SELECT improvement FROM complaints WHERE member = 'amelie'") == [
        ("roast date on every bag",)
    ]


def test_gina_is_the_best_customer(views: Views) -> None:
    assert [rung for _, rung in views.moves("gina", "tier")] == ["Silver", "Gold"]
    assert views.rows("SELECT member FROM ladders WHERE ladder = 'tier' AND rung = 'Gold'") == [("gina",)]


@pytest.mark.parametrize("member", REGULARS)
def test_regulars_are_just_regulars(views: Views, member: str) -> None:
    assert views.moves(member, "stage")[-1][1] == "repeat"
    assert views.balance(member) > 0
    assert views.rows("SELECT * FROM flags WHERE member = ?", member) == []


def test_forty_members_and_nobody_is_set_aside(views: Views) -> None:
    assert views.rows("SELECT count(*) FROM member_states") == [(40,)]
    assert views.rows("SELECT * FROM quarantine") == []
    assert views.rows("SELECT sum(debt) FROM balances") == [(0,)]
