"""A fixed number of points for certain items."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Fact,
    Line,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    hookimpl,
    on,
)

Names = tuple[str, ...]
_MOST = 10**15
"""The most one fact can earn."""


class ItemParams(Params, frozen=True, kw_only=True):
    """Parameters of ``item_bonus``. A line counts when it carries one of the names.

    Attributes:
        points: Points each time.
        each: "order": once for an order that has such a line; "line": for every such line; "unit": for every
            whole unit of them.
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    each: Literal["order", "line", "unit"] = "order"
    skus: Names = ()
    categories: Names = ()
    brands: Names = ()
    labels: Names = ()

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
        points = min(times * self.params.points, _MOST)
        return Accrue(points=points, reason="bonus for items bought", lines=counts)

    def _count(self, line: Line) -> int:
        params = self.params
        matches = (
            line.sku in params.skus
            or line.category in params.categories
            or line.brand in params.brands
            or any(label in params.labels for label in line.labels)
        )
        if not matches:
            return 0
        return min(max(int(line.quantity), 0), _MOST) if params.each == "unit" else 1


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [ItemBonus]
