"""Stopped and resumed behind every fact, a fold gives what it gives at once, to the byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from loyalty_ledger.rules import roster, state
from loyalty_ledger.rules.state import MemberState

from .tales import STANDINGS, Tale, fold, fold_in_parts, tales
from .test_mutants import notices
from .test_restating_laws import RESTATING

restating = tales(is_standing=True, programmes=RESTATING[:1])
every_tale = tales() | tales(is_standing=True, programmes=STANDINGS) | restating


def splitting_everywhere_changes_nothing(tale: Tale) -> None:
    """Groups are as the facts up to each cut connect them: incremental, as projections go."""
    assert fold_in_parts(tale, [fact.position for fact in tale.facts]) == fold(tale)


def test_incremental_equals_rebuild_split_at_every_fact(pytestconfig: pytest.Config) -> None:
    """300 histories; ``--histories 20000`` for the nightly campaign."""
    number = int(pytestconfig.getoption("histories"))
    settings(max_examples=number, deadline=None)(given(every_tale)(splitting_everywhere_changes_nothing))()


def forgetting_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what is held is not written down."""

    def dump(kept: MemberState) -> bytes:
        kept.holds = {}
        return state.dump(kept)

    monkeypatch.setattr(roster, "dump", dump)


def test_the_law_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    forgetting_holds(monkeypatch)
    notices(splitting_everywhere_changes_nothing, every_tale)
