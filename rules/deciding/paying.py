"""What points are worth as payment, and how many an order takes, by the redemption rule's parameters."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

from ...ledger.units import minor_units


class Paying(NamedTuple):
    """The redemption rule's parameters in minor units of the programme's currency.

    Attributes:
        minor: What a point is worth, exactly; None: points are no money.
        least_points: The fewest that can be redeemed.
        step: Points are redeemed in multiples of it.
        most_percent: How much of an order they may pay.
        most_per_line_minor: How much of each line of it; None: all.
    """

    minor: Fraction | None
    least_points: int
    step: int
    most_percent: int
    most_per_line_minor: int | None

    @property
    def needs_order(self) -> bool:
        """Return whether the amount of the order must be known."""
        return self.most_percent < 100 or self.most_per_line_minor is not None

    def value_minor(self, points: int) -> int | None:
        """Return what points pay, in minor units rounded down; None: they are no money."""
        return None if self.minor is None else int(points * self.minor)

    def most_points(self, order_minor: int | None, lines_minor: tuple[int, ...]) -> int | None:
        """Return how many points an order takes, a multiple of the step; None: any number."""
        if self.minor is None or (order_minor is None and not lines_minor):
            return None
        whole_minor = sum(lines_minor) if order_minor is None else order_minor
        most_minor = whole_minor * self.most_percent // 100
        if self.most_per_line_minor is not None:
            lines = lines_minor or (whole_minor,)
            most_minor = min(most_minor, sum(min(line, self.most_per_line_minor) for line in lines))
        points = int(most_minor / self.minor)
        return points - points % self.step


def paying(params: dict[str, Any], currency: str) -> Paying:
    """Return the parameters of a pinned redemption rule."""
    one = minor_units(1, currency)
    value, per_line = params.get("value"), params.get("most_per_line")
    minor = None if value is None else Fraction(str(value)) * one / params.get("value_points", 1)
    least, step = params["minimum"], params.get("step", 1)
    least_value = params.get("minimum_value")
    if minor is not None and least_value is not None:
        least = max(least, ceil(Fraction(str(least_value)) * one / minor))
    return Paying(
        minor, -(-least // step) * step, step, params.get("most_percent", 100),
        None if per_line is None else int(Fraction(str(per_line)) * one),
    )  # fmt: skip
