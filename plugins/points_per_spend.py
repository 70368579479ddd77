"""Points for every step of money spent, such as one point per whole dollar."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import ceil, floor, lcm
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

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
    Rounding,
    Rule,
    Selection,
    divided,
    hookimpl,
    minor_units,
    money_text,
    on,
)

Weights = tuple[int, ...]


class Multiplier(Selection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines that count *factor* times; several that match multiply."""

    factor: Decimal

    def __post_init__(self) -> None:
        _check("factor", self.factor)


class SpendParams(Params, frozen=True, kw_only=True):
    """Parameters of ``points_per_spend``.

    Attributes:
        points: Points for each step.
        per: The step, in major units of the programme's currency.
        rounding: down, half-up or up.
        round: Whether "steps" are rounded (7.00 at 10 points per 2.00 is 30) or "points" (35).
        minimum_order: Orders below it earn nothing, in major units.
        include: Only these lines count; empty: all.
        exclude: These lines do not count.
        multipliers: Lines that count more than once.
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)] = 1
    per: Decimal = Decimal(1)
    rounding: Rounding = "down"
    round: Literal["steps", "points"] = "steps"
    minimum_order: Decimal = Decimal(0)
    include: Selection = Selection()
    exclude: Selection = Selection()
    multipliers: tuple[Multiplier, ...] = ()
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")] | None = None

    def __post_init__(self) -> None:
        _check("per", self.per)
        _check("minimum_order", self.minimum_order)
        if not self.per:
            raise ValueError("per must be more than 0")


def _check(name: str, number: Decimal) -> None:
    if not number.is_finite() or number < 0 or abs(number.adjusted()) > 12:
        raise ValueError(f"{name} must be from 0 to 13 digits long, got {number}")


class _Step(NamedTuple):
    """The parameters in minor units of one currency: worked out once, they never change."""

    currency: str
    above: int
    """The step is *above* / *below* minor units: exact, also where it is finer than the smallest coin."""
    below: int
    minimum_minor: int
    step: str
    rate: str
    reason: str


class PointsPerSpend(Rule):
    """Points for every step of money spent on the lines that count."""

    name, version, stage = "points_per_spend", 1, "earn"
    Params = SpendParams
    params: SpendParams

    def __init__(self, params: SpendParams) -> None:
        super().__init__(params)
        self._counts_lines = bool(
            params.include != Selection() or params.exclude != Selection() or params.multipliers
        )
        self._steps: dict[str, _Step] = {}

    def fits(self, currency: str) -> None:
        """Refuse a minimum order that the currency cannot hold."""
        self._step(self.params.currency or currency)

    @on(PurchaseRecorded)
    def earn(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of one order."""
        order, params = purchase.data, self.params
        currency = order.currency
        if currency != (params.currency or member.currency):
            return NotQualified(reason=f"the order is in {currency}")
        step = self._steps.get(currency) or self._step(currency)
        if order.amount_minor < step.minimum_minor:
            amount, minimum = (
                money_text(order.amount_minor, currency),
                money_text(step.minimum_minor, currency),
            )
            return NotQualified(reason=f"{amount} is below the minimum order of {minimum}")
        if self._counts_lines and order.lines:
            return self._from_lines(order, step, member)
        if params.include != Selection():
            return NotQualified(reason="the order has no lines that could be among those that count")
        return self._award(order.amount_minor, step, member)

    def _from_lines(self, order: PurchaseRecorded, step: _Step, member: Member) -> Answer:
        counted, weights = Fraction(0), list[Fraction]()
        for number, line in enumerate(order.lines, start=1):
            factor = self._factor(line)
            weights.append(line.amount_minor * factor)
            counted += weights[-1]
            if factor != 1:
                member.note(
                    "line {}{}: {} × {}",
                    number,
                    f", {line.sku}" if line.sku else "",
                    money_text(line.amount_minor, step.currency),
                    lambda factor=factor: _decimal(factor),
                )
        reason = ""
        if counted != order.amount_minor:
            reason = f"{step.rate} of {money_text(floor(counted), step.currency)}"
        return self._award(counted, step, member, _whole(weights), reason)

    def _factor(self, line: Line) -> Fraction:
        params = self.params
        if params.exclude.matches(line) or (
            params.include != Selection() and not params.include.matches(line)
        ):
            return Fraction(0)
        factor = Fraction(1)
        for multiplier in params.multipliers:
            if multiplier.matches(line):
                factor *= Fraction(multiplier.factor)
        return factor

    def _award(
        self, counted_minor: Fraction | int, step: _Step, member: Member, lines: Weights | None = None,
        reason: str = "",
    ) -> Answer:  # fmt: skip
        params = self.params
        above, below = counted_minor.numerator * step.below, counted_minor.denominator * step.above
        if above <= 0:
            points = 0
        elif params.round == "steps":
            points = divided(above, below, params.rounding) * params.points
        else:
            points = divided(above * params.points, below, params.rounding)
        points = min(points, MOST)
        member.note(
            "{} counted / {} × {}, {} rounded {} = {} points",
            lambda: _money(counted_minor, step.currency), step.step,
            params.points, params.round, params.rounding, points,
        )  # fmt: skip
        return Accrue(points=points, reason=reason or step.reason, lines=lines)

    def _step(self, currency: str) -> _Step:
        major_minor = minor_units(1, currency)
        minor = Fraction(self.params.per) * major_minor
        text = money_text(int(minor), currency) if minor.denominator == 1 else f"{currency} {self.params.per}"
        points = "1 point" if self.params.points == 1 else f"{self.params.points} points"
        minimum_minor = ceil(Fraction(self.params.minimum_order) * major_minor)
        step = self._steps[currency] = _Step(
            currency, minor.numerator, minor.denominator, minimum_minor, text,
            f"{self.params.points} per {text}", f"{points} per {text} spent",
        )  # fmt: skip
        return step


def _whole(weights: list[Fraction]) -> Weights:
    """Return what lines count for as whole numbers in the same proportion, as near as such numbers can be."""
    denominator = lcm(*(weight.denominator for weight in weights))
    scaled = [max(int(weight * denominator), 0) for weight in weights]
    less = max(scaled) // MOST + 1
    return tuple(weight // less for weight in scaled)


def _decimal(number: Fraction) -> str:
    return f"{Decimal(number.numerator) / number.denominator:f}"


def _money(minor: Fraction | int, currency: str) -> str:
    if minor.denominator == 1:
        return money_text(int(minor), currency)
    return f"{_decimal(Fraction(minor))} minor units of {currency}"


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [PointsPerSpend]
