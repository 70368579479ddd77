"""Whatever nonsense a rule answers is refused with the path to it, in any field of any effect."""

from __future__ import annotations

import gc

import pytest

from engine.extra_rules import catalogue_of
from loyalty_ledger.ledger.errors import PluginError, RuleError
from loyalty_ledger.rules import Accrue, Effect, ReferralMade, Rule
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.testing import Story
from probing.aliens import ALIENS, BOOLS, DICTS, TEXTS, TUPLES
from probing.nonsense import SENSE, Case, placed
from probing.strange import (
    ACTIVITY,
    CATALOGUE,
    PROGRAMME,
    PURCHASE,
    Asked,
    StrangeCap,
    asked_of,
    asked_to_return,
)

BARE = """
programme = "Days"
zone = "UTC"
currency = "USD"
[rules.strange]
"""


class Told:
    """The fold of a member and its other, up to the fact that is answered with nonsense."""

    def __init__(self, programme_text: str = PROGRAMME) -> None:
        story = Story(programme_text, catalogue=CATALOGUE)
        story.record("ann", ReferralMade(referred="ann's other"), at="2026-01-01")
        story.record("ann", PURCHASE, at="2026-01-02")
        story.record("ann", PURCHASE, at="2026-01-03")
        story.record("ann", ACTIVITY, at="2026-01-03")
        programme, (referral, first, *self._last) = story.split()
        self._engine = Engine(programme, CATALOGUE)
        group = self._engine.group(("ann", "ann's other"), {})
        group.apply(referral)
        group.apply(first)
        self._states = {row.member: row.state for row in group.states()}

    def answer(self, asked: Asked) -> None:
        """Let the rule answer."""
        asked.rule.asked["ann"] = asked.case
        group = self._engine.group(("ann", "ann's other"), self._states)
        group.apply(self._last[asked.fact is ACTIVITY])
        asked.rule.asked.clear()

    def fault_of(self, asked: Asked) -> str | None:
        """Return how the answer was not refused as it should be, None if it was."""
        try:
            self.answer(asked)
        except RuleError as error:
            position = 5 if asked.fact is ACTIVITY else 4
            said = f"{error.what} at {error.at}"
            is_well_said = (
                error.rule == f"{asked.rule.name}@1"
                and error.at == f"member 'ann', position {position}"
                and f"{asked.who} answered " in error.what
                and asked.case.path in error.what
                and said.isprintable()
            )
            return None if is_well_said else f"{asked.case.name}: {said}"
        except Exception as error:  # noqa: BLE001 - whatever else is a finding
            return f"{asked.case.name}: {type(error).__name__}: {error}"
        finally:
            asked.rule.asked.clear()
        return f"{asked.case.name}: accepted"


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


@pytest.mark.parametrize("kind", SENSE, ids=lambda kind: kind.__name__)
def test_what_makes_sense_is_accepted(kind: type[Effect], told: Told) -> None:
    asked = asked_of(kind)[0]
    case = Case("sense", "", lambda places: kind(**placed(SENSE[kind], places)))

    told.answer(asked._replace(case=case))


@pytest.mark.parametrize("kind", SENSE, ids=lambda kind: kind.__name__)
def test_nonsense_in_any_field_is_refused_with_its_path(kind: type[Effect], told: Told) -> None:
    asked = asked_of(kind)

    assert len(asked) >= 60
    assert [fault for one in asked if (fault := told.fault_of(one))] == []


def test_what_is_no_effect_is_refused(told: Told) -> None:
    asked = asked_to_return()

    assert len(asked) >= 3 * 60
    assert [fault for one in asked if (fault := told.fault_of(one))] == []
    gc.collect()  # what a coroutine or a generator says when it is dropped would be heard here


@pytest.mark.parametrize("asked", ["orders_days", "spending_days", "sums_days"])
def test_nonsense_about_days_is_refused_before_any_fact_is_read(asked: str) -> None:
    wrong = [*ALIENS, *BOOLS, *TEXTS, *TUPLES, *DICTS, -1, 10**6 + 1, 2**63, 10**400]

    assert len(wrong) >= 60
    for days in wrong:
        catalogue = catalogue_of(
            type("Strange", (Rule,), {"name": "strange", asked: lambda self, days=days: days})
        )
        programme, _ = Story(BARE, catalogue=catalogue).split()
        with pytest.raises(PluginError, match=rf"rule 'strange' version 1 answered {asked}\(\) "):
            Engine(programme, catalogue)


def test_nonsense_is_no_candidate_for_the_best_of_a_group() -> None:
    stacked = PROGRAMME.replace("[rules.points", '[stacking]\ng = "best"\n[rules.points')
    told = Told(stacked.replace("[rules.strange_cap]", '[rules.strange_cap]\ngroup = "g"'))
    wrong = [one for one in asked_to_return() if one.rule is StrangeCap]
    wrong += [one._replace(rule=StrangeCap) for one in asked_of(Accrue)]

    assert [fault for one in wrong if (fault := told.fault_of(one))] == []


def test_every_effect_that_can_be_answered_is_tried() -> None:
    assert set(SENSE) == set(Effect.__subclasses__())
