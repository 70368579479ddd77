"""Points when what a member has earned, spent or visited in all reaches a mark."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Changed,
    Effect,
    Keep,
    Member,
    Params,
    Rule,
    Sums,
    hookimpl,
    minor_units,
    money_text,
    on,
)

_LEVEL, _GIVEN, _LOST = "level", "given", "-"
_LISTED = 50
"""So many bonuses can be taken back and given again; older ones are given for good."""


class MilestoneParams(Params, frozen=True, kw_only=True):
    """Parameters of ``milestone``: at or every, one of them.

    Attributes:
        points: Points at each mark.
        of: What counts: "points" earned (this rule's own with them), "spend" in the programme's currency, or
            "visits"; all net of returns.
        at: The one mark; of spend in major units.
        every: The distance from mark to mark; more than `points` where points count.
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    of: Literal["points", "spend", "visits"]
    at: Decimal | None = None
    every: Decimal | None = None

    def __post_init__(self) -> None:
        if (self.at is None) == (self.every is None):
            raise ValueError("set at or every, one of them")
        mark = self.mark
        if not (mark.is_finite() and 0 < mark <= 10**12):
            raise ValueError(f"the mark must be more than 0, got {mark}")
        if self.of != "spend" and mark != int(mark):
            raise ValueError(f"{self.of} are whole numbers, got {mark}")
        if self.of == "points" and self.every is not None and mark <= self.points:
            raise ValueError(f"every must be more than points, {self.points}: they count themselves")

    @property
    def mark(self) -> Decimal:
        """The first mark."""
        return self.at if self.at is not None else self.every or Decimal(0)


class _Given(NamedTuple):
    """A bonus: for the marks from *first* to *last*, with a fact."""

    first: int
    last: int
    fact: int
    is_lost: bool
    """It went back with the fact."""

    def __str__(self) -> str:
        return f"{self.first}-{self.last}@{self.fact}{_LOST if self.is_lost else ''}"


class Milestone(Rule):
    """Points at a mark, or at every such mark; once, but again when they went back with their order.

    It keeps "level" (how many marks the member stood above when it last looked) and "given", a text "settled
    first-last@fact …": up to which mark bonuses are given for good, then the last of them, with a "-" behind
    those that went back.
    """

    name, version, stage = "milestone", 1, "standing"
    Params = MilestoneParams
    params: MilestoneParams

    def __init__(self, params: MilestoneParams) -> None:
        super().__init__(params)
        self._marks: dict[str, int] = {}

    def fits(self, currency: str) -> None:
        """Refuse a mark that the currency cannot hold."""
        self._mark(currency)

    def sums_days(self) -> int:
        """Totals are enough."""
        return 0

    @on(Changed)
    def follow(self, changed: Changed, member: Member) -> Answer:
        """Give the points of marks that are reached, and of those whose points went back with an order."""
        level, kept = self._level(member.total, member.currency), member.kept(_LEVEL)
        if isinstance(kept, int):
            before = kept
        else:
            # What was reached before the rule was there has no bonus.
            earlier = Sums(*(now - more for now, more in zip(member.total, changed.more, strict=True)))
            before = min(self._level(earlier, member.currency), level)
        text = str(member.kept(_GIVEN) or "0")
        if level == before and changed.is_gain and not text.endswith(_LOST) and f"{_LOST} " not in text:
            return None
        settled, given = _read(text, member)
        stands = [(bonus.first, bonus.last) for bonus in given if not bonus.is_lost]
        open_marks = [(before + 1, level)]
        open_marks += [(bonus.first, min(bonus.last, level)) for bonus in given]
        effects: list[Effect] = []
        for span in open_marks:
            for first, last in _without(span, [(0, settled), *stands]):
                stands.append((first, last))
                given.append(_Given(first, last, changed.fact, is_lost=False))
                effects.append(self._bonus(first, last, member))
        if given and (written := _written(settled, given)) != text:
            effects.append(Keep(key=_GIVEN, value=written))
        if level != kept:
            effects.append(Keep(key=_LEVEL, value=level))
        return effects

    def _bonus(self, first: int, last: int, member: Member) -> Accrue:
        times, mark = last - first + 1, self._mark(member.currency) * last
        reached = self._told(mark, member.currency)
        now = self._told(self._value(member.total), member.currency)
        points = min(times * self.params.points, MOST)
        member.note("{} now; {} × {} points for {}", now, times, self.params.points, reached)
        return Accrue(points=points, reason=f"{reached} reached")

    def _told(self, value: int, currency: str) -> str:
        if self.params.of == "spend":
            return f"{money_text(value, currency)} of purchases"
        noun = self.params.of
        return f"1 {noun[:-1]}" if value == 1 else f"{value:,} {noun}"

    def _value(self, sums: Sums) -> int:
        match self.params.of:
            case "points":
                return sums.points
            case "spend":
                return sums.spend_minor
            case _:
                return sums.visits

    def _level(self, sums: Sums, currency: str) -> int:
        """Return how many marks these sums have reached."""
        level = max(self._value(sums), 0) // self._mark(currency)
        return level if self.params.every is not None else min(level, 1)

    def _mark(self, currency: str) -> int:
        found = self._marks.get(currency)
        if found is None:
            mark = self.params.mark
            found = minor_units(mark, currency) if self.params.of == "spend" else int(mark)
            self._marks[currency] = found
        return found


def _without(span: tuple[int, int], taken: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return what is left of a span of whole numbers, ends included, without others."""
    left = [span]
    for first, last in taken:
        left = [part for a, b in left for part in ((a, min(b, first - 1)), (max(a, last + 1), b))]
        left = [(a, b) for a, b in left if a <= b]
    return left


def _read(text: str, member: Member) -> tuple[int, list[_Given]]:
    """Return up to which mark bonuses are given for good, and those that can still go back or come again."""
    settled, *parts = text.split(" ")
    given = []
    for part in parts:
        first, last, fact = map(int, part.removesuffix(_LOST).replace("@", "-").split("-"))
        trace = member.traced_at(fact)
        # Of a purchase that is not remembered any more it stays as it was.
        is_lost = part.endswith(_LOST) if trace is None else trace.is_returned
        given.append(_Given(first, last, fact, is_lost))
    return int(settled), given


def _written(settled: int, given: list[_Given]) -> str:
    settled = max([settled, *(bonus.last for bonus in given[:-_LISTED] if not bonus.is_lost)])
    return " ".join([str(settled), *map(str, given[-_LISTED:])])


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Milestone]
