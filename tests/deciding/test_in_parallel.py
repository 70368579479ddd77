"""However many decide at once, on either database, in threads or in processes, what can be done once is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from deciding.counter import NOW_US, answer, buy, decide, facts_in, in_parallel, projected_points
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.deciding import (
    Adjust,
    Cancel,
    CancelReward,
    Command,
    Done,
    IssueReward,
    Redeem,
    UseReward,
    retraction,
)  # fmt: skip
from loyalty_ledger.rules.deciding.standing import Reader

LOYALTY = Path(sys.executable).with_name("loyalty")


def test_parallel_cancels_restore_once(counter: Database) -> None:
    decide(counter, Redeem(member="ann", points=60, order="C-1"))

    answers = in_parallel(counter, [Cancel(member="ann", order="C-1", reason=f"r{n}") for n in range(6)])

    assert Counter(answers) == {"created": 1, "duplicate": 5}
    assert facts_in(counter, "redemption.cancelled") == 1
    assert projected_points(counter) == 100


def test_parallel_retractions_reverse_once(counter: Database) -> None:
    with counter.reading() as connection:
        commands = [retraction(connection, 2, reason=f"r{n}") for n in range(6)]

    answers = in_parallel(counter, commands)

    assert Counter(answers) == {"created": 1, "duplicate": 5}
    assert facts_in(counter, "fact.retracted") == 1
    assert projected_points(counter) == 0


def test_redemptions_adjustments_and_rewards_together_never_overspend(counter: Database) -> None:
    """Nine ask for 30 of 100: three are served, whoever they are, and six are short."""
    commands: list[Command] = []
    for number in range(3):
        commands += [
            Redeem(member="ann", points=30, order=f"C-{number}"),
            Adjust(member="ann", points=-30, reason=f"r{number}"),
            IssueReward(member="ann", reward=f"R-{number}", kind="voucher", points=30),
        ]

    answers = in_parallel(counter, commands)

    assert Counter(answers) == {"created": 3, "exceeds-balance": 6}
    assert projected_points(counter) == 10


def test_a_reward_is_used_or_cancelled_never_both(counter: Database) -> None:
    decide(counter, IssueReward(member="ann", reward="R-1", kind="voucher", points=40))
    commands: list[Command] = [UseReward(member="ann", reward="R-1", order=f"O-{n}") for n in range(3)]
    commands += [CancelReward(member="ann", reward="R-1") for _ in range(3)]

    answers = in_parallel(counter, commands)

    if facts_in(counter, "reward.redeemed"):
        assert Counter(answers) == {"created": 1, "already-used": 5}
        assert (facts_in(counter, "reward.cancelled"), projected_points(counter)) == (0, 60)
    else:
        assert Counter(answers) == {"created": 1, "duplicate": 2, "reward-cancelled": 3}
        assert (facts_in(counter, "reward.cancelled"), projected_points(counter)) == (1, 100)


def test_an_action_is_done_once(counter: Database) -> None:
    answers = in_parallel(counter, [Done(member="ann", action="call back")] * 6)

    assert Counter(answers) == {"created": 1, "duplicate": 5}


def test_a_cancel_and_what_it_gives_back_are_not_spent_twice(counter: Database) -> None:
    """60 of 100 are redeemed: 70 more fit once the 60 are back, and only once."""
    decide(counter, Redeem(member="ann", points=60, order="C-1"))
    commands: list[Command] = [Redeem(member="ann", points=70, order=f"D-{n}") for n in range(3)]
    commands += [Cancel(member="ann", order="C-1") for _ in range(3)]

    answers = in_parallel(counter, commands)

    assert Counter(answers[3:]) == {"created": 1, "duplicate": 2}
    assert answers[:3].count("created") <= 1
    assert projected_points(counter) == (30 if "created" in answers[:3] else 100)


def overtaken(monkeypatch: pytest.MonkeyPatch, by: Callable[[], object]) -> None:
    """Let something happen between the fold of the next decision and its append."""
    real, waiting = Reader.standing, [by]

    def overtaking(*args: object, **options: object) -> object:
        standing = real(*args, **options)  # type: ignore[arg-type]
        if waiting:
            waiting.pop()()
        return standing

    monkeypatch.setattr(Reader, "standing", overtaking)


OVERTAKING: list[tuple[Command, Command, str]] = [
    (Cancel(member="ann", order="C-1"), Cancel(member="ann", order="C-1"), "duplicate"),
    (Adjust(member="ann", points=-40, reason="a"), Redeem(member="ann", points=40), "exceeds-balance"),
    (Redeem(member="ann", points=40), Adjust(member="ann", points=-40, reason="a"), "exceeds-balance"),
    (UseReward(member="ann", reward="R-1"), CancelReward(member="ann", reward="R-1"), "reward-cancelled"),
    (CancelReward(member="ann", reward="R-1"), UseReward(member="ann", reward="R-1"), "already-used"),
    (Done(member="ann", action="call"), Done(member="ann", action="call"), "duplicate"),
]


@pytest.fixture
def busy(counter: Database) -> Database:
    """Of ann's 100 points 50 are redeemed for C-1; reward R-1 is hers: 50 are left."""
    decide(counter, Redeem(member="ann", points=50, order="C-1"))
    decide(counter, IssueReward(member="ann", reward="R-1", kind="voucher"))
    return counter


