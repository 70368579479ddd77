"""A run: from facts to rows, with the arithmetic beside them, and one runner at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import text

from loyalty_ledger.ledger.calendar import HOUR_US
from loyalty_ledger.ledger.errors import HistoryError, LoyaltyError, PluginError
from loyalty_ledger.ledger.facts import Registry
from loyalty_ledger.ledger.projection import Recipe, Runner, asides, run, status
from loyalty_ledger.ledger.projection.lease import LEASE_US, held
from loyalty_ledger.ledger.store.database import Database
from projection.ledgers import FAR_US, Happening, append, clock, digests, me, rows, run_all
from projection.toy_fold import RECIPE, make_toy, recipe_with

ACTIVATED = Happening("activate", "first", 0)
SHOP = [
    ACTIVATED,
    Happening("purchase", "ann", 24, 2_051),  # 20 points of USD 20.51, and 5 of welcome
    Happening("purchase", "ann", 46, 500, channel="fades"),  # 5 points until hour 46 + 720
    Happening("redeem", "ann", 47, 12),  # 5 of welcome, 7 of the first
    Happening("purchase", "bob", 48, 1_000, store="later"),  # 5 of welcome, 10 from hour 72
]


def test_purchases_become_lots_and_balances(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)

    balances = "SELECT member, points, pending, debt, issued, redeemed, entries FROM balances ORDER BY member"
    assert rows(ledger_database, balances) == [
        ("ann", 20 + 5 + 5 - 12, 0, 0, 30, -12, 5),
        ("bob", 5, 10, 0, 15, 0, 2),
    ]
    lots = "SELECT member, lot, earned, points, pending FROM lots ORDER BY member, lot"
    assert rows(ledger_database, lots) == [
        ("ann", 1, 5, 0, 0), ("ann", 2, 20, 13, 0), ("ann", 3, 5, 5, 0),
        ("bob", 1, 5, 5, 0), ("bob", 2, 10, 0, 10),
    ]  # fmt: skip
    assert rows(ledger_database, "SELECT member, due_us FROM timers") == [("ann", (46 + 720) * HOUR_US)]


def test_purchases_are_counted_by_currency(ledger_database: Database) -> None:
    append(ledger_database, [*SHOP, Happening("purchase", "ann", 20, 7)])  # late, and USD as odd amounts are
    run_all(ledger_database, batch_facts=2)

    assert rows(ledger_database, "SELECT * FROM purchases ORDER BY member, currency") == [
        ("ann", "EUR", 1, 500, 46 * HOUR_US, 46 * HOUR_US),
        ("ann", "USD", 2, 2_058, 20 * HOUR_US, 24 * HOUR_US),
        ("bob", "EUR", 1, 1_000, 48 * HOUR_US, 48 * HOUR_US),
    ]


def test_days_are_those_of_the_zone(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)

    # Berlin was an hour ahead of UTC in January 1970: hour 47 is midnight of the 3rd.
    assert rows(ledger_database, "SELECT day, entries, issued, redeemed FROM daily ORDER BY day") == [
        ("1970-01-02", 3, 25 + 5, 0),
        ("1970-01-03", 4, 15, -12),
    ]


def test_debt_is_what_no_lot_covers(ledger_database: Database) -> None:
    append(
        ledger_database,
        [ACTIVATED, Happening("redeem", "ann", 24, 30), Happening("purchase", "ann", 25, 100)],
    )
    run_all(ledger_database, batch_facts=1)

    # No welcome: the purchase is not the first entry.
    assert rows(ledger_database, "SELECT points, debt FROM balances") == [(1 - 30, 30)]


def test_an_advance_touches_only_who_has_something_due(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    before = rows(ledger_database, "SELECT * FROM member_states WHERE member = 'ann'")
    append(ledger_database, [Happening("advance", "", 72)])
    run_all(ledger_database)

    assert rows(ledger_database, "SELECT * FROM member_states WHERE member = 'ann'") == before
    assert rows(ledger_database, "SELECT points, pending FROM balances WHERE member = 'bob'") == [(15, 0)]


def test_a_failing_rule_sets_its_group_aside(ledger_database: Database) -> None:
    append(ledger_database, [
        *SHOP,  # positions 1 to 5
        Happening("refer", "ann", 50, other="cyd"),
        Happening("purchase", "cyd", 51, 900, channel="poison"),
        Happening("purchase", "ann", 52, 900),
        Happening("purchase", "bob", 53, 900),
        Happening("refer", "bob", 54, other="ann"),
        Happening("purchase", "bob", 55, 900),
    ])  # fmt: skip
    run_all(ledger_database, batch_facts=4)

    assert rows(ledger_database, "SELECT member, position, error FROM quarantine ORDER BY member") == [
        ("ann", 7, "the toy was poisoned"),
        ("bob", 10, "connected with 'ann', who is set aside"),
        ("cyd", 7, "the toy was poisoned"),
    ]
    assert rows(ledger_database, "SELECT member, points, pending FROM balances ORDER BY member") == [
        ("ann", 18 + 10, 0),
        ("bob", 5 + 9, 10),
        ("cyd", 7, 0),
    ]
    assert rows(
        ledger_database, "SELECT member, sum(purchases) FROM purchases GROUP BY member ORDER BY member"
    ) == [
        ("ann", 2),
        ("bob", 2),
    ]
    with ledger_database.reading() as connection:
        assert status(connection).quarantined == 3


@pytest.mark.parametrize("batch_facts", [1, 2, 10])
def test_a_timer_that_fails_sets_aside_at_the_advance(ledger_database: Database, batch_facts: int) -> None:
    append(ledger_database, [
        ACTIVATED,
        Happening("purchase", "ann", 24, 900, channel="fades", store="bomb"),
        Happening("advance", "", 1_000),
        Happening("purchase", "ann", 1_001, 900),
    ])  # fmt: skip
    run_all(ledger_database, batch_facts=batch_facts)

    assert rows(ledger_database, "SELECT member, position FROM quarantine") == [("ann", 3)]


@pytest.mark.parametrize("batch_facts", [1, 6, 10])
def test_who_is_connected_with_a_member_set_aside_is_named_by_the_fact(
    ledger_database: Database, batch_facts: int
) -> None:
    append(ledger_database, [
        ACTIVATED,
        Happening("purchase", "ann", 24, 900, channel="poison"),
        Happening("refer", "bob", 25, other="cyd"),
        Happening("refer", "bob", 26, other="ann"),  # position 4
        Happening("purchase", "dan", 27, 900),
        Happening("purchase", "dan", 28, 900),
        Happening("refer", "dan", 29, other="cyd"),  # position 7
    ])  # fmt: skip
    run_all(ledger_database, batch_facts=batch_facts)

    assert rows(ledger_database, "SELECT member, position, error FROM quarantine ORDER BY member") == [
        ("ann", 2, "the toy was poisoned"),
        ("bob", 4, "connected with 'ann', who is set aside"),
        ("cyd", 4, "connected with 'ann', who is set aside"),
        ("dan", 7, "connected with 'cyd', who is set aside"),
    ]


def test_a_long_group_leaves_the_timers_of_who_is_set_aside(
    ledger_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asides, "PART_FACTS", 2)
    append(ledger_database, [
        ACTIVATED,
        Happening("purchase", "bob", 24, 900, channel="fades"),
        Happening("purchase", "bob", 25, 900, channel="poison"),
    ])  # fmt: skip
    run_all(ledger_database)
    append(ledger_database, [
        *[Happening("purchase", "ann", 30, 900, channel="fades")] * 6,
        Happening("refer", "ann", 31, other="bob"),
    ])  # fmt: skip
    run_all(ledger_database)

    assert rows(ledger_database, "SELECT member, count(*) FROM timers GROUP BY member ORDER BY member") == [
        ("ann", 6),
        ("bob", 1),
    ]
    assert rows(ledger_database, "SELECT points FROM balances WHERE member = 'ann'") == [(6 * 9 + 5,)]


def test_status_says_how_far_the_views_are(ledger_database: Database) -> None:
    with ledger_database.reading() as connection:
        assert status(connection)[:4] == (0, 0, 0, None)
    append(ledger_database, SHOP)
    run_all(ledger_database)
    append(ledger_database, [Happening("advance", "", 60)])

    with ledger_database.reading() as connection:
        found = status(connection)
    assert found[:3] == (5, 6, 1)
    assert found.generation is not None
    assert found.generation[:3] == (1, "a", "toy 1 first/Europe/Berlin")
    assert found.holder is None


def test_progress_is_told_after_every_batch(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    told: list[tuple[int, int]] = []
    run(
        ledger_database, RECIPE, runner=me(), clock=clock, batch_facts=2, progress=lambda *at: told.append(at)
    )

    assert told == [(2, 5), (4, 5), (5, 5)]


def test_a_second_runner_is_refused(ledger_database: Database) -> None:
    other = Runner("elsewhere", 4711, "other")
    with (
        held(ledger_database, other, clock),
        pytest.raises(LoyaltyError, match="4711 on 'elsewhere'") as caught,
    ):
        run_all(ledger_database)

    assert (
        caught.value.at == "lease until 1997-05-19T00:02:00Z"
    )  # FAR_US is day 10,000, and the lease two minutes


def test_the_lease_of_a_dead_process_is_taken_over_at_once(ledger_database: Database) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        ended.wait()
    append(ledger_database, SHOP)
    leave_lease(ledger_database, "here", ended.pid, FAR_US + LEASE_US)
    run_all(ledger_database)

    assert rows(ledger_database, "SELECT * FROM lease") == []


def test_a_lease_of_another_machine_is_taken_over_when_it_has_run_out(ledger_database: Database) -> None:
    leave_lease(ledger_database, "elsewhere", 4711, FAR_US + 1)
    with pytest.raises(LoyaltyError, match="another runner"):
        run_all(ledger_database)
    run(ledger_database, RECIPE, runner=me(), clock=lambda: FAR_US + 1)

    assert rows(ledger_database, "SELECT * FROM lease") == []


def leave_lease(database: Database, host: str, pid: int, expires_us: int) -> None:
    with database.writing() as connection:
        connection.execute(
            text("INSERT INTO lease VALUES ('projection', 'gone', :host, :pid, :expires_us)"),
            {"host": host, "pid": pid, "expires_us": expires_us},
        )


def test_who_lost_the_lease_writes_nothing_more(ledger_database: Database) -> None:
    append(ledger_database, SHOP)

    def rob(position: int, _: int) -> None:
        if position == 2:
            with ledger_database.writing() as connection:
                connection.execute(text("UPDATE lease SET holder = 'thief', host = 'elsewhere'"))

    with pytest.raises(LoyaltyError, match=r"lease was lost to another runner: process .* on 'elsewhere'"):
        run(ledger_database, RECIPE, runner=me(), clock=clock, batch_facts=2, progress=rob)

    assert rows(ledger_database, "SELECT position FROM tracking") == [(2,)]
    assert rows(ledger_database, "SELECT max(position) FROM journal") == [(2,)]


def test_a_position_that_moved_under_the_runner_stops_it(ledger_database: Database) -> None:
    append(ledger_database, SHOP)

    def meddle(position: int, _: int) -> None:
        if position == 2:
            with ledger_database.writing() as connection:
                connection.execute(text("UPDATE tracking SET position = 3"))

    with pytest.raises(LoyaltyError, match="no longer at position 2"):
        run(ledger_database, RECIPE, runner=me(), clock=clock, batch_facts=2, progress=meddle)

    assert rows(ledger_database, "SELECT max(position) FROM journal") == [(2,)]


def test_a_longer_programme_is_no_altered_one(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    append(ledger_database, [Happening("activate", "second", 60), Happening("purchase", "ann", 61, 100)])
    run_all(ledger_database)

    assert rows(ledger_database, "SELECT fingerprint FROM generations") == [
        ("toy 1 first second/Europe/Berlin",)
    ]
    assert rows(ledger_database, "SELECT points FROM balances WHERE member = 'ann'") == [(18 + 1,)]


@pytest.mark.parametrize("altered", [recipe_with(rate=2), Recipe(make_toy, zone="UTC")])
def test_altered_rules_are_refused(ledger_database: Database, altered: Recipe) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    before = digests(ledger_database)
    with pytest.raises(PluginError, match="altered since generation 1 was built") as caught:
        run_all(ledger_database, altered)

    assert caught.value.hint == "loyalty project rebuild"
    assert digests(ledger_database) == before


class _Forgetful(Registry):
    def fact_decoders(self):  # type: ignore[no-untyped-def]
        return {
            topic: decode for topic, decode in super().fact_decoders().items() if topic != "points.redeemed"
        }


def test_a_type_that_no_plugin_knows_stops_the_run(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    with pytest.raises(PluginError, match=r"no plugin knows the type 'points\.redeemed'"):
        run_all(ledger_database, Recipe(make_toy, _Forgetful))


def test_bytes_that_are_no_fact_stop_the_run(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    with ledger_database.writing() as connection:
        if ledger_database.dialect == "sqlite":
            connection.execute(text("DROP TRIGGER facts_no_update"))
        else:
            connection.execute(text("ALTER TABLE facts DISABLE TRIGGER USER"))
        connection.execute(text("UPDATE facts SET state = :state WHERE position = 3"), {"state": b"{"})
    with pytest.raises(HistoryError, match="stored fact cannot be read") as caught:
        run_all(ledger_database)

    assert caught.value.at == "position 3"


def test_a_run_leaves_the_garbage_collector_as_it_was(ledger_database: Database) -> None:
    import gc

    before = gc.get_threshold()
    run_all(ledger_database)

    assert gc.get_threshold() == before
