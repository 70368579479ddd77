"""Laws of the fold over random histories, under every programme and every rule of ``extra_rules``."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loyalty_ledger.rules import roster

from . import laws
from .extra_rules import BUNDLED
from .tales import STANDINGS, Tale, cuts_of, tales

quick = settings(max_examples=60, deadline=None)
every_tale = st.one_of(tales(), tales(is_standing=True, programmes=STANDINGS))
cut_tales = every_tale.flatmap(lambda tale: st.tuples(st.just(tale), cuts_of(tale)))
orders = st.permutations(range(len(BUNDLED) + 1))
steps = st.lists(st.integers(0, 24 * 40), min_size=1, max_size=4)


@quick
@given(cut_tales)
def test_resuming_at_any_checkpoint_equals_a_full_replay(case: tuple[Tale, list[int]]) -> None:
    laws.resuming_equals_a_full_replay(case)


@quick
@given(cut_tales)
def test_projecting_after_every_batch_equals_once_at_the_end(case: tuple[Tale, list[int]]) -> None:
    laws.when_time_is_settled_changes_nothing(case)


@quick
@given(cut_tales)
def test_live_equals_rebuilt_when_groups_grow(case: tuple[Tale, list[int]]) -> None:
    laws.live_equals_rebuilt(case)


@quick
@given(st.tuples(every_tale, orders))
def test_the_order_of_installation_changes_nothing(case: tuple[Tale, list[int]]) -> None:
    laws.order_of_installation_changes_nothing(case)


@settings(max_examples=120, deadline=None)
@given(tales(max_size=30) | tales(is_standing=True, programmes=STANDINGS, max_size=30))
def test_the_books_balance(tale: Tale) -> None:
    laws.books_balance(tale)


@settings(max_examples=120, deadline=None)
@given(tales(is_standing=True, programmes=STANDINGS, max_size=30))
def test_nothing_is_lost_between_members(tale: Tale) -> None:
    laws.nothing_is_lost_between_members(tale)


@quick
@given(every_tale)
def test_nothing_that_is_due_stays_behind(tale: Tale) -> None:
    laws.nothing_stays_due(tale)


@quick
@given(every_tale)
def test_unlinked_members_may_be_folded_together_or_apart(tale: Tale) -> None:
    laws.folding_together_or_apart_is_the_same(tale)


@quick
@given(every_tale)
def test_settling_changes_nothing_when_nothing_is_due(tale: Tale) -> None:
    laws.settling_twice_changes_nothing(tale)


@quick
@given(st.tuples(every_tale, steps))
def test_advancing_in_one_step_or_in_many_gives_the_same_journal(case: tuple[Tale, list[int]]) -> None:
    laws.one_advance_equals_many(case)


@quick
@given(every_tale)
def test_explaining_changes_nothing(tale: Tale) -> None:
    laws.explaining_changes_nothing(tale)


@quick
@given(st.tuples(every_tale, st.integers(0, 24 * 60)))
def test_looking_ahead_equals_advancing(case: tuple[Tale, int]) -> None:
    laws.looking_ahead_equals_advancing(case)


@quick
@given(every_tale)
def test_members_who_rest_between_facts_come_to_the_same(tale: Tale) -> None:
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(roster, "_MOST_AWAKE", 0)
        laws.resting_changes_nothing(tale)
