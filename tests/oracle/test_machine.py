"""The machine: whatever is told, engine and oracle agree after every fact, and the books are in order."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from loyalty_ledger.ledger.calendar import DAY_US, HOUR_US, rfc3339
from loyalty_ledger.rules import holding
from loyalty_ledger.rules.journaling import Account
from ops.logs import Fresh
from oracle.both import MEMBERS, START_US, Both
from oracle.oracle import Programme

RUNGS = (("Silver", 60, 125), ("Gold", 150, 150))
programmes = st.builds(
    Programme,
    zone=st.just("UTC"),
    pending_days=st.none() | st.just(4),
    points_per_unit=st.integers(1, 3),
    expiry_days=st.sampled_from([None, 10, 30]),
    burn_order=st.sampled_from(["soonest", "oldest"]),
    by=st.sampled_from(["lines", "order"]),
    rounding=st.sampled_from(["down", "half-up", "up"]),
    beyond=st.sampled_from(["debt", "debt", "clamp", "waive"]),  # most is told where points are owed
    window_days=st.just(3_000),
    hold_days=st.sampled_from([3, 15]),
    transfer_expiry=st.sampled_from(["keep", "restart"]),
    rungs=st.sampled_from([(), RUNGS]),
    tier_days=st.just(20),
)
members = st.sampled_from(MEMBERS)
points = st.integers(1, 90)
late = st.sampled_from([0, 0, 0, 0, HOUR_US, 5 * DAY_US, 20 * DAY_US])
which = st.integers(0, 10_000)
STEPS = 10_000


class Machine(RuleBasedStateMachine):
    """Members buy, return, spend, hold, give, merge; time passes, facts come late, the engine restarts."""

    # What a member gave away and has back by a merge is too fine for the oracle: a run has one or the other.

    @initialize(programme=programmes, gives=st.booleans())
    def begin(self, programme: Programme, gives: bool) -> None:
        self.gives = gives
        self.both, self.now_us = Both(programme), START_US
        self.orders: list[tuple[str, str, int]] = []
        self.spent: list[tuple[str, str]] = []
        self.holds: list[tuple[str, str]] = []
        self.retractable: list[tuple[str, int]] = []
        self.merged: dict[str, tuple[str, int]] = {}
        self.number = 0
        self.has_returns = self.is_apart = False
        self.owes = programme.beyond == "debt"

    def tell(self, member: str, topic: str, late_us: int = 0, **fields: Any) -> int:
        return self.both.tell(member, topic, self.now_us - late_us, **fields)

    def name(self, kind: str) -> str:
        self.number += 1
        return f"{kind}{self.number}"

    @rule(us=st.sampled_from([1, HOUR_US, DAY_US, 4 * DAY_US, 11 * DAY_US]))
    def pass_time(self, us: int) -> None:
        self.now_us += us

    @rule(ahead=st.sampled_from([0, DAY_US, 12 * DAY_US]))
    def advance(self, ahead: int) -> None:
        self.now_us += ahead
        self.both.tell(None, "clock.advanced", self.now_us, to=rfc3339(self.now_us))

    @rule(member=members, minors=st.lists(st.integers(0, 6_000), min_size=1, max_size=3), late_us=late)
    def buy(self, member: str, minors: list[int], late_us: int) -> None:
        order, lines = self.name("O"), [{"amount_minor": minor} for minor in minors if len(minors) > 1]
        more: dict[str, Any] = {"amount_minor": sum(minors), **({"lines": lines} if lines else {})}
        position = self.tell(member, "purchase.recorded", late_us, currency="EUR", order=order, **more)
        self.orders.append((member, order, len(lines)))
        self.retractable.append((member, position))

    @precondition(lambda self: self.orders)
    @rule(
        which=which, part=st.sampled_from(["all", "share", "amount", "line"]), size=st.integers(1, 9_999),
        late_us=late,
    )  # fmt: skip
    def bring_back(self, which: int, part: str, size: int, late_us: int) -> None:
        self.has_returns = True
        member, order, lines = self.orders[which % len(self.orders)]
        fields: dict[str, Any] = {}
        if part == "share":
            fields["share_bps"] = size
        elif part == "amount":
            fields["amount_minor"] = size
        elif part == "line" and lines:
            fields["lines"] = [{"line": size % lines + 1}]
        position = self.tell(member, "purchase.returned", late_us, order=order, **fields)
        self.retractable.append((member, position))

    @rule(member=members, points=points, late_us=late)
    def redeem(self, member: str, points: int, late_us: int) -> None:
        order = self.name("P")
        position = self.tell(member, "points.redeemed", late_us, points=points, order=order)
        self.spent.append((member, order))
        self.retractable.append((member, position))

    # Where a return lets members keep what they have spent (clamp, waive), points that come back later are
    # taken after all: the oracle knows nothing of it, so with these policies nothing is given back.

    @precondition(lambda self: self.spent and self.owes)
    @rule(which=which)
    def cancel(self, which: int) -> None:
        member, order = self.spent[which % len(self.spent)]
        self.tell(member, "redemption.cancelled", order=order)

    @rule(member=members, points=st.integers(-60, 60).filter(bool))
    def adjust(self, member: str, points: int) -> None:
        self.retractable.append((member, self.tell(member, "points.adjusted", points=points, reason="test")))

    @precondition(lambda self: self.owes)
    @rule(member=members, points=points, days=st.sampled_from([0, 2, 30]))
    def hold(self, member: str, points: int, days: int) -> None:
        hold, order = self.name("H"), self.name("Q")
        more: dict[str, Any] = {"until": rfc3339(self.now_us + days * DAY_US)} if days else {}
        self.tell(member, "hold.placed", hold=hold, points=points, order=order, **more)
        self.holds.append((member, hold))
        self.spent.append((member, order))

    @precondition(lambda self: self.holds)
    @rule(which=which, points=st.none() | points, is_void=st.booleans())
    def close_hold(self, which: int, points: int | None, is_void: bool) -> None:
        member, hold = self.holds[which % len(self.holds)]
        if is_void:
            self.tell(member, "hold.voided", hold=hold)
        else:
            self.tell(member, "hold.captured", hold=hold, **({} if points is None else {"points": points}))

    @precondition(lambda self: self.gives)
    @rule(member=members, to=members, points=points, late_us=late)
    def give(self, member: str, to: str, points: int, late_us: int) -> None:
        self.tell(member, "points.transferred", late_us, to=to, points=points)

    @rule(member=members, days=st.sampled_from([1, 15, 60]))
    def extend(self, member: str, days: int) -> None:
        self.tell(member, "points.extended", expires=rfc3339(self.now_us + days * DAY_US))

    # What expired of an order that came back, or at a member since absorbed: the oracle has another policy.

    @precondition(lambda self: not (self.merged or self.is_apart or self.has_returns))
    @rule(member=members, points=points)
    def reinstate(self, member: str, points: int) -> None:
        self.tell(member, "points.reinstated", points=points)

    @precondition(lambda self: not self.gives)
    @rule(one=members, other=members)
    def merge(self, one: str, other: str) -> None:
        position = self.tell(one, "members.merged", absorbed=other)
        if self.both.state(other).absorbed_by and other not in self.merged:
            self.merged[other] = (one, position)

    # After an unmerge the oracle gives what comes back to who has the lot now, the engine to who spent it.

    @precondition(lambda self: self.merged and not any(self.both.state(name).holds for name in MEMBERS))
    @rule(which=which)
    def unmerge(self, which: int) -> None:
        other = sorted(self.merged)[which % len(self.merged)]
        one, position = self.merged.pop(other)
        self.tell(one, "members.unmerged", absorbed=other, merge=position)
        self.spent, self.orders, self.holds, self.retractable = [], [], [], []
        self.is_apart = True

    @precondition(lambda self: self.retractable and self.owes)
    @rule(which=which)
    def retract(self, which: int) -> None:
        self.has_returns = True
        member, position = self.retractable[which % len(self.retractable)]
        self.tell(member, "fact.retracted", retracted=position, reason="test")

    @rule()
    def restart(self) -> None:
        self.both.restart()

    @rule()
    def rebuild(self) -> None:
        self.both.rebuild_agrees()

    @invariant()
    def both_agree(self) -> None:
        if hasattr(self, "both"):
            self.both.agree()

    @invariant()
    def the_books_are_in_order(self) -> None:
        if hasattr(self, "both"):
            self.both.hold_invariants()


def test_the_engine_and_the_oracle_agree(
    pytestconfig: pytest.Config, fresh_sqlite: Fresh, fresh_postgres: Fresh
) -> None:
    """``--steps 1000000`` tries as many, others each time; left out, it is the same 10,000.

    Every fiftieth run goes to both databases.
    """
    steps, runs = int(pytestconfig.getoption("steps")), count(1)

    class Stored(Machine):
        def teardown(self) -> None:
            if next(runs) % 50 == 0 and hasattr(self, "both"):
                self.both.stored_agrees(fresh_sqlite())
                self.both.stored_agrees(fresh_postgres())

    run_state_machine_as_test(
        Stored,
        settings=settings(
            max_examples=max(steps // 50, 1), stateful_step_count=50, deadline=None, print_blob=True,
            report_multiple_bugs=False, derandomize=steps == STEPS, suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip


def burning_the_last_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: the lot that expires last is spent first."""
    monkeypatch.setattr(Account, "in_burn_order", lambda account, _: account.state.lots[::-1])


def keeping_what_was_not_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant: what a capture leaves of a hold is not given back."""
    monkeypatch.setattr(holding, "_give_back", lambda *_: None)


@pytest.mark.parametrize("plant", [burning_the_last_first, keeping_what_was_not_captured])
def test_the_machine_notices(
    plant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        run_state_machine_as_test(
            Machine,
            settings=settings(
                max_examples=1_000, stateful_step_count=50, deadline=None, derandomize=True, database=None,
                phases=[Phase.generate], report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
            ),
        )  # fmt: skip
