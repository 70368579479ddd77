"""The rule ``square_accrual``: of several accrual rules only the one that grants most points counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta, Struct

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
    minor_units,
    money_text,
    on,
    shares,
)

Points = Annotated[int, Meta(ge=1, le=1_000_000)]
TaxMode = Literal["AFTER_TAX", "BEFORE_TAX"]
Name = Annotated[str, Meta(min_length=1, max_length=255)]


class Granted(NamedTuple):
    """What an accrual rule grants for a purchase: how it is told, and what each line counts for."""

    points: int
    told: str
    lines: tuple[int, ...] | None = None


class Visit(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="accrual_type", tag="VISIT"
):
    """Points for a purchase of at least *minimum_amount*, in major units."""

    points: Points = 1
    minimum_amount: Decimal = Decimal(0)
    tax_mode: TaxMode = "AFTER_TAX"

    def __post_init__(self) -> None:
        _check_amount("minimum_amount", self.minimum_amount)

    def fits(self, currency: str) -> None:
        """Refuse an amount the currency cannot hold."""
        minor_units(self.minimum_amount, currency)

    def grants(self, order: PurchaseRecorded) -> Granted | str:
        """Return the points of a purchase, or why there are none."""
        counted_minor = order.amount_minor - (_tax_minor(order) if self.tax_mode == "BEFORE_TAX" else 0)
        least_minor = minor_units(self.minimum_amount, order.currency)
        if counted_minor < least_minor:
            spent, least = (money_text(minor, order.currency) for minor in (counted_minor, least_minor))
            return f"{spent} is below {least}"
        return Granted(self.points, f"{_told(self.points)} for the visit")


class Spend(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="accrual_type", tag="SPEND"
):
    """Points for every whole *amount* spent, in major units, on what is not excluded."""

    amount: Decimal
    points: Points = 1
    excluded_category_ids: tuple[Name, ...] = ()
    excluded_item_variation_ids: tuple[Name, ...] = ()
    tax_mode: TaxMode = "AFTER_TAX"

    def __post_init__(self) -> None:
        _check_amount("amount", self.amount)
        if not self.amount:
            raise ValueError("amount must be more than 0")

    def fits(self, currency: str) -> None:
        """Refuse an amount the currency cannot hold."""
        minor_units(self.amount, currency)

    def grants(self, order: PurchaseRecorded) -> Granted | str:
        """Return the points of a purchase, or why there are none."""
        counted_minor, lines = self._counted(order)
        step_minor = minor_units(self.amount, order.currency)
        steps = counted_minor // step_minor
        spent, step = (money_text(minor, order.currency) for minor in (counted_minor, step_minor))
        if steps <= 0:
            return f"{spent} is less than {step}"
        points = min(steps * self.points, MOST)
        return Granted(points, f"{_told(self.points)} for every {step} of {spent}", lines)

    def _counted(self, order: PurchaseRecorded) -> tuple[int, tuple[int, ...] | None]:
        """Return what counts in minor units, in all and by line."""
        is_before_tax = self.tax_mode == "BEFORE_TAX"
        if not order.lines or not (self.excluded_category_ids or self.excluded_item_variation_ids):
            return order.amount_minor - (_tax_minor(order) if is_before_tax else 0), None
        taxes = _taxes_minor(order) if is_before_tax else [0] * len(order.lines)
        lines = tuple(
            0 if self._excludes(line) else max(line.amount_minor - tax_minor, 0)
            for line, tax_minor in zip(order.lines, taxes, strict=True)
        )
        return sum(lines), lines

    def _excludes(self, line: Line) -> bool:
        return line.category in self.excluded_category_ids or line.sku in self.excluded_item_variation_ids


class ItemVariation(
    Struct,
    frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="accrual_type", tag="ITEM_VARIATION",
):  # fmt: skip
    """Points for every unit of an item variation, which is a line's ``sku``."""

    item_variation_id: Name
    points: Points = 1

    def fits(self, currency: str) -> None:
        """Fit every currency."""

    def grants(self, order: PurchaseRecorded) -> Granted | str:
        """Return the points of a purchase, or why there are none."""
        units = tuple(_units(line) if line.sku == self.item_variation_id else 0 for line in order.lines)
        return _granted(self.points, units, self.item_variation_id)


class Category(
    Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="accrual_type", tag="CATEGORY"
):
    """Points for every unit of any item of a category, which is a line's ``category``."""

    category_id: Name
    points: Points = 1

    def fits(self, currency: str) -> None:
        """Fit every currency."""

    def grants(self, order: PurchaseRecorded) -> Granted | str:
        """Return the points of a purchase, or why there are none."""
        units = tuple(_units(line) if line.category == self.category_id else 0 for line in order.lines)
        return _granted(self.points, units, self.category_id)


AccrualRule = Visit | Spend | ItemVariation | Category


class AccrualParams(Params, frozen=True, kw_only=True):
    """Parameters of ``square_accrual``: the part of a LoyaltyProgram that earns.

    Attributes:
        accrual_rules: Each with its ``accrual_type``.
        location_ids: Only purchases in these stores earn; empty: all.
    """

    accrual_rules: Annotated[tuple[AccrualRule, ...], Meta(min_length=1, max_length=100)]
    location_ids: tuple[Name, ...] = ()


class SquareAccrual(Rule):
    """Points of the one accrual rule that grants most; of equals the first."""

    name, version, stage = "square_accrual", 1, "earn"
    Params = AccrualParams
    params: AccrualParams

    def fits(self, currency: str) -> None:
        """Refuse amounts that the currency cannot hold."""
        for accrual in self.params.accrual_rules:
            accrual.fits(currency)

    @on(PurchaseRecorded)
    def earn(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of the accrual rule that grants most."""
        order, stores = purchase.data, self.params.location_ids
        if order.currency != member.currency:
            return NotQualified(reason=f"the order is in {order.currency}")
        if stores and order.store not in stores:
            return NotQualified(reason=f"not in {', '.join(stores)}")
        answers = [accrual.grants(order) for accrual in self.params.accrual_rules]
        granted = [answer for answer in answers if isinstance(answer, Granted)]
        if not granted:
            return NotQualified(reason="; ".join(map(str, answers))[:2000])
        best = max(granted, key=lambda found: found.points)
        for found in granted:
            member.note("{}: {}", found.told, "counts" if found is best else "another grants as much or more")
        return Accrue(points=best.points, reason=best.told, lines=best.lines)


def _granted(points: int, units: tuple[int, ...], what: str) -> Granted | str:
    if not any(units):
        return f"no {what}"
    return Granted(min(points * sum(units), MOST), f"{_told(points)} for each {what}", units)


def _units(line: Line) -> int:
    return min(max(int(line.quantity), 0), MOST)


def _told(points: int) -> str:
    return "1 point" if points == 1 else f"{points} points"


def _tax_minor(order: PurchaseRecorded) -> int:
    return order.tax_minor or sum(line.tax_minor for line in order.lines)


def _taxes_minor(order: PurchaseRecorded) -> list[int]:
    """Return the tax of each line; a tax told only of the whole order is spread over its lines."""
    taxes = [line.tax_minor for line in order.lines]
    if any(taxes):
        return taxes
    return shares(order.tax_minor, [max(line.amount_minor, 0) for line in order.lines])


def _check_amount(name: str, amount: Decimal) -> None:
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{name} must be 0 or more, got {amount}")
