"""What was bought and what came back."""

from __future__ import annotations

from .types import Count, Currency, FactType, Minor, Name, Part, Price, Quantity, Text


class Line(Part, frozen=True, kw_only=True):
    """One line of an order. Amounts are what was paid for the line, after its own discounts."""

    amount_minor: Minor
    sku: Name | None = None
    category: Name | None = None
    brand: Name | None = None
    labels: tuple[Name, ...] = ()
    quantity: Quantity = 1
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    margin_minor: Minor | None = None


class Discount(Part, frozen=True, kw_only=True):
    """A reduction of the whole order."""

    amount_minor: Minor
    kind: Name = "discount"
    code: Name | None = None


class Payment(Part, frozen=True, kw_only=True):
    """A means of payment and the part it paid."""

    means: Name
    amount_minor: Minor


class PurchaseRecorded(FactType, frozen=True, kw_only=True):
    """A member bought something. *amount_minor* is what was paid for the whole order."""

    topic = "purchase.recorded"
    currency: Currency
    amount_minor: Price
    order: Name | None = None
    lines: tuple[Line, ...] = ()
    discounts: tuple[Discount, ...] = ()
    payments: tuple[Payment, ...] = ()
    delivery_minor: Minor = 0
    tax_minor: Minor = 0
    margin_minor: Minor | None = None
    channel: Name | None = None
    store: Name | None = None
    region: Name | None = None
    staff: Name | None = None


class ReturnedLine(Part, frozen=True, kw_only=True):
    """A line that came back: its number in the order (from 1), and how much of it."""

    line: Count
    amount_minor: Price | None = None
    quantity: Quantity | None = None


class PurchaseReturned(FactType, frozen=True, kw_only=True):
    """Goods of an order came back: named lines, an amount, a share, or (nothing named) all of it."""

    topic = "purchase.returned"
    order: Name
    lines: tuple[ReturnedLine, ...] = ()
    amount_minor: Price | None = None
    share_bps: Count | None = None
    currency: Currency | None = None
    reason: Text | None = None
    staff: Name | None = None


TYPES: tuple[type[FactType], ...] = (PurchaseRecorded, PurchaseReturned)
