"""Which lines of an order a rule means."""

from __future__ import annotations

from msgspec import Struct

from ..ledger.facts.purchase import Line

Names = tuple[str, ...]


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines by what they carry, as a parameter: one match is enough."""

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
