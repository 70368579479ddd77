"""A fixed number of points for certain items."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Fact,
    Line,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    Selection,
    hookimpl,
    on,
)


class ItemParams(Selection, Params, frozen=True, kw_only=True):
    """Parameters of ``item_bonus``. A line counts when it carries one of the names.

    Attributes:
        points: Points each time.
        each: "order": once for an order that has such a line; "line": for every such line; "unit": for every
            whole unit of them.
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    each: Literal["order", "line", "unit"] = "order"

    def __post_init__(self) -> None:
        if not (self.skus or self.categories or self.brands or self.labels):
            raise ValueError("name skus, categories, brands or labels")


class ItemBonus(Rule):
    """Points for items, whatever they cost; returning them takes the points back."""

    name, version, stage = "item_bonus", 1, "earn"
    Params = ItemParams
    params: ItemParams

    @on(PurchaseRecorded)
    def reward(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of one order."""
        counts = tuple(self._count(line) for line in purchase.data.lines)
        times = sum(counts)
        if not times:
            return NotQualified(reason="the order has none of the items")
        if self.params.each == "order":
            times = 1
        member.note("{} × {} points", times, self.params.points)
        points = min(times * self.params.points, MOST)
        return Accrue(points=points, reason="bonus for items bought", lines=counts)

    def _count(self, line: Line) -> int:
        if not self.params.matches(line):
            return 0
        return min(max(int(line.quantity), 0), MOST) if self.params.each == "unit" else 1


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [ItemBonus]