@pytest.mark.parametrize(("command", "faster", "status"), OVERTAKING)
def test_who_is_overtaken_decides_anew(
    busy: Database, command: Command, faster: Command, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    overtaken(monkeypatch, lambda: decide(busy, faster))

    assert answer(busy, command) == status


@pytest.mark.parametrize(("command", "faster", "status"), OVERTAKING[1:])
def test_without_the_look_behind_both_would_be_recorded(
    busy: Database, command: Command, faster: Command, status: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The laws above can fail: this is the bug they are for. (A second cancel has the first one's id.)"""
    monkeypatch.setattr(Log, "last_position_of", lambda *_: 0)
    overtaken(monkeypatch, lambda: decide(busy, faster))

    assert answer(busy, command) == "created"


def test_other_members_overtake_nobody(busy: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    overtaken(monkeypatch, lambda: buy(busy, "bob", "1.00", at_us=NOW_US))

    decision = decide(busy, Cancel(member="ann", order="C-1"))

    assert (decision.outcome.position, decision.balance_points) == (6, 100)


def test_one_id_asked_for_by_two_members_at_once_is_one_fact(
    counter: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other's fact concerns no one of the group, and takes the id all the same."""
    ann, bob = (Adjust(member=member, points=5, reason="hello") for member in ("ann", "bob"))
    overtaken(monkeypatch, lambda: decide(counter, bob, event_id="one"))

    assert answer(counter, ann, event_id="one") == "idempotency-conflict"
    assert facts_in(counter, "points.adjusted") == 1


def test_processes_are_kept_apart_as_threads_are(counter: Database) -> None:
    """Three at once ask for 45 of 100, by three commands: two are served."""
    lines = [
        ["redeem", "ann", "45", "--order", "C-1"],
        ["adjust", "ann", "-45", "--reason", "counted twice"],
        ["reward", "issue", "ann", "voucher", "--points", "45", "--reward", "R-1"],
    ]
    at = ["--at", "2026-06-01T12:00:00Z", "--json", "--db", counter.url]

    running = [
        subprocess.Popen([LOYALTY, *line, *at], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for line in lines
    ]
    said = [process.communicate(timeout=60) for process in running]

    assert sorted(process.returncode for process in running) == [0, 0, 1], said
    (refused,) = (json.loads(stderr) for _, stderr in said if stderr)
    assert refused["code"] == "exceeds-balance"
    assert projected_points(counter) == 10
