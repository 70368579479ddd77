"""The types of earning rules of a transaction. Each changes the points that lie on the lines of a basket.

A label with key and value is the text "key:value".
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from msgspec import Meta, Struct

from loyalty_ledger.rules import FactError, Line, PurchaseRecorded, instant_us, minor_units

Name = Annotated[str, Meta(min_length=1, max_length=255)]
Points = Annotated[int, Meta(ge=1, le=1_000_000)]


@dataclass(frozen=True, slots=True)
class Item:
    """One line of a transaction: what was paid for it, in major units, and what it carries."""

    value: Fraction
    sku: str | None = None
    labels: tuple[str, ...] = ()
    is_delivery: bool = False


class Basket:
    """A transaction and the points that its items have been given so far.

    Attributes:
        items: Its lines; an order without lines is one item.
        points: Of each item, exact.
        value: What was paid for all of it, in major units.
    """

    def __init__(self, order: PurchaseRecorded, delivery_skus: tuple[str, ...]) -> None:
        major_minor = minor_units(1, order.currency)
        self.value = Fraction(order.amount_minor, major_minor)
        self.items = [_item(line, major_minor, delivery_skus) for line in order.lines] or [Item(self.value)]
        self.points = [Fraction(0)] * len(self.items)


class EarningRule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="type"):
    """What earning rules of all types have.

    Attributes:
        name: What a statement calls it.
        is_last_executed: When it is executed, none that comes later in the sequence is.
        start_at: RFC 3339: not before; "": always.
        end_at: RFC 3339: not from then on; "": for ever.
        pos: Only transactions of these points of sale; empty: all.
        levels: Only members on these rungs; empty: all.
    """

    step: ClassVar[int]

    name: Name
    is_last_executed: bool = False
    start_at: str = ""
    end_at: str = ""
    pos: tuple[Name, ...] = ()
    levels: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        for name in ("start_at", "end_at"):
            try:
                _ = getattr(self, name) and instant_us(getattr(self, name))
            except FactError as error:
                raise ValueError(f"{name}: {error.what}") from error

    def refusal(self, order: PurchaseRecorded, occurred_us: int, level: str | None) -> str:
        """Return why the rule does not hold for a transaction, '' if it does."""
        if self.start_at and occurred_us < instant_us(self.start_at):
            return f"before {self.start_at}"
        if self.end_at and occurred_us >= instant_us(self.end_at):
            return f"over since {self.end_at}"
        if self.pos and order.store not in self.pos:
            return f"not of {', '.join(self.pos)}"
        if self.levels and level not in self.levels:
            return f"only for {', '.join(self.levels)}"
        return ""

    def execute(self, basket: Basket) -> str:
        """Change the points of a basket; return why nothing was changed, '' if something was."""
        raise NotImplementedError


class GeneralSpending(EarningRule, frozen=True, kw_only=True, tag="general_spending"):
    """Points for every unit of currency of the items that count."""

    step: ClassVar[int] = 1

    point_value: Decimal
    excluded_skus: tuple[Name, ...] = ()
    labels_inclusion_type: Literal["none_labels", "exclude_labels", "include_labels"] = "none_labels"
    included_labels: tuple[Name, ...] = ()
    excluded_labels: tuple[Name, ...] = ()
    exclude_delivery_cost: bool = False
    min_order_value: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_number("point_value", self.point_value)
        _check_number("min_order_value", self.min_order_value)

    def execute(self, basket: Basket) -> str:
        """Give points for the value of items."""
        if basket.value < Fraction(self.min_order_value):
            return f"the order is below {self.min_order_value}"
        counted = [at for at, item in enumerate(basket.items) if self._counts(item)]
        for at in counted:
            basket.points[at] += basket.items[at].value * Fraction(self.point_value)
        return "" if counted else "no item counts"

    def _counts(self, item: Item) -> bool:
        if item.sku in self.excluded_skus or (item.is_delivery and self.exclude_delivery_cost):
            return False
        if self.labels_inclusion_type == "exclude_labels":
            return not any(label in self.excluded_labels for label in item.labels)
        if self.labels_inclusion_type == "include_labels":
            return any(label in self.included_labels for label in item.labels)
        return True


class Multiply(EarningRule, frozen=True, kw_only=True, tag="multiply_for_product"):
    """The points of items of these SKUs or labels become *multiplier* times as many."""

    step: ClassVar[int] = 2

    multiplier: Decimal
    sku_ids: tuple[Name, ...] = ()
    labels: tuple[Name, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_number("multiplier", self.multiplier)
        if not (self.sku_ids or self.labels):
            raise ValueError("name sku_ids or labels")

    def execute(self, basket: Basket) -> str:
        """Multiply the points of the items it is for."""
        found = [
            at for at, item in enumerate(basket.items)
            if item.sku in self.sku_ids or any(label in self.labels for label in item.labels)
        ]  # fmt: skip
        for at in found:
            basket.points[at] *= Fraction(self.multiplier)
        return "" if found else "no such product"


class LabelMultiplier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A label and how many times as many points its items earn."""

    label: Name
    multiplier: Decimal

    def __post_init__(self) -> None:
        _check_number("multiplier", self.multiplier)


class MultiplyByLabels(EarningRule, frozen=True, kw_only=True, tag="multiply_by_product_labels"):
    """The points of items become as many times as many as their labels say, one label after the other."""

    step: ClassVar[int] = 2

    label_multipliers: Annotated[tuple[LabelMultiplier, ...], Meta(min_length=1, max_length=100)]

    def execute(self, basket: Basket) -> str:
        """Multiply the points of the items that have one of the labels, by all that they have."""
        is_found = False
        for part in self.label_multipliers:
            for at, item in enumerate(basket.items):
                if part.label in item.labels:
                    basket.points[at] *= Fraction(part.multiplier)
                    is_found = True
        return "" if is_found else "no such label"


class ProductPurchase(EarningRule, frozen=True, kw_only=True, tag="product_purchase"):
    """Points for each item of these SKUs, whatever it costs."""

    step: ClassVar[int] = 3

    sku_ids: Annotated[tuple[Name, ...], Meta(min_length=1, max_length=1000)]
    points_amount: Points

    def execute(self, basket: Basket) -> str:
        """Add points to the items it is for."""
        found = [at for at, item in enumerate(basket.items) if item.sku in self.sku_ids]
        for at in found:
            basket.points[at] += self.points_amount
        return "" if found else "no such product"


def _item(line: Line, major_minor: int, delivery_skus: tuple[str, ...]) -> Item:
    value = Fraction(max(line.amount_minor, 0), major_minor)
    return Item(value, line.sku, line.labels, line.sku in delivery_skus)


def _check_number(name: str, number: Decimal) -> None:
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > 12:
        raise ValueError(f"{name} must be from 0 to 13 digits long, got {number}")
