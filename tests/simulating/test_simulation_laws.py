"""What a simulation says is what two ledgers would say: one as recorded, one made with the candidate.

The shop has linked members, returns, referrals, complaints, redemptions and a clock that is advanced.
Planted bugs seen to fail here: the candidate placed behind the first fact; `_takes_the_place_of` that keeps
activations which are effective at --since; a fact of a group folded on one side only (`tee` left out);
groups in another order of their facts; the recorded side's states given to the candidate.
"""

from __future__ import annotations

import pytest

from engine import tales
from engine.tales import PLAIN, STANDING
from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from ops.logs import Fresh
from rules_of_standing.linked_history import START_US, history
from simulating.what_if import Seen, WhatIf, projected, tell, what_if

# Without the rule that only tests have.
STRICT, OWING = (text.replace("    [rules.friends]\n", "") for text in (tales.STRICT, tales.OWING))
MARCH = "2026-03-01T00:00:00Z"


def ledger(url: str, seed: int, *programmes: tuple[str, str | None]) -> Database:
    """Return a ledger of the shop."""
    database = open_database(url)
    with database.writing() as connection:
        Log(database).create(connection, ledger_id="shop", now_us=START_US)
    tell(database, history(seed, *programmes))
    return database


def of_side(answer: WhatIf, side: str) -> dict[str, Seen]:
    """Return what one side of a simulation says, in the words of the views."""
    found = {}
    for member, row in answer.members.items():
        assert not row.asides
        standing = row.recorded if side == "recorded" else row.candidate
        names = ("issued", "redeemed", "expired", "reversed", "adjusted", "transferred", "waived", "opened")
        numbers = dict(zip(names, standing.accounts, strict=True))
        numbers |= {
            "points": standing.points, "pending": standing.pending, "held": standing.held,
            "debt": standing.debt, "entries": standing.entries,
        }  # fmt: skip
        if standing.entries or standing.rungs:
            found[member] = Seen(numbers if standing.entries else {}, standing.rules, standing.rungs)
    return found


@pytest.mark.parametrize(
    ("recorded", "candidate"), [(STANDING, STRICT), (STRICT, STANDING), (STANDING, PLAIN), (PLAIN, OWING)]
)
def test_it_is_the_difference_of_two_ledgers_member_by_member(
    fresh_sqlite: Fresh, recorded: str, candidate: str
) -> None:
    ours, theirs = ledger(fresh_sqlite(), 1, (recorded, None)), ledger(fresh_sqlite(), 1, (candidate, None))

    answer = what_if(ours, candidate)

    assert of_side(answer, "recorded") == projected(ours)
    assert of_side(answer, "candidate") == projected(theirs)
    assert answer.found.kinds.get("won", 0) + answer.found.kinds.get("lost", 0) > 20


@pytest.mark.parametrize("seed", range(2))
def test_since_a_day_it_is_a_ledger_whose_programme_changes_on_that_day(
    fresh_sqlite: Fresh, seed: int
) -> None:
    """The recorded programme changes in February, and again in April: then the candidate governs already."""
    before, after = (STANDING, None), (PLAIN, "2026-02-01T00:00:00Z")
    ours = ledger(fresh_sqlite(), seed, before, after, (OWING, "2026-03-20T00:00:00Z"))
    # Another programme stands where the third did, so that both ledgers have the same positions.
    theirs = ledger(fresh_sqlite(), seed, before, after, (STRICT, MARCH))

    answer = what_if(ours, STRICT, since=MARCH)

    assert of_side(answer, "recorded") == projected(ours)
    assert of_side(answer, "candidate") == projected(theirs)
    assert not answer.found.is_same


@pytest.mark.parametrize("since", [None, "2026-01-20", MARCH, "2030-01-01"])
def test_the_programme_in_force_changes_nothing(database: Database, since: str | None) -> None:
    with database.writing() as connection:
        Log(database).create(connection, ledger_id="shop", now_us=START_US)
    tell(database, history(0))

    answer = what_if(database, STANDING, since=since)

    assert answer.found.is_same
    assert answer.found.kinds == {"same": 60}
    assert all(row.recorded == row.candidate for row in answer.members.values())
    assert all(pair[0] == pair[1] for pair in answer.found.totals.points.values())
    assert [(found.low, found.high, found.members) for found in answer.found.bins] == [(0, 0, 60)]


def test_the_second_programme_since_its_own_day_changes_nothing(fresh_sqlite: Fresh) -> None:
    ours = ledger(fresh_sqlite(), 2, (STANDING, None), (STRICT, MARCH))

    assert what_if(ours, STRICT, since=MARCH).found.is_same
    assert not what_if(ours, STRICT).found.is_same
    assert not what_if(ours, STANDING, since=MARCH).found.is_same


def test_without_referrals_there_is_no_trace_of_a_referral_bonus(fresh_sqlite: Fresh) -> None:
    ours = ledger(fresh_sqlite(), 1, (STANDING, None))
    before, _, after = STANDING.partition("    [rules.referral_bonus]\n")
    silent = before + after.split("\n", 2)[2]
    assert "referral" not in silent

    answer = what_if(ours, silent)

    bonus = answer.found.totals.rules["referral_bonus@1"]
    assert bonus[0] > 0
    assert bonus[1] == 0
    assert not [m for m, row in answer.members.items() if "referral_bonus@1" in row.candidate.rules]
    assert of_side(answer, "candidate") == projected(ledger(fresh_sqlite(), 1, (silent, None)))


def test_two_processes_and_a_few_members_see_the_same(fresh_sqlite: Fresh) -> None:
    ours = ledger(fresh_sqlite(), 3, (STANDING, None))
    whole = what_if(ours, STRICT)

    assert what_if(ours, STRICT, processes=2) == whole
    few = what_if(ours, STRICT, members=("m07", "m31"))
    assert few.members == {name: whole.members[name] for name in ("m07", "m31")}
    drawn = what_if(ours, STRICT, sample=9)
    assert drawn.members == {name: whole.members[name] for name in drawn.members}
    assert (len(drawn.members), drawn.found.ground.known) == (9, 60)
    assert rfc3339(whole.found.ground.clock_us or 0) > MARCH
