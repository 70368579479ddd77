"""Restating under programmes that follow one another: what time has made due stays under who governed then.

The law was seen to fail on the engine as it was: an advance that passes again, in a fold of late facts, was
judged by programmes recorded behind it.
"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.state import load
from loyalty_ledger.rules.testing import Story

from .tales import OWING, STANDING, STRICT, Tale, fold, tales

RESTATING = [
    text.replace("[rules", '[policy]\n    late = "restate"\n    [rules', 1)
    for text in (STANDING, STRICT, OWING)
]
FIVE_DAYS = """
    programme = "Five days"
    zone = "UTC"
    currency = "USD"
    [policy]
    late = "restate"
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 5
"""
FOR_EVER = FIVE_DAYS.replace("[rules.rolling_expiry]\n    days = 5\n", "")


def test_what_has_expired_stays_so_when_a_later_programme_knows_no_expiry() -> None:
    """Both lots were due by the advance, under the programme before: 5 - 5 + 7 - 7 = 0."""
    story = Story(FIVE_DAYS)
    story.purchase("ann", "5.00", at="2026-10-01")
    story.advance("2026-10-20")
    story.apply(FOR_EVER, since="2026-10-04T00:00:00Z")
    story.purchase("ann", "7.00", at="2026-10-02")

    assert sum(entry.points for entry in story.entries("ann")) == 0
    assert story.balance("ann") == 0
    assert not story.state("ann").lots


def test_a_late_transfer_to_somebody_without_any_fact_is_booked_when_it_happened() -> None:
    """Bob has no clock yet; ann has 2 + 5 - 1 = 6 points left."""
    story = Story(FOR_EVER + "    [rules.transfers]\n")
    story.purchase("ann", "2.00", at="2026-10-01")
    story.purchase("ann", "5.00", at="2026-10-20")
    story.given("ann", "points.transferred", at="2026-10-02", to="bob", points=1)

    (received,) = story.entries("bob")

    assert (rfc3339(received.booked_us), received.points) == ("2026-10-02T00:00:00Z", 1)
    assert (story.balance("ann"), story.balance("bob")) == (6, 1)


@settings(max_examples=60)
@given(tales(programmes=RESTATING, is_standing=True) | tales(programmes=(FIVE_DAYS, FOR_EVER)))
def test_states_have_what_the_journal_says(tale: Tale) -> None:
    told = fold(tale)

    for name, row in told.states.items():
        state, entries = load(row.state), told.entries.get(name, ())
        assert state.points == sum(entry.points for entry in entries)
        left: Counter[int | None] = Counter()
        for entry in entries:
            left[entry.lot] += entry.points + entry.pending
        del left[None]
        assert {lot.lot: lot.points + lot.pending for lot in state.lots} == {
            lot: points for lot, points in left.items() if points
        }
