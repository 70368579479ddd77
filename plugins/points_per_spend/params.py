"""The parameters of ``points_per_spend``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty_ledger.rules import Params, Rounding, Selection

from .basis import Basis

Points = Annotated[int, Meta(ge=1, le=1_000_000)]


class Multiplier(Selection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines that count *factor* times; several that match multiply."""

    factor: Decimal

    def __post_init__(self) -> None:
        _check("factor", self.factor)


class SpendStep(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rate that holds from so much spent on, in major units."""

    spent: Decimal
    points: Points = 1
    per: Decimal = Decimal(1)

    def __post_init__(self) -> None:
        _check("spent", self.spent)
        _check_per(self.per)


class SpendParams(Params, frozen=True, kw_only=True):
    """Parameters of ``points_per_spend``.

    Attributes:
        points: Points for each step.
        per: The step, in major units of the order's currency.
        rounding: down, half-up or up.
        round: Whether "steps" are rounded (7.00 at 10 points per 2.00 is 30) or "points" (35).
        minimum_order: Orders below it earn nothing, in major units.
        include: Only these lines count; empty: all.
        exclude: These lines do not count.
        multipliers: Lines that count more than once.
        currency: The currency of the orders that earn; None: the programme's.
        basis: What counts of an order.
        steps: Other rates from so much spent on, the purchase at hand included; less than the first earns
            nothing. They stand for points and per.
        steps_by: What was spent in a "lifetime", net of returns (as None), or with the "order".
    """

    points: Points = 1
    per: Decimal = Decimal(1)
    rounding: Rounding = "down"
    round: Literal["steps", "points"] = "steps"
    minimum_order: Decimal = Decimal(0)
    include: Selection = Selection()
    exclude: Selection = Selection()
    multipliers: tuple[Multiplier, ...] = ()
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None
    basis: Basis = Basis()
    steps: Annotated[tuple[SpendStep, ...], Meta(max_length=50)] = ()
    steps_by: Literal["lifetime", "order"] | None = None

    def __post_init__(self) -> None:
        _check_per(self.per)
        _check("minimum_order", self.minimum_order)
        spent = [step.spent for step in self.steps]
        if spent != sorted(set(spent)):
            raise ValueError(f"steps must rise: spent are {', '.join(map(str, spent))}")


def _check_per(per: Decimal) -> None:
    _check("per", per)
    if not per:
        raise ValueError("per must be more than 0")


def _check(name: str, number: Decimal) -> None:
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > 12:
        raise ValueError(f"{name} must be from 0 to 13 digits long, got {number}")
