"""Whoever operators set aside, and whenever: runs in any pieces come to what a rebuild comes to."""

from __future__ import annotations

import random

import pytest

from loyalty_ledger.ledger.facts.correction import FactRetracted
from loyalty_ledger.ledger.facts.membership import MemberSetAside
from loyalty_ledger.ledger.projection import retry
from loyalty_ledger.ledger.store.database import Database
from projection.ledgers import (
    Happening,
    append,
    clock,
    digests,
    me,
    rebuild_all,
    rows,
    run_all,
    said,
    shop_history,
    wipe,
)
from projection.toy_fold import RECIPE

FACTS = 300


def history_with_set_asides(seed: int) -> list[Happening]:
    """A lively shop in which an operator sets members aside, from now or from earlier on, and lifts that."""
    dice = random.Random(seed)
    history: list[Happening] = []
    asides: list[tuple[str, int]] = []
    for happening in shop_history(FACTS, seed, members=25):
        position = len(history) + 1
        if position > 3 and dice.random() < 0.04:
            member = f"m{dice.randrange(25)}"
            since = dice.choice((None, position, dice.randrange(2, position)))
            data = MemberSetAside(rule="toy@1", reason="an operator", since=since)
            history.append(said(member, position * 2, data))
            asides.append((member, position))
        elif asides and dice.random() < 0.03:
            member, retracted = asides.pop(dice.randrange(len(asides)))
            history.append(said(member, position * 2, FactRetracted(retracted=retracted, reason="lifted")))
        else:
            history.append(happening)
    return history


@pytest.mark.parametrize("seed", range(4))
def test_a_run_in_pieces_comes_to_what_a_rebuild_does(ledger_database: Database, seed: int) -> None:
    """Planted bugs seen to fail here: a run that ignores a retraction; one that ignores an earlier ``since``;
    what is folded anew left in the sums of the days.
    """
    dice, history = random.Random(seed), history_with_set_asides(seed)
    while history:
        count = dice.randrange(1, 150)
        append(ledger_database, history[:count])
        history = history[count:]
        if dice.random() < 0.8:
            run_all(ledger_database, batch_facts=dice.choice((1, 7, 40, 1_000)))
    run_all(ledger_database)
    assert rows(ledger_database, "SELECT count(*) FROM quarantine WHERE error LIKE 'an operator%'") != [(0,)]
    in_pieces = digests(ledger_database)

    rebuild_all(ledger_database)
    assert digests(ledger_database) == in_pieces

    wipe(ledger_database, only_views=True)
    run_all(ledger_database, batch_facts=10_000)
    assert digests(ledger_database) == in_pieces

    retry(ledger_database, RECIPE, members=(), runner=me(), clock=clock)
    assert digests(ledger_database) == in_pieces, "nothing was mended: all fail again where they did"


def test_a_rebuild_brings_the_live_views_up_to_who_is_set_aside_behind_them(
    ledger_database: Database,
) -> None:
    append(ledger_database, shop_history(60, members=4))
    run_all(ledger_database)
    member = rows(ledger_database, "SELECT member FROM balances ORDER BY entries DESC")[0][0]
    append(ledger_database, [said(member, 500, MemberSetAside(rule="toy@1", reason="late", since=20))])

    assert rebuild_all(ledger_database).is_live

    assert rows(ledger_database, f"SELECT position FROM quarantine WHERE member = '{member}'") == [(20,)]


def test_a_day_on_which_only_who_is_set_aside_had_entries_is_no_day(ledger_database: Database) -> None:
    """Planted bug seen to fail here: rows of days without entries are left."""
    bought = Happening("purchase", "ann", 500, 1_001)
    append(
        ledger_database, [Happening("activate", "first", 0), Happening("purchase", "bob", 3, 1_001), bought]
    )
    run_all(ledger_database)
    assert len(rows(ledger_database, "SELECT day FROM daily")) == 2

    append(ledger_database, [said("ann", 501, MemberSetAside(rule="toy@1", reason="late", since=3))])
    run_all(ledger_database)

    assert len(rows(ledger_database, "SELECT day FROM daily")) == 1
    rebuild_all(ledger_database)
