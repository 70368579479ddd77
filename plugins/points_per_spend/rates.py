"""Rates in minor units of a currency, and exact amounts in words."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from loyalty_ledger.rules import minor_units, money_text


class Rate(NamedTuple):
    """A rate in minor units of one currency: worked out once, it never changes."""

    currency: str
    points: int
    above: int
    """The step is *above* / *below* minor units: exact, also where it is finer than the smallest coin."""
    below: int
    minimum_minor: int
    """Of the order."""
    from_minor: int
    """What must have been spent for this rate."""
    step: str
    rate: str
    reason: str


def rate_of(currency: str, points: int, per: Decimal, minimum_order: Decimal, spent: Decimal) -> Rate:
    """Return a rate given in major units.

    Args:
        currency: Of the orders.
        points: For each step.
        per: The step.
        minimum_order: Below it an order earns nothing.
        spent: From so much spent on it holds.
    """
    major_minor = minor_units(1, currency)
    minor = Fraction(per) * major_minor
    text = money_text(int(minor), currency) if minor.denominator == 1 else f"{currency} {per}"
    minimum_minor, from_minor = (ceil(Fraction(amount) * major_minor) for amount in (minimum_order, spent))
    told = "1 point" if points == 1 else f"{points} points"
    return Rate(
        currency, points, minor.numerator, minor.denominator, minimum_minor, from_minor, text,
        f"{points} per {text}", f"{told} per {text} spent",
    )  # fmt: skip


def decimal_text(number: Fraction) -> str:
    """Return a number as people write it, to 28 digits."""
    return f"{Decimal(number.numerator) / number.denominator:f}"


def amount_text(minor: Fraction | int, currency: str) -> str:
    """Return an amount that may be finer than the smallest coin."""
    if minor.denominator == 1:
        return money_text(int(minor), currency)
    return f"{decimal_text(Fraction(minor))} minor units of {currency}"
