"""What counts of an order: with or without its discounts, its tax, its delivery, some means of payment."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from msgspec import Struct

from loyalty_ledger.rules import PurchaseRecorded, money_text


class Basis(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts of an order, as a parameter. By default what was paid for it, however it was paid.

    Attributes:
        before_discounts: Discounts count as if they had been paid: those of the order and of its lines.
        spread_discounts: Where lines are counted, each bears its share of the discounts of the whole order.
        without_tax: The tax does not count.
        without_delivery: The delivery does not count; where lines are counted, it never does.
        without_means: The share paid by these means of payment does not count.
    """

    before_discounts: bool = False
    spread_discounts: bool = False
    without_tax: bool = False
    without_delivery: bool = False
    without_means: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.before_discounts and self.spread_discounts:
            raise ValueError("before_discounts and spread_discounts exclude each other")

    def of_order(self, order: PurchaseRecorded, note: Callable[..., None]) -> Fraction | int:
        """Return what counts of the whole order, in minor units; *note* is told the arithmetic."""
        counted_minor, currency = order.amount_minor, order.currency
        for what, more_minor in self._more(order):
            word = "with" if more_minor > 0 else "without"
            texts = money_text(counted_minor, currency), money_text(abs(more_minor), currency)
            note("{} {} {} of {}", texts[0], word, what, texts[1])
            counted_minor += more_minor
        share = self._share(order)
        if share == 1:
            return counted_minor
        note("{} × {}, the share paid by other means", money_text(counted_minor, currency), share)
        return counted_minor * share

    def of_lines(self, order: PurchaseRecorded) -> list[Fraction]:
        """Return what counts of each line of the order, in minor units; below 0 only if recorded so."""
        if self == NOTHING_SPECIAL:
            return [Fraction(line.amount_minor) for line in order.lines]
        whole_minor, share = sum(line.amount_minor for line in order.lines), self._share(order)
        part = Fraction(0)
        if whole_minor > 0:
            if self.spread_discounts:
                part += Fraction(_order_discounts(order), whole_minor)
            if self.without_tax and not any(line.tax_minor for line in order.lines):
                part += Fraction(order.tax_minor, whole_minor)
        counted = []
        for line in order.lines:
            minor = line.amount_minor * (1 - part)
            if self.before_discounts:
                minor += line.discount_minor
            if self.without_tax:
                minor -= line.tax_minor
            counted.append(max(minor, Fraction(0)) * share)
        return counted

    def _more(self, order: PurchaseRecorded) -> list[tuple[str, int]]:
        """Return what is counted beside what was paid, or less than that, in minor units."""
        more: list[tuple[str, int]] = []
        if self.before_discounts:
            more.append(
                ("discounts", _order_discounts(order) + sum(line.discount_minor for line in order.lines))
            )
        if self.without_tax:
            more.append(("tax", -(order.tax_minor or sum(line.tax_minor for line in order.lines))))
        if self.without_delivery:
            more.append(("delivery", -order.delivery_minor))
        return [(what, minor) for what, minor in more if minor]

    def _share(self, order: PurchaseRecorded) -> Fraction:
        if not self.without_means or order.amount_minor <= 0:
            return Fraction(1)
        paid_minor = sum(part.amount_minor for part in order.payments if part.means in self.without_means)
        return 1 - Fraction(min(max(paid_minor, 0), order.amount_minor), order.amount_minor)


NOTHING_SPECIAL = Basis()


def _order_discounts(order: PurchaseRecorded) -> int:
    return sum(discount.amount_minor for discount in order.discounts)
