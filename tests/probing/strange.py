"""Rules that answer with whatever a test has put down for a member, where it has a meaning."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

from engine.extra_rules import catalogue_of
from loyalty_ledger.ledger.facts import Fact, FactType
from loyalty_ledger.ledger.facts.purchase import Line
from loyalty_ledger.rules import (
    ActivityRecorded,
    Effect,
    Expire,
    Hold,
    Limit,
    Member,
    Merge,
    Move,
    NewLot,
    PurchaseRecorded,
    Rule,
    Terms,
    Transfer,
    Unmerge,
    Wait,
    on,
)
from probing.no_effects import returns
from probing.nonsense import Case, Place, cases

PROGRAMME = """
programme = "Nonsense"
zone = "UTC"
currency = "USD"
[rules.points_per_spend]
[rules.strange]
[rules.strange_cap]
[rules.strange_terms]
"""
PURCHASE = PurchaseRecorded(
    currency="USD", amount_minor=1000, order="o1", lines=(Line(amount_minor=500), Line(amount_minor=500))
)
ACTIVITY = ActivityRecorded(activity="came")
OF_TWO = (Transfer, Merge, Unmerge)


class Answering(Rule):
    """Answers about a member what the test has put down for it, once its first purchase is told."""

    asked: ClassVar[dict[str, Case]]

    def speak(self, member: Member) -> Any:
        case, first = self.asked.get(member.id), member.rung("first")
        if case is None or first is None:
            return None
        return case.answer({Place.FIRST: int(first), Place.OTHER: f"{member.id}'s other"})


class Strange(Answering):
    """Of the first purchase's 10 points, 2 are held and 8 have expired; the second gives 10 to spend."""

    name, asked = "strange", {}

    def orders_days(self) -> int:
        return 365

    @on(PurchaseRecorded, ActivityRecorded)
    def answer(self, fact: Fact[FactType], member: Member) -> Any:
        if member.rung("first") is None:
            return [
                Hold(hold="open", points=2, reason="to have one"),
                Expire(reason="to have some"),
                Move(ladder="first", rung=str(fact.position), reason="to know it"),
            ]
        return self.speak(member)


class StrangeCap(Answering):
    """Answers in the stage cap."""

    name, stage, asked = "strange_cap", "cap", {}

    @on(PurchaseRecorded)
    def cut(self, purchase: Fact[FactType], member: Member) -> Any:
        return self.speak(member)


class StrangeTerms(Answering):
    """Answers for new lots."""

    name, asked = "strange_terms", {}

    @on(NewLot)
    def wait(self, lot: NewLot, member: Member) -> Any:
        return self.speak(member)


class Asked(NamedTuple):
    """A case, and whom it is asked."""

    case: Case
    rule: type[Answering]
    fact: FactType
    has_other: bool

    @property
    def who(self) -> str:
        """How an error names the rule and its method."""
        method = {Strange: "answer", StrangeCap: "cut", StrangeTerms: "wait"}[self.rule]
        return f"rule {self.rule.name}@1 in {method}()"


def asked_of(kind: type[Effect]) -> list[Asked]:
    """Return the cases of an effect, each to be asked where the effect has a meaning."""
    rule = {Limit: StrangeCap, Terms: StrangeTerms}.get(kind, Strange)
    fact = ACTIVITY if kind is Wait else PURCHASE
    return [Asked(case, rule, fact, kind in OF_TWO) for case in cases(kind)]


def asked_to_return() -> list[Asked]:
    """Return whatever is no effect, as an answer to a fact, in the stage cap, and to a new lot."""
    return [
        Asked(case._replace(name=f"{rule.name}: {case.name}"), rule, PURCHASE, has_other=False)
        for rule in (Strange, StrangeCap, StrangeTerms)
        for case in returns()
    ]


RULES = (Strange, StrangeCap, StrangeTerms)
CATALOGUE = catalogue_of(*RULES)
