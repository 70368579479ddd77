"""Which purchases, and which lines of them, a rule means."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from ..ledger.facts.purchase import Line, PurchaseRecorded
from ..ledger.units import minor_units, money_text

Names = tuple[str, ...]


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines by what they carry, as a parameter: one match is enough.

    Attributes:
        skus: Articles.
        categories: Categories.
        brands: Brands.
        labels: Labels; a line may carry several.
    """

    skus: Names = ()
    categories: Names = ()
    brands: Names = ()
    labels: Names = ()

    def matches(self, line: Line) -> bool:
        """Return whether the line carries one of the names."""
        return (
            line.sku in self.skus
            or line.category in self.categories
            or line.brand in self.brands
            or any(label in self.labels for label in line.labels)
        )


def purchase_refusal(
    order: PurchaseRecorded, currency: str, *, channels: Names, stores: Names, minimum_order: Decimal
) -> str:
    """Return why a purchase is none of those a rule means, '' if it is one.

    Args:
        order: The purchase.
        currency: The programme's, ISO 4217.
        channels: Only purchases through these; empty: all.
        stores: Only purchases in these; empty: all.
        minimum_order: In major units of *currency*; 0: none.
    """
    if channels and order.channel not in channels:
        return f"not through {', '.join(channels)}"
    if stores and order.store not in stores:
        return f"not in {', '.join(stores)}"
    if not minimum_order:
        return ""
    if order.currency != currency:
        return f"the order is in {order.currency}"
    minimum_minor = minor_units(minimum_order, order.currency)
    if order.amount_minor >= minimum_minor:
        return ""
    amount, minimum = (money_text(x, order.currency) for x in (order.amount_minor, minimum_minor))
    return f"{amount} is below the minimum order of {minimum}"
