"""The engine against a second opinion that shares no line with it."""

from __future__ import annotations

import pytest
from hypothesis import Phase, given, settings

from loyalty_ledger.ledger.calendar import instant_us
from loyalty_ledger.ledger.facts.points import PointsRedeemed
from loyalty_ledger.ledger.facts.programme import ClockAdvanced
from loyalty_ledger.ledger.facts.purchase import PurchaseRecorded
from loyalty_ledger.rules.state import load

from .oracle import Book, Oracle
from .tales import PLAIN, Tale, fold, tales

plain_tales = tales(programmes=[PLAIN], members=["ann", "bob"], is_linking=False, max_size=40)


def second_opinion(tale: Tale) -> dict[str, Book]:
    """Return what the oracle makes of a tale under PLAIN: a point a dollar for 30 days."""
    oracle = Oracle(days=30)
    for fact in tale.facts:
        if isinstance(fact.data, ClockAdvanced):
            oracle.advance(fact.position, instant_us(fact.data.to))
        elif isinstance(fact.data, PurchaseRecorded):
            is_ours = fact.data.currency == "USD"
            oracle.purchase(
                fact.subject, fact.position, fact.occurred_us, fact.data.amount_minor, is_ours=is_ours
            )
        elif isinstance(fact.data, PointsRedeemed):
            oracle.redemption(fact.subject, fact.position, fact.occurred_us, fact.data.points)
        elif fact.subject:
            oracle.other(fact.subject, fact.position, fact.occurred_us)
    oracle.close(tale.last())
    return oracle.books


def the_oracle_agrees(tale: Tale) -> None:
    """Balances, lots and the columns of the roll-forward are the same."""
    books, outcome = second_opinion(tale), fold(tale)
    assert set(books) == set(outcome.states)
    for member, book in books.items():
        state, sums = load(outcome.states[member].state), {"issued": 0, "redeemed": 0, "expired": 0}
        for entry in outcome.entries.get(member, []):
            sums[entry.account] += entry.contra
        assert state.points == book.balance
        assert sums == {"issued": -book.issued, "redeemed": book.redeemed, "expired": book.expired}
        found = sorted((lot.expires_us, lot.booked_us, lot.points) for lot in state.lots)
        assert found == sorted((lot.expires_us, lot.booked_us, lot.points) for lot in book.lots)


@settings(max_examples=100, deadline=None)
@given(plain_tales)
def test_balances_are_those_of_a_second_opinion(tale: Tale) -> None:
    the_oracle_agrees(tale)


def _expires_after(book: Book, until_us: int) -> None:
    """Defect: the instant of expiry is not inclusive."""
    book.clock_us = max(book.clock_us, until_us)
    for lot in book.lots:
        if lot.expires_us < book.clock_us:
            book.expired += lot.points
            lot.points = 0
    book.lots = [lot for lot in book.lots if lot.points]


def _burns_the_oldest(book: Book, points: int) -> None:
    """Defect: lots burn in the order they were booked."""
    book.redeemed += points
    for lot in book.lots:
        taken = min(lot.points, points)
        lot.points -= taken
        points -= taken
    book.debt += points
    book.lots = [lot for lot in book.lots if lot.points]


@pytest.mark.parametrize(("name", "defect"), [("redeem", _burns_the_oldest), ("pass_time", _expires_after)])
def test_the_oracle_would_notice(name: str, defect: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seen failing: two opinions that differ in one rule are told apart."""
    monkeypatch.setattr(Book, name, defect)

    @settings(max_examples=600, deadline=None, database=None, phases=[Phase.generate], derandomize=True)
    @given(tales(programmes=[PLAIN], members=["ann"], is_linking=False, max_size=20))
    def probe(tale: Tale) -> None:
        the_oracle_agrees(tale)

    with pytest.raises(AssertionError):
        probe()
