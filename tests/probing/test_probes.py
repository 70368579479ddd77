"""The parts of `rules check`, each by itself."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import pytest
from msgspec import Meta

from loyalty_ledger.ledger.facts import Fact, Registry
from loyalty_ledger.plugins.milestone import Milestone
from loyalty_ledger.plugins.tiers.rule import Tiers
from loyalty_ledger.rules import Accrue, Answer, Member, Params, PurchaseRecorded, Rule, on
from loyalty_ledger.rules.probing.comparing import Comparison
from loyalty_ledger.rules.probing.declared import declared_findings
from loyalty_ledger.rules.probing.histories import Teller
from loyalty_ledger.rules.probing.parameters import variants
from loyalty_ledger.rules.probing.plan import Call, Finding, Plan, Result, Setting, Trace, World
from loyalty_ledger.rules.probing.verdict import PROBES, Verdict
from loyalty_ledger.rules.probing.vocabulary import Vocabulary, read_files
from loyalty_ledger.rules.probing.watching import effect_text

CODE = """
WEIGHTS = {"gold": 3}

def points(line, member):
    if line.category == "wine" and line.amount_minor >= 4999:
        return 7
    return WEIGHTS.get(member.rung("tiers"), 0) if member.rung("tiers") in ("gold", "silver") else 0
"""


class PickyParams(Params, frozen=True, kw_only=True):
    percent: Annotated[int, Meta(ge=5, le=60)]
    mode: Literal["a", "b"]
    rate: Decimal = Decimal(1)
    category: str = ""


class Picky(Rule):
    name, Params = "picky", PickyParams

    @on(PurchaseRecorded)
    def earn(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=1, reason="picky")


def test_the_words_of_a_rule_are_found_by_the_field_they_are_compared_with(tmp_path: Path) -> None:
    (tmp_path / "rule.py").write_text(CODE)
    found = read_files([tmp_path / "rule.py"])

    assert found.of_field["category"] == ["wine"]
    assert {"gold", "silver"} <= set(found.of_field["rung"])
    assert 4999 in found.numbers


def test_a_history_tells_every_topic_asked_for_and_the_words_of_the_rule() -> None:
    words = Vocabulary()
    words.add("wine", "category")
    world = Teller(Registry(), ["complaint.opened", "gift.given"], words).world()
    facts = [fact for history in world.histories for fact in history.facts]

    assert {"complaint.opened", "gift.given", "purchase.recorded", "purchase.returned"} <= {
        f.topic for f in facts
    }
    assert sum(b'"wine"' in fact.state for fact in facts) > 50
    assert len({fact.position for fact in facts}) == len(facts)
    assert any(history.is_extreme for history in world.histories)


def test_the_same_rule_gets_the_same_histories() -> None:
    first, second = (Teller(Registry(), ["purchase.recorded"], Vocabulary()).world() for _ in range(2))

    assert [h.facts for h in first.histories] == [h.facts for h in second.histories]


def test_parameters_keep_within_their_bounds_and_reach_them() -> None:
    found = variants(Picky, Vocabulary())

    percents = {variant.params.percent for variant in found}  # type: ignore[attr-defined]
    assert {5, 60} <= percents
    assert all(5 <= percent <= 60 for percent in percents)
    assert {variant.params.mode for variant in found} == {"a", "b"}  # type: ignore[attr-defined]


@pytest.mark.parametrize("rule", [Milestone, Tiers])
def test_parameters_that_must_be_given_are_made_up(rule: type[Rule]) -> None:
    assert len(variants(rule, Vocabulary())) > 2


def test_methods_that_cannot_be_asked_and_topics_nobody_offers_are_found() -> None:
    class Unknown(PurchaseRecorded, frozen=True, kw_only=True):
        topic = "purchase.imagined"

    class Wrong(Rule):
        name: ClassVar[str] = "wrong"

        @on(Unknown)
        def earn(self, purchase: Fact[PurchaseRecorded]) -> Answer:
            return None

    found = [finding.what for finding in declared_findings(Wrong, "wrong@1", Registry())]

    assert any("purchase.imagined, a type nobody offers" in what for what in found)
    assert any("cannot be called" in what for what in found)


def test_a_float_parameter_and_defaults_that_do_not_fit_are_found() -> None:
    class Loose(Params, frozen=True, kw_only=True):
        rate: float = 1.5
        days: Annotated[int, Meta(ge=1)] = 0

    class Careless(Rule):
        name, Params = "careless", Loose

    found = [finding.what for finding in declared_findings(Careless, "careless@1", Registry())]

    assert "parameter rate is a float" in found
    assert any("defaults are no valid parameters" in what for what in found)


def plan_of(facts: int = 0) -> Plan:
    setting = Setting({"r": "r@1"}, b"", "defaults", 0, [0])
    return Plan(["r@1"], [setting], [World([], [], 1)], [])


def trace_of(*answers: str) -> Trace:
    calls = [Call(n, n + 1, "r@1", "purchase.recorded", "ann", [text]) for n, text in enumerate(answers)]
    return Trace(calls, [], "same")


@pytest.mark.parametrize(
    ("there", "shown"),
    [(trace_of("a", "c"), ("b", "c")), (trace_of("a"), ("b", "not asked")), (trace_of("a", "b"), None)],
)
def test_the_first_answer_that_differs_is_named(there: Trace, shown: tuple[str, str] | None) -> None:
    comparison = Comparison(plan_of(), Result(traces={"0/0": trace_of("a", "b")}))
    comparison.compare("twice", "twice", {"0/0": there})
    found = comparison.findings()

    assert [(finding.here, finding.there) for finding in found] == ([shown] if shown else [])
    assert all(finding.at == "purchase.recorded at position 2, member ann" for finding in found)


def test_an_effect_is_told_by_what_is_not_its_default() -> None:
    assert effect_text(Accrue(points=5, reason="five")) == "Accrue(points=5, reason='five')"


def test_programs_are_told_the_same_as_people() -> None:
    fault = Finding(probe="inputs", rule="r@1", what="reads the clock", hint="do not")
    verdict = Verdict(
        plugin="p", rules=["r@1"], findings=[fault], unfinished={}, facts=9, histories=1, settings=1, calls=3
    )

    (row,) = verdict.fields()["rules"]
    assert row["probes"] == {**dict.fromkeys(PROBES, "ok"), "inputs": "fail"}
    assert verdict.fields()["is_fine"] is False
    assert verdict.lines()[1].split() == ["r@1", *"✓✓✓✓✓✗✓✓"]


def test_a_remark_is_no_fault() -> None:
    remark = Finding(probe="bounds", rule="r@1", what="answered 10**18", is_remark=True)
    verdict = Verdict(
        plugin="p", rules=["r@1"], findings=[remark], unfinished={}, facts=9, histories=1, settings=1, calls=3
    )

    assert verdict.fields()["is_fine"] is True
    assert "✗" not in "".join(verdict.lines())
