"""Points for coming, whatever is bought."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Fact,
    Keep,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    hookimpl,
    minor_units,
    on,
    purchase_refusal,
)

_ORDER_DAYS = 31
_SLOTS = 64
"""The days of so many days are remembered, the one at hand included."""


class VisitParams(Params, frozen=True, kw_only=True):
    """Parameters of ``visit_points``.

    Attributes:
        points: Points for a visit.
        each: What is a visit: every "order" (the first purchase of it), or a "day" in the programme's zone
            (the first purchase on it that qualifies).
        minimum_order: Purchases below it do not qualify, in major units of the programme's currency.
        channels: Only purchases through these; empty: all.
        stores: Only purchases in these; empty: all.
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    each: Literal["order", "day"] = "order"
    minimum_order: Decimal = Decimal(0)
    channels: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.minimum_order.is_finite() or self.minimum_order < 0:
            raise ValueError(f"minimum_order must be 0 or more, got {self.minimum_order}")


class VisitPoints(Rule):
    """Points per visit; a visit that comes back wholly makes room for another.

    Where a day is a visit it keeps, by the day's number modulo 64, a text "day fact": what earned on it.
    """

    name, version, stage = "visit_points", 1, "earn"
    Params = VisitParams
    params: VisitParams

    def fits(self, currency: str) -> None:
        """Refuse a minimum order that the currency cannot hold."""
        minor_units(self.params.minimum_order, currency)

    def orders_days(self) -> int | None:
        """Return for how long an order may be told in several facts and still be one visit."""
        return _ORDER_DAYS if self.params.each == "order" else None

    @on(PurchaseRecorded)
    def visit(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of a visit."""
        refusal = self._refusal(purchase.data, member)
        if refusal:
            return NotQualified(reason=refusal)
        accrue = Accrue(points=self.params.points, reason="points for your visit")
        if self.params.each == "order":
            return (
                NotQualified(reason="more of an order told before") if _is_more(purchase, member) else accrue
            )
        day = member.local_date(purchase.occurred_us)
        slot, number = f"day {day.toordinal() % _SLOTS}", day.toordinal()
        text = member.kept(slot)
        if text is not None:
            known, fact = map(int, str(text).split(" "))
            if known > number:
                return NotQualified(reason=f"too late: {day} is not remembered any more")
            if known == number and not _is_returned(fact, member):
                return NotQualified(reason=f"{day} had a visit before, fact {fact}")
        return [accrue, Keep(key=slot, value=f"{number} {purchase.position}")]

    def _refusal(self, order: PurchaseRecorded, member: Member) -> str:
        """Return why a purchase does not qualify, '' if it does."""
        params = self.params
        return purchase_refusal(
            order, member.currency, channels=params.channels, stores=params.stores,
            minimum_order=params.minimum_order,
        )  # fmt: skip


def _is_more(purchase: Fact[PurchaseRecorded], member: Member) -> bool:
    """Return whether another purchase of the order is remembered and stands."""
    order = purchase.data.order
    if order is None:
        return False
    return any(known.fact != purchase.position and not known.is_returned for known in member.orders(order))


def _is_returned(fact: int, member: Member) -> bool:
    trace = member.traced_at(fact)
    return trace is not None and trace.is_returned


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [VisitPoints]
