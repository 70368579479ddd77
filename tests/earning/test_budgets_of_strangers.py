"""What a stranger's rule may say of its budget, and when it is asked."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from loyalty_ledger.ledger.errors import PluginError
from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Count,
    Fact,
    Member,
    NewLot,
    PurchaseRecorded,
    Rule,
    hookimpl,
    on,
)
from loyalty_ledger.rules.catalogue import Catalogue, Plugin
from loyalty_ledger.rules.effects import Terms
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.testing import Story

HEAD = 'programme = "P"\nzone = "UTC"\ncurrency = "USD"\n'


class Touchy(Rule):
    """Cannot say what a purchase of one dollar claims; there is enough for one of two dollars."""

    name = "touchy"

    def budget(self) -> Any:
        return 100

    def claim(self, fact: Fact[PurchaseRecorded], currency: str) -> int:
        return 10_000 // (fact.data.amount_minor - 100)

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=member.granted, reason="granted")


def offering(*rules: type[Rule]) -> Catalogue:
    module = SimpleNamespace(__name__="stranger", loyalty_rules=hookimpl(lambda: list(rules)))
    return Catalogue([(Plugin("stranger", "1", "0" * 64), module)])


def test_a_claim_is_not_asked_for_once_the_budget_is_used_up() -> None:
    """A rebuild stops reading there, a run meets later facts as they come: both must come to the same."""
    story = Story(HEAD + "[rules.touchy]\n", catalogue=offering(Touchy))
    story.purchase("ann", "2.00", at="2026-01-01")  # 10,000 / 100 = 100: all there is
    story.purchase("bob", "1.00", at="2026-01-01")
    programme, others = story.split()
    live, rebuilt = Engine(programme, story.catalogue), Engine(programme, story.catalogue)

    assert [live.grant(fact) for fact in others] == [False, False]
    assert rebuilt.grant(others[0]) is False

    assert live.grants.given == rebuilt.grants.given == {2: {"touchy": 100}}


@pytest.mark.parametrize("said", ["many", 1.5, -1, True, 2**63])
def test_a_budget_that_is_no_whole_number_is_refused_when_the_programme_is_applied(said: Any) -> None:
    class Odd(Touchy):
        def budget(self) -> Any:
            return said

    with pytest.raises(PluginError, match=r"rule 'touchy' version 1 answered budget\(\)"):
        Story(HEAD + "[rules.touchy]\n", catalogue=offering(Odd))


@pytest.mark.parametrize("method", ["budget", "fits"])
@pytest.mark.parametrize("error", [TypeError, SystemExit])
def test_a_rule_that_fails_before_any_fact_is_named(method: str, error: type[BaseException]) -> None:
    def fail(*_: Any) -> Any:
        raise error("no")

    odd = type("Odd", (Touchy,), {method: fail})

    with pytest.raises(PluginError, match=rf"rule 'touchy'.* failed in {method}\(\): {error.__name__}: no"):
        Story(HEAD + "[rules.touchy]\n", catalogue=offering(odd))


class Counting(Rule):
    """Counts orders; a lot lives for as many days."""

    name = "counting"

    @on(PurchaseRecorded)
    def count(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Count(counter="orders")

    @on(NewLot)
    def terms(self, new: NewLot, member: Member) -> Answer:
        days = member.counter("orders")
        return Terms(expires_us=new.occurred_us + days * 86_400_000_000)


class Late(Touchy):
    """Gives after the others, and keeps nothing."""

    name, stage = "late", "standing"

    def claim(self, fact: Fact[PurchaseRecorded], currency: str) -> int:
        return 1


def test_a_rule_asked_for_the_terms_of_another_rules_lot_reads_its_own_memory() -> None:
    story = Story(HEAD + "[rules.counting]\n[rules.late]\n", catalogue=offering(Counting, Late))
    day_us = 86_400_000_000
    first_us = story.split()[0][0].occurred_us + 20_454 * day_us  # 2026-01-01
    for day in ("2026-01-01", "2026-01-01", "2026-01-01"):
        story.purchase("ann", "2.00", at=day)

    expires = [entry.expires_us for entry in story.entries("ann") if entry.expires_us is not None]

    # The stage react comes after standing: the lot is opened before the order is counted.
    assert [(at - first_us) // day_us for at in expires] == [0, 1, 2]
