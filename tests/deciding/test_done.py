"""That an action was done is recorded, and once when it is said twice in a row."""

from __future__ import annotations

from deciding.counter import answer, decide, facts_in, opened, record
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Done

CALL = Done(member="ann", action="call back", outcome="reached")
PLAIN = 'programme = "Plain"\nzone = "UTC"\ncurrency = "USD"\n'


def test_it_needs_no_rule_and_no_recommendation(database: Database) -> None:
    shop = opened(database, PLAIN)

    decision = decide(shop, CALL)

    assert decision.outcome.status == "created"
    assert decision.lines() == ["done for ann: call back (position 3)"]


def test_said_again_it_is_a_duplicate_even_after_other_actions(counter: Database) -> None:
    first = decide(counter, CALL)
    assert answer(counter, Done(member="ann", action="send a card")) == "created"

    assert decide(counter, CALL).outcome == first.outcome._replace(status="duplicate")
    assert decide(counter, CALL).lines() == ["already done for ann: call back (position 3)"]
    assert facts_in(counter, "action.done") == 2


def test_with_another_outcome_it_is_said_anew(counter: Database) -> None:
    decide(counter, CALL)

    assert answer(counter, Done(member="ann", action="call back", outcome="nobody there")) == "created"
    assert answer(counter, CALL) == "created"


def test_after_anything_that_could_recommend_it_anew_it_is_done_anew(counter: Database) -> None:
    decide(counter, CALL)
    record(counter, "complaint.opened", "ann", {"complaint": "C-1", "category": "quality"})

    assert answer(counter, CALL) == "created"
    record(counter, "clock.advanced", None, {"to": "2026-06-01T11:00:00Z"})
    assert answer(counter, CALL) == "created"
    assert answer(counter, CALL) == "duplicate"


def test_other_members_facts_do_not_matter(counter: Database) -> None:
    decide(counter, CALL)
    record(counter, "complaint.opened", "bob", {"complaint": "C-1", "category": "quality"})

    assert answer(counter, CALL) == "duplicate"


def test_an_id_says_the_same_for_ever(counter: Database) -> None:
    decide(counter, CALL, event_id="d")
    record(counter, "complaint.opened", "ann", {"complaint": "C-1", "category": "quality"})

    assert answer(counter, CALL, event_id="d") == "duplicate"
    assert answer(counter, Done(member="ann", action="write"), event_id="d") == "idempotency-conflict"
