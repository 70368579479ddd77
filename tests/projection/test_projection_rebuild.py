"""A rebuild: a new generation beside the live one, compared, caught up, swapped."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text

from loyalty_ledger.ledger.errors import FindingsError, LoyaltyError
from loyalty_ledger.ledger.facts import Fact, FactType
from loyalty_ledger.ledger.projection import (
    MemberDifference,
    Recipe,
    comparing,
    rebuild,
    rebuilding,
    shards,
    workers,
)
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from projection.ledgers import Happening, append, clock, digests, me, rebuild_all, rows, run_all, shop_history
from projection.standings import standing_history
from projection.toy_fold import RECIPE, ToyFold, make_toy, recipe_with

SHOP = [
    Happening("activate", "first", 0),
    Happening("purchase", "ann", 24, 2_000),
    Happening("purchase", "bob", 25, 3_000),
    Happening("refer", "bob", 26, other="cyd"),
]
GENERATIONS = "SELECT number, slot, status FROM generations ORDER BY number"


def test_a_rebuild_of_a_database_without_views_folds_everything(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    rebuilt = rebuild_all(ledger_database)

    assert rebuilt.is_live
    # Not in slot a, which the SQL views read until then: nobody sees a half of it.
    assert rows(ledger_database, GENERATIONS) == [(1, "b", "live")]
    assert rows(ledger_database, "SELECT member, points FROM balances ORDER BY member") == [
        ("ann", 25), ("bob", 45), ("cyd", 7),
    ]  # fmt: skip


def test_rebuilds_take_turns_in_two_slots(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    before = digests(ledger_database)
    rebuild_all(ledger_database)
    assert rows(ledger_database, GENERATIONS) == [(1, "a", "retired"), (2, "b", "live")]
    rebuild_all(ledger_database)

    assert rows(ledger_database, GENERATIONS) == [(2, "b", "retired"), (3, "a", "live")]
    assert digests(ledger_database) == before


def test_a_run_goes_on_from_a_rebuild(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    rebuild_all(ledger_database)
    append(ledger_database, [Happening("purchase", "ann", 30, 100)])
    run_all(ledger_database)
    incremental = digests(ledger_database)
    rebuild_all(ledger_database)

    assert digests(ledger_database) == incremental
    assert rows(ledger_database, "SELECT points FROM balances WHERE member = 'ann'") == [(26,)]


def test_facts_that_arrive_meanwhile_are_in_the_new_generation(
    ledger_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ledger_database, shop_history(120))
    run_all(ledger_database)
    late = [Happening("refer", "m1", 24, other="new"), Happening("advance", "", 5_000), *SHOP[1:]]
    compare = comparing.compare_slots

    def and_append(*given, **options):  # type: ignore[no-untyped-def]
        append(ledger_database, late)
        return compare(*given, **options)

    monkeypatch.setattr(rebuilding, "compare_slots", and_append)
    rebuild_all(ledger_database, batch_facts=2)
    in_between = digests(ledger_database)
    monkeypatch.undo()
    rebuild_all(ledger_database)

    assert rows(ledger_database, "SELECT position FROM tracking ORDER BY position") == [
        (len(shop_history(120)) + 5,)
    ] * 2  # fmt: skip
    assert digests(ledger_database) == in_between


def test_two_processes_give_the_rows_of_one(
    ledger_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ledger_database, shop_history(600))
    run_all(ledger_database)
    one = digests(ledger_database)
    monkeypatch.setattr(shards, "_SHARD_FACTS", 100)
    rebuild_all(ledger_database, processes=2)

    assert rows(ledger_database, GENERATIONS) == [(1, "a", "retired"), (2, "b", "live")]
    assert rows(ledger_database, "SELECT count(*) FROM fact_members")[0][0] > 0
    assert digests(ledger_database) == one


def die_once(facts: Sequence[Fact[FactType]], *, flag: str, parent: int) -> ToyFold:
    """A fold whose first use in another process kills that process."""
    if os.getpid() != parent:
        try:
            os.unlink(flag)
        except FileNotFoundError:
            pass
        else:
            os.kill(os.getpid(), signal.SIGKILL)
    return make_toy(facts)


def die_always(facts: Sequence[Fact[FactType]], *, parent: int) -> ToyFold:
    if os.getpid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
    return make_toy(facts)


def test_a_process_that_dies_is_replaced(ledger_database: Database, tmp_path: Path) -> None:
    append(ledger_database, shop_history(300))
    run_all(ledger_database)
    one = digests(ledger_database)
    flag = tmp_path / "die"
    flag.touch()
    recipe = Recipe(partial(die_once, flag=str(flag), parent=os.getpid()), zone=RECIPE.zone)
    rebuild_all(ledger_database, recipe, processes=2)

    assert not flag.exists()
    assert digests(ledger_database) == one


def test_a_process_that_dies_twice_stops_the_rebuild(ledger_database: Database) -> None:
    append(ledger_database, shop_history(50))
    run_all(ledger_database)
    before = digests(ledger_database)
    recipe = Recipe(partial(die_always, parent=os.getpid()), zone=RECIPE.zone)
    with pytest.raises(LoyaltyError, match="died twice"):
        rebuild_all(ledger_database, recipe, processes=2)

    assert digests(ledger_database) == before
    assert rows(ledger_database, "SELECT * FROM lease") == []


def test_no_file_of_a_shard_is_left(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / ".ledger.db-rebuild-old").mkdir()
    database = open_database(sqlite_url)
    with workers.folder_beside(database) as folder:
        assert folder is not None
        (folder / "0.db").touch()
        assert [path.name for path in tmp_path.glob(".*")] == [folder.name]
    database.close()

    assert list(tmp_path.glob(".*")) == []


@pytest.mark.parametrize("from_journal", [False, True])
def test_a_view_that_was_altered_is_found(ledger_database: Database, *, from_journal: bool) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    sound = digests(ledger_database)
    with ledger_database.writing() as connection:
        connection.execute(text("UPDATE balances__a SET points = 1000 WHERE member = 'bob'"))
        connection.execute(text("DELETE FROM lots__a WHERE member = 'cyd'"))
    with pytest.raises(FindingsError, match="differ from generation 1 for 2 members: 'bob', 'cyd'") as caught:
        rebuild_all(ledger_database, from_journal=from_journal)

    assert caught.value.at == "position 4, lots, balances"
    assert rows(ledger_database, GENERATIONS) == [(1, "a", "live")]
    assert rows(ledger_database, "SELECT points FROM balances WHERE member = 'bob'") == [(1000,)]
    assert caught.value.hint is not None
    rebuild_all(ledger_database, from_journal=from_journal, accept=caught.value.hint.split()[-1])
    assert digests(ledger_database) == sound


def test_a_day_that_was_altered_is_found(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    with ledger_database.writing() as connection:
        connection.execute(text("UPDATE daily__a SET issued = issued + 1"))
    with pytest.raises(FindingsError) as caught:
        rebuild_all(ledger_database)

    assert caught.value.at == "position 4, daily"


def test_rules_that_claim_to_be_the_same_and_are_not_are_found(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    before = digests(ledger_database)
    with pytest.raises(FindingsError, match="2 members: 'ann', 'bob'"):
        rebuild_all(ledger_database, recipe_with(rate=2, claimed_rate=1))

    assert digests(ledger_database) == before


def test_other_rules_are_shown_and_must_be_accepted(ledger_database: Database) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    before = digests(ledger_database)
    shown = rebuild_all(ledger_database, recipe_with(rate=2))
    assert not shown.is_live
    assert shown.difference.shown == (MemberDifference("ann", 25, 45), MemberDifference("bob", 45, 75))
    assert shown.difference[1:2] + shown.difference[3:5] == (2, 70, 120)
    assert digests(ledger_database) == before
    assert not rebuild_all(ledger_database, recipe_with(rate=2), accept="0" * 64).is_live
    accepted = rebuild_all(ledger_database, recipe_with(rate=2), accept=shown.difference.digest)

    assert accepted.is_live
    assert rows(ledger_database, "SELECT sum(points) FROM balances") == [(120 + 7,)]
    run_all(ledger_database, recipe_with(rate=2))


def test_other_rules_that_change_nothing_need_no_consent(ledger_database: Database) -> None:
    append(ledger_database, [SHOP[0], SHOP[3]])
    run_all(ledger_database)

    assert rebuild_all(ledger_database, recipe_with(rate=2)).is_live


def test_only_an_existing_journal_can_be_rewritten(ledger_database: Database) -> None:
    with pytest.raises(LoyaltyError, match="there is no journal yet"):
        rebuild_all(ledger_database, from_journal=True)


def test_a_rebuild_that_stops_leaves_the_old_generation_serving(
    ledger_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(ledger_database, SHOP)
    run_all(ledger_database)
    before = digests(ledger_database)

    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(rebuilding, "_compared", stop)
    with pytest.raises(KeyboardInterrupt):
        rebuild_all(ledger_database)
    assert rows(ledger_database, GENERATIONS) == [(1, "a", "live"), (2, "b", "building")]
    assert digests(ledger_database) == before
    run_all(ledger_database)

    assert rows(ledger_database, GENERATIONS) == [(1, "a", "live")]
    assert rows(ledger_database, "SELECT name FROM tracking") == [("views/a",)]


def test_progress_counts_every_fact(ledger_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shards, "FLUSH_ROWS", 3)
    append(ledger_database, SHOP)
    told: list[tuple[int, int]] = []
    rebuild(ledger_database, RECIPE, runner=me(), clock=clock, progress=lambda *at: told.append(at))

    # The activation is nobody's, and counted at the end.
    assert told[-2:] == [(3, 4), (4, 4)]
    assert told == sorted(told)


def test_both_databases_give_equal_digests(sqlite_url: str, postgres_url: str) -> None:
    found = []
    for url in (sqlite_url, postgres_url):
        database = open_database(url)
        with database.writing() as connection:
            Log(database).create(connection, ledger_id="test-ledger", now_us=0)
        append(database, [*shop_history(1_200), *standing_history(200, 1)[1:]])
        run_all(database)
        assert rows(database, "SELECT count(*) FROM quarantine")[0][0] > 0
        found.append(digests(database))
        database.close()

    assert found[0] == found[1]
    assert len(set(found[0].values())) == len(found[0])
