"""Points while a budget lasts that all members share: the first orders get them."""

from __future__ import annotations

from decimal import Decimal
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
    minor_units,
    on,
    purchase_refusal,
)


class LimitedParams(Selection, Params, frozen=True, kw_only=True):
    """Parameters of ``limited_offer``. Without a name, every order is one of the offer.

    Attributes:
        budget: Points there are for all members together.
        points: Points each time.
        each: "order": once for an order; "unit": for every whole unit of its lines that count.
        last: Who comes when less is left than the order would get: "part" of it, or "none".
        minimum_order: Purchases below it do not qualify, in major units of the programme's currency.
        channels: Only purchases through these; empty: all.
        stores: Only purchases in these; empty: all.
    """

    budget: Annotated[int, Meta(ge=1, le=MOST)]
    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    each: Literal["order", "unit"] = "order"
    last: Literal["part", "none"] = "part"
    minimum_order: Decimal = Decimal(0)
    channels: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.minimum_order.is_finite() or self.minimum_order < 0:
            raise ValueError(f"minimum_order must be 0 or more, got {self.minimum_order}")


class LimitedOffer(Rule):
    """Points while the budget lasts, in the order in which purchases were recorded.

    What is given back with a return is not given again to others.
    """

    name, version, stage = "limited_offer", 1, "earn"
    Params = LimitedParams
    params: LimitedParams

    def fits(self, currency: str) -> None:
        """Refuse a minimum order that the currency cannot hold."""
        minor_units(self.params.minimum_order, currency)

    def budget(self) -> int:
        """Return how many points there are for all."""
        return self.params.budget

    def claim(self, fact: Fact[PurchaseRecorded], currency: str) -> int:
        """Return what an order would get if there were enough."""
        return 0 if self._refusal(fact.data, currency) else self._wanted(fact.data)

    @on(PurchaseRecorded)
    def offer(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award what the order was granted."""
        refusal = self._refusal(purchase.data, member.currency)
        if refusal:
            return NotQualified(reason=refusal)
        wanted, granted = self._wanted(purchase.data), member.granted
        if granted < wanted and (not granted or self.params.last == "none"):
            return NotQualified(reason=f"the budget of {self.params.budget} points is used up")
        member.note("{} of {} points granted from a budget of {}", granted, wanted, self.params.budget)
        counts = tuple(map(self._counted, purchase.data.lines))
        return Accrue(points=granted, reason="while stocks last", lines=counts if any(counts) else None)

    def _refusal(self, order: PurchaseRecorded, currency: str) -> str:
        params = self.params
        if not self._wanted(order):
            return "the order has none of the items"
        return purchase_refusal(
            order, currency, channels=params.channels, stores=params.stores,
            minimum_order=params.minimum_order,
        )  # fmt: skip

    def _wanted(self, order: PurchaseRecorded) -> int:
        if self._names_items or self.params.each == "unit":
            times = sum(map(self._counted, order.lines))
            return min((min(times, 1) if self.params.each == "order" else times) * self.params.points, MOST)
        return self.params.points

    @property
    def _names_items(self) -> bool:
        params = self.params
        return bool(params.skus or params.categories or params.brands or params.labels)

    def _counted(self, line: Line) -> int:
        if self._names_items and not self.params.matches(line):
            return 0
        return min(max(int(line.quantity), 0), MOST) if self.params.each == "unit" else 1


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [LimitedOffer]
