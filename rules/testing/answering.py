"""``given(history).when(event).then(…)``: the question a test asks, and the answer it looks at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

from ...ledger.reports.typesetting import minute
from ..catalogue import Catalogue, installed
from .expecting import Expected
from .outcome import CHANGES, Outcome, folded, happened_us, standing, told
from .telling import Happening, Telling


@cache
def plugins(folder: Path | None = None) -> Catalogue:
    """Return the installed plugins and those of a folder, all imported; looked for once."""
    return installed(folder=folder)


class Given:
    """A programme and what has happened under it, before the event a test is about."""

    def __init__(self, programme: str | Path, history: Sequence[Happening], catalogue: Catalogue) -> None:
        self._programme, self._history = programme, tuple(history)
        self._catalogue = catalogue

    def when(self, *happenings: Happening) -> Answer:
        """Let something happen, and return what the rules answered to it.

        Raises:
            LoyaltyError: the programme or a fact is none, or a rule failed.
        """
        telling = Telling(self._programme, self._catalogue)
        for happening in self._history:
            happening.tell(telling)
        before = len(telling.story.facts)
        for happening in happenings:
            happening.tell(telling)
        after = Given(self._programme, (*self._history, *happenings), self._catalogue)
        return Answer(telling, before, after)


def given(
    programme: str | Path, *history: Happening, rules_dir: Path | None = None,
    catalogue: Catalogue | None = None,
) -> Given:  # fmt: skip
    """Return a programme, a TOML text or file, and what has happened under it so far.

    Args:
        programme: Its rules are those installed, in *rules_dir* or in *catalogue*.
        history: Purchases and other facts, in the order they were told.
        rules_dir: A folder with rule files, beside what is installed.
        catalogue: Where rules come from instead.
    """
    return Given(programme, history, catalogue or plugins(rules_dir))


class Answer:
    """What the rules answered.

    Attributes:
        outcomes: What they booked, moved, flagged, recommended and noted, and why they gave nothing.
        standing: Every member's balance and timers in the end.
    """

    def __init__(self, telling: Telling, before: int, after: Given) -> None:
        steps, group = folded(telling.story)
        self._facts = telling.story.facts[before:]
        self._zone, self._after = telling.zone, after
        self.outcomes: list[Outcome] = [out for step in steps[before:] for out in step.outcomes]
        self.standing: list[Outcome] = standing(group)

    def then(self, *expected: Expected) -> Answer:
        """Expect this and nothing else to have been booked, moved, flagged or recommended.

        Balances, timers, steps of the arithmetic and reasons why not are looked at where they are named.

        Raises:
            AssertionError: saying what was expected, and what was answered instead.
        """
        __tracebackhide__ = True
        self._compare(expected, is_all=True)
        return self

    def includes(self, *expected: Expected) -> Answer:
        """Expect this, whatever else was answered.

        Raises:
            AssertionError: as ``then``.
        """
        __tracebackhide__ = True
        self._compare(expected, is_all=False)
        return self

    def when(self, *happenings: Happening) -> Answer:
        """Let more happen after it."""
        return self._after.when(*happenings)

    def balance(self, member: str) -> int:
        """Return the points a member can spend in the end; negative is debt."""
        found = (out for out in self.standing if (out.kind, out.fields["member"]) == ("balance", member))
        return next((int(out.fields["points"]) for out in found), 0)

    def _compare(self, expected: Sequence[Expected], *, is_all: bool) -> None:
        __tracebackhide__ = True
        open_ = [out for out in self.outcomes if out.kind in CHANGES]
        missing = [one for one in expected if not self._is_met(one, open_)]
        if missing or (is_all and open_):
            raise AssertionError(self._difference(missing, open_ if is_all else []))

    def _is_met(self, one: Expected, open_: list[Outcome]) -> bool:
        """Return whether something is what was expected; of what changes, nothing is so twice."""
        among = open_ if one.kind in CHANGES else [*self.outcomes, *self.standing]
        found = next((out for out in among if one.matches(out, self._zone)), None)
        if found is not None and one.kind in CHANGES:
            open_[:] = [out for out in open_ if out is not found]
        return found is not None

    def _difference(self, missing: Sequence[Expected], surplus: Sequence[Outcome]) -> str:
        lines = ["the rules answered something else", ""]
        lines += [f"  when  {minute(happened_us(fact), self._zone)}  {told(fact)}" for fact in self._facts]
        lines += ["", "  - expected, + answered", ""]
        lines += [f"  - {one.line()}" for one in missing]
        changes = [out for out in self.outcomes if out.kind in CHANGES]
        is_surplus = {id(out) for out in surplus}
        lines += [f"  {'+' if id(out) in is_surplus else ' '} {out.line(self._zone)}" for out in changes]
        lines += [] if changes else ["    (nothing was booked, moved, flagged or recommended)"]
        for title, kinds in (("why not", {"not_qualified"}), ("steps", {"noted"})):
            said = [out.fields for out in self.outcomes if out.kind in kinds]
            lines += _section(title, [f"{one['member']} {one['by']}: {one['reason']}" for one in said])
        return "\n".join([*lines, *_section("in the end", [out.line(self._zone) for out in self.standing])])


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", f"  {title}", *(f"    {line}" for line in lines)] if lines else []
