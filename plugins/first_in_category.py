"""Points for the first purchase in a category."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Changed,
    Effect,
    Fact,
    FactRetracted,
    Keep,
    Line,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    Traced,
    hookimpl,
    on,
)

_COUNT, _LOOK = "count", "look"
_LONGEST = 1900
"""Characters that a list of lines may take in the rule's memory."""


class FirstParams(Params, frozen=True, kw_only=True):
    """Parameters of ``first_in_category``.

    Attributes:
        points: Points for the first purchase in each of the categories.
        categories: The categories; empty: every one.
        together: The categories count as one: points once, whichever of them comes first.
        window_days: For how many days a purchase can come back and another one be the first.
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    categories: tuple[str, ...] = ()
    together: bool = False
    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365


class FirstInCategory(Rule):
    """Points for trying something new; they rest on its lines, and go with them when they come back.

    It keeps by category ("=NAME") a text "fact line line …", the purchase that was the first and its lines in
    it, with a "-" before it once they have come back; "count" and "name N", all these categories; and "look",
    a retracted fact of which it is not known yet what it changes.
    """

    name, version, stage = "first_in_category", 1, "earn"
    Params = FirstParams
    params: FirstParams

    def orders_days(self) -> int:
        """What came back must be known: the next purchase is the first then."""
        return self.params.window_days

    def sums_days(self) -> int:
        """Changed sums say that something came back."""
        return 0

    @on(PurchaseRecorded)
    def buy(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of every category that is new."""
        lines = purchase.data.lines
        found: dict[str, list[int]] = {}
        for number, line in enumerate(lines, start=1):
            if line.category is not None and self._is_meant(line.category):
                found.setdefault("" if self.params.together else line.category, []).append(number)
        if not found:
            return NotQualified(reason="the order has no line in a category that counts")
        return self._firsts(purchase.position, found, lines, member)

    def _firsts(
        self, position: int, found: dict[str, list[int]], lines: tuple[Line, ...], member: Member
    ) -> Iterator[Effect]:
        known = member.counter(_COUNT)
        for category, numbers in found.items():
            before = member.kept(f"={category}")
            told = category or " or ".join(self.params.categories) or "any category"
            if before is not None and not str(before).startswith("-"):
                yield NotQualified(reason=f"{told} was bought before, fact {str(before).split(' ')[0]}")
                continue
            member.note("first purchase in {}: lines {}", told, ", ".join(map(str, numbers)))
            weights = tuple(
                max(line.amount_minor, 0) if number in numbers else 0
                for number, line in enumerate(lines, start=1)
            )
            if not any(weights):
                weights = tuple(int(number in numbers) for number in range(1, len(lines) + 1))
            yield Accrue(points=self.params.points, reason=f"first purchase in {told}", lines=weights)
            text = " ".join(map(str, (position, *numbers)))
            yield Keep(key=f"={category}", value=text if len(text) <= _LONGEST else str(position))
            if before is None:
                known += 1
                yield Keep(key=f"name {known}", value=f"={category}")
                yield Keep(key=_COUNT, value=known)

    @on(FactRetracted)
    def retract(self, retracted: Fact[FactRetracted], _member: Member) -> Answer:
        """Remember to look at what a retracted return had taken."""
        return Keep(key=_LOOK, value=retracted.data.retracted)

    @on(Changed)
    def follow(self, changed: Changed, member: Member) -> Answer:
        """Note which first purchases have come back, or stand again."""
        look = member.kept(_LOOK)
        if look is None and changed.is_gain:
            return None
        traces = [member.traced_at(fact) for fact in (changed.fact, look) if isinstance(fact, int)]
        facts = {fact for trace in traces if trace is not None for fact in trace.took}
        return [*self._looked_at(facts, member), Keep(key=_LOOK, value=None)]

    def _looked_at(self, facts: set[int], member: Member) -> Iterator[Effect]:
        for number in range(1, member.counter(_COUNT) + 1):
            key = str(member.kept(f"name {number}"))
            text = str(member.kept(key))
            fact, *numbers = (int(part) for part in text.removeprefix("-").split(" "))
            trace = member.traced_at(fact) if fact in facts else None
            if trace is not None and text.startswith("-") != _has_come_back(trace, numbers):
                yield Keep(key=key, value=text[1:] if text.startswith("-") else f"-{text}")

    def _is_meant(self, category: str) -> bool:
        return not self.params.categories or category in self.params.categories


def _has_come_back(trace: Traced, numbers: list[int]) -> bool:
    """Return whether these lines of a purchase, or all of it, have come back."""
    parts = [(trace.returned[number - 1], trace.weights[number - 1]) for number in numbers]
    return trace.is_returned or (bool(parts) and all(back >= max(weight, 1) for back, weight in parts))


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [FirstInCategory]
