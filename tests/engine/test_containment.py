"""A rule that raises or answers nonsense: a RuleError that names rule, member and position, no traceback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest

from loyalty_ledger.ledger.errors import FactError, LoyaltyError, RuleError
from loyalty_ledger.ledger.units import INT64_MAX, MOST
from loyalty_ledger.rules import (
    FOREVER_US,
    Accrue,
    Burn,
    Count,
    Effect,
    Flag,
    Limit,
    NewLot,
    NotQualified,
    PurchaseRecorded,
    Rule,
    SetTimer,
    StopTimer,
    Terms,
    on,
)
from loyalty_ledger.rules.answers import NonsenseError
from loyalty_ledger.rules.catalogue import Catalogue
from loyalty_ledger.rules.cause import Cause
from loyalty_ledger.rules.journaling import Account
from loyalty_ledger.rules.member import Award
from loyalty_ledger.rules.state import MemberState
from loyalty_ledger.rules.testing import Story

from .extra_rules import bundled, plugin_of

PROGRAMME = """
    programme = "Contained"
    zone = "UTC"
    currency = "USD"
    [rules.points_per_spend]
    [rules.redemption]
    [rules.bad]
"""


def story_with(*rules: type[Rule], programme: str = PROGRAMME) -> Story:
    """Return a story under the bundled rules and these."""
    return Story(programme, catalogue=Catalogue([*bundled(), plugin_of("strange", rules)]))


def answering(answer: Callable[[], Any], *, in_stage: str = "react") -> type[Rule]:
    """Return a rule "bad" that answers every purchase so."""

    class Bad(Rule):
        name, stage = "bad", in_stage

        @on(PurchaseRecorded)
        def speak(self, purchase: object, member: object) -> Any:
            return answer()

    return Bad


def fault_of(rule: type[Rule]) -> RuleError:
    """Return the error of a purchase at position 2 under the rule."""
    story = story_with(rule)
    story.purchase("ann", "5.00", at="2026-01-01")
    with pytest.raises(RuleError) as caught:
        story.folded()
    assert caught.value.rule == "bad@1"
    assert "rule bad@1" in caught.value.what
    assert caught.value.at == "member 'ann', position 2"
    assert caught.value.exit_code == 4
    assert "\n" not in caught.value.what
    return caught.value


class Unspeakable(Exception):  # noqa: N818
    def __str__(self) -> str:
        raise ValueError("no")


class Unseen:
    def __repr__(self) -> str:
        raise ValueError("no")


class Sideways(BaseException):
    pass


def raising(error: BaseException) -> Callable[[], Any]:
    def answer() -> Any:
        raise error

    return answer


def recursing() -> Any:
    return recursing()


def half_way() -> Iterator[Effect]:
    yield Accrue(points=1, reason="first half")
    raise ValueError("in the middle")


FAULTS: dict[str, Callable[[], Any]] = {
    "an exception": raising(ValueError("oops")),
    "one of ours": raising(FactError("no fact")),
    "a rule error": raising(RuleError("not mine")),
    "SystemExit": raising(SystemExit(0)),
    "GeneratorExit": raising(GeneratorExit()),
    "beside Exception": raising(Sideways("x")),
    "StopIteration": raising(StopIteration()),
    "an exception without words": raising(Unspeakable()),
    "recursion": recursing,
    "a generator that raises half-way": half_way,
}


@pytest.mark.parametrize("name", FAULTS)
@pytest.mark.parametrize("stage", ["earn", "cap", "react"])
def test_a_rule_that_raises_is_contained(name: str, stage: str) -> None:
    assert "failed: " in fault_of(answering(FAULTS[name], in_stage=stage)).what


NONSENSE: dict[str, Any] = {
    "a number": 7,
    "nothing of use": 0,
    "words": "many points",
    "bytes": b"x",
    "a dict": {"points": 5},
    "a list of numbers": [1, 2],
    "the class of an effect": Accrue,
    "a list of classes": [Accrue],
    "an unprintable object": [Unseen()],
    "terms outside a new lot": Terms(expires_us=5),
    "a bare effect": Effect(),
    "float points": Accrue(points=1.5, reason="x"),  # type: ignore[arg-type]
    "whole float points": Accrue(points=2.0, reason="x"),  # type: ignore[arg-type]
    "decimal points": Accrue(points=Decimal(2), reason="x"),  # type: ignore[arg-type]
    "bool points": Accrue(points=True, reason="x"),
    "text points": Accrue(points="5", reason="x"),  # type: ignore[arg-type]
    "no points": Accrue(points=None, reason="x"),  # type: ignore[arg-type]
    "negative points": Accrue(points=-1, reason="x"),
    "huge points": Accrue(points=2**63, reason="x"),
    "points too long to print": Accrue(points=10**5000, reason="x"),
    "no reason": Accrue(points=1, reason=None),  # type: ignore[arg-type]
    "an empty reason": Accrue(points=1, reason=""),
    "a reason of bytes": Accrue(points=1, reason=b"x"),  # type: ignore[arg-type]
    "a reason with NUL": Accrue(points=1, reason="a\0b"),
    "a reason with a lone surrogate": Accrue(points=1, reason="\ud800"),
    "a reason without end": Accrue(points=1, reason="x" * 100_000),
    "float expiry": Accrue(points=1, reason="x", expires_us=2e15),  # type: ignore[arg-type]
    "bool expiry": Accrue(points=1, reason="x", expires_us=True),
    "an expiry nobody can print": Accrue(points=1, reason="x", expires_us=FOREVER_US - 1),
    "text release": Accrue(points=1, reason="x", usable_us="2026-01-01"),  # type: ignore[arg-type]
    "a stranger": Accrue(points=1, reason="x", member="zoe"),
    "no member": Accrue(points=1, reason="x", member=5),  # type: ignore[arg-type]
    "an unhashable member": Accrue(points=1, reason="x", member=["ann"]),  # type: ignore[arg-type]
    "burn nothing": Burn(points=0, reason="x"),
    "burn less than nothing": Burn(points=-5, reason="x"),
    "burn half": Burn(points=0.5, reason="x"),  # type: ignore[arg-type]
    "burn without words": Burn(points=1, reason=7),  # type: ignore[arg-type]
    "a limit outside its stage": Limit(points=5, reason="x"),
    "a timer at a float": SetTimer(key="k", due_us=2e15),  # type: ignore[arg-type]
    "a timer after the end of time": SetTimer(key="k", due_us=2**63),
    "a timer without a key": SetTimer(key=5, due_us=5),  # type: ignore[arg-type]
    "a timer with half a phase": SetTimer(key="k", due_us=5, phase=2.5),  # type: ignore[arg-type]
    "a timer with a phase of words": SetTimer(key="k", due_us=5, phase="late"),  # type: ignore[arg-type]
    "stop nothing": StopTimer(key=None),  # type: ignore[arg-type]
    "count halves": Count(counter="c", by=0.5),  # type: ignore[arg-type]
    "count without a name": Count(counter=3),  # type: ignore[arg-type]
    "count beyond 2^63": [Count(counter="c", by=2**63 - 1), Count(counter="c", by=1)],
    "a flag without words": Flag(flag="f", reason=None),  # type: ignore[arg-type]
    "a flag without a name": Flag(flag=1, reason="x"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("name", NONSENSE)
def test_nonsense_is_refused_and_shown(name: str) -> None:
    fault_of(answering(lambda: NONSENSE[name]))


@pytest.mark.parametrize("tamper", [
    lambda member: member.awards.append(5), lambda member: member.awards.clear(),
    lambda member: setattr(member, "awards", None), lambda member: member.awards.__setitem__(0, 1.5),
])  # fmt: skip
def test_a_rule_cannot_tamper_with_what_others_have_given(tamper: Callable[[Any], Any]) -> None:
    class Bad(Rule):
        name, stage = "bad", "cap"

        @on(PurchaseRecorded)
        def speak(self, purchase: object, member: Any) -> None:
            tamper(member)

    assert "in speak() failed: AttributeError" in fault_of(Bad).what


def test_a_limit_for_another_member_is_refused() -> None:
    fault_of(answering(lambda: Limit(points=5, reason="x", member="zoe"), in_stage="cap"))


def test_an_error_reads_the_same_in_every_process() -> None:
    """What it says is stored: an address in memory would make two rebuilds differ."""
    error = fault_of(answering(object))

    assert error.what == (
        "rule bad@1 in speak() answered <object object>, which is no effect and no list of effects"
    )
    assert " at 0x" not in fault_of(answering(lambda: [object()])).what


class Rich(Rule):
    name, stage = "rich", "earn"

    @on(PurchaseRecorded)
    def give(self, purchase: object, member: object) -> Accrue:
        return Accrue(points=2**62, reason="much")


def test_no_effect_moves_more_than_ten_to_the_fifteen() -> None:
    story = story_with(Rich, programme=PROGRAMME.replace("bad", "rich"))
    story.purchase("ann", "0.00", at="2026-01-01")

    with pytest.raises(RuleError, match=r"Accrue.points \d+, not a whole number from 0 to 1000000000000000"):
        story.folded()


@pytest.mark.parametrize("points", [INT64_MAX, -INT64_MAX])
def test_a_balance_never_passes_2_to_the_63(points: int) -> None:
    state, cause = MemberState(points=points), Cause()
    account = Account("ann", state, [])
    award = Award("rich@1", "rich", MOST, "much", None, None)

    def move() -> None:
        if points > 0:
            account.open_lot(award, cause, 0, FOREVER_US, "")
        else:
            account.burn(MOST, "much", cause)

    with pytest.raises(NonsenseError, match=r"of 'ann' past 2\^63"):
        move()


@pytest.mark.parametrize(
    "answer",
    [5, 0, "never", [5], Accrue(points=1, reason="x"), Terms(expires_us=1.5), Terms(usable_us=True)],  # type: ignore[arg-type]
)
def test_nonsense_about_a_new_lot_is_refused(answer: Any) -> None:
    class Bad(Rule):
        name = "bad"

        @on(NewLot)
        def speak(self, lot: NewLot, member: object) -> Any:
            return answer

    fault_of(Bad)


@pytest.mark.parametrize("error", [ValueError("x"), SystemExit(1), Sideways(), RuleError("mine")])
def test_a_rule_that_raises_about_a_new_lot_is_contained(error: BaseException) -> None:
    class Bad(Rule):
        name = "bad"

        @on(NewLot)
        def speak(self, lot: NewLot, member: object) -> Any:
            raise error

    fault_of(Bad)


def timed(answer: Callable[[Any], Any]) -> type[Rule]:
    """Return a rule "bad" whose timer is due ten days after a purchase."""

    class Bad(Rule):
        name = "bad"

        @on(PurchaseRecorded)
        def wait(self, purchase: Any, member: object) -> SetTimer:
            return SetTimer(key="k", due_us=purchase.occurred_us + 10 * 86_400_000_000)

        def on_timer(self, timer: Any, member: Any) -> Any:
            return answer(timer)

    return Bad


@pytest.mark.parametrize(
    "answer",
    [
        lambda timer: 1 / 0,
        lambda timer: Accrue(points=1.5, reason="x"),  # type: ignore[arg-type]
        lambda timer: Limit(points=1, reason="x"),
        lambda timer: SetTimer(key="k", due_us=timer.due_us),
        lambda timer: SetTimer(key="a", due_us=timer.due_us),
        lambda timer: SetTimer(key="z", due_us=timer.due_us - 1),
        lambda timer: SetTimer(key="z", due_us=timer.due_us, phase=4),
    ],
)
def test_a_timer_that_fails_or_does_not_move_on_is_contained(answer: Callable[[Any], Any]) -> None:
    """A timer that sets itself again at its own instant would never come to an end."""
    story = story_with(timed(answer))
    story.purchase("ann", "5.00", at="2026-01-01")
    story.advance("2026-02-01")

    with pytest.raises(RuleError, match="rule bad@1") as caught:
        story.folded()
    assert caught.value.at == "member 'ann', position 3"
    assert caught.value.rule == "bad@1"


def test_a_timer_may_set_one_that_sorts_later() -> None:
    story = story_with(timed(lambda t: SetTimer(key="z", due_us=t.due_us) if t.key == "k" else None))
    story.purchase("ann", "5.00", at="2026-01-01")
    story.advance("2026-02-01")

    assert story.state("ann").alarms == []


def test_the_user_may_interrupt_a_rule() -> None:
    story = story_with(answering(raising(KeyboardInterrupt())))
    story.purchase("ann", "5.00", at="2026-01-01")

    with pytest.raises(KeyboardInterrupt):
        story.folded()


def test_a_limit_of_memory_stops_the_run_instead_of_setting_aside() -> None:
    story = story_with(answering(raising(MemoryError())))
    story.purchase("ann", "5.00", at="2026-01-01")

    with pytest.raises(LoyaltyError, match="rule bad@1 ran out of memory") as caught:
        story.folded()
    assert not isinstance(caught.value, RuleError)
    assert caught.value.at == "member 'ann', position 2"


def test_a_note_that_cannot_be_written_fails_nobody() -> None:
    """Explaining must come to the same as folding."""

    class Bad(Rule):
        name, stage = "bad", "earn"

        @on(PurchaseRecorded)
        def speak(self, purchase: object, member: Any) -> Accrue:
            member.note("{", 1)
            member.note("{}", lambda: 1 / 0)
            return Accrue(points=1, reason="x")

    story = story_with(Bad)
    story.purchase("ann", "5.00", at="2026-01-01")

    assert story.folded(is_explaining=True).entries == story.folded().entries
    assert any("ZeroDivisionError" in note.text for note in story.notes())


def test_not_qualified_changes_nothing() -> None:
    story = story_with(answering(lambda: NotQualified(reason="a matter of taste")))
    story.purchase("ann", "5.00", at="2026-01-01")

    assert [entry.rule for entry in story.entries()] == ["points_per_spend@1"]
    assert [note.text for note in story.notes() if note.rule == "bad@1"] == ["a matter of taste"]
