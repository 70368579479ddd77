"""Points for every step of money spent, such as one point per whole dollar."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty_ledger.rules import (
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
    divided,
    hookimpl,
    minor_units,
    money_text,
    on,
)

Names = tuple[str, ...]


class Selection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines by what they carry: one match is enough."""

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


class Multiplier(Selection, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lines that count *factor* times; several that match multiply."""

    factor: Decimal


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
    currency: str | None = None

    def __post_init__(self) -> None:
        if self.per <= 0:
            raise ValueError(f"per must be more than 0, got {self.per}")


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
        self._reason = f"{params.points} point{'s' * (params.points != 1)} per {params.per} spent"
        self._minor: dict[str, tuple[int, int]] = {}

    @on(PurchaseRecorded)
    def earn(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of one order."""
        order, params = purchase.data, self.params
        currency = order.currency
        if currency != (params.currency or member.currency):
            return NotQualified(reason=f"the order is in {currency}")
        step_minor, minimum_minor = self._in_minor(currency)
        amount_minor = order.amount_minor
        if amount_minor < minimum_minor:
            return NotQualified(
                reason=f"{money_text(amount_minor, currency)} is below the minimum order of "
                f"{money_text(minimum_minor, currency)}"
            )
        if self._counts_lines and order.lines:
            return self._from_lines(order, step_minor, member)
        return self._award(amount_minor, step_minor, member)

    def _from_lines(self, order: PurchaseRecorded, step_minor: int, member: Member) -> Answer:
        counted = Fraction(0)
        for number, line in enumerate(order.lines, start=1):
            factor = self._factor(line)
            counted += line.amount_minor * factor
            member.note("line {}: {} × {}", number, money_text(line.amount_minor, order.currency), factor)
        return self._award(counted, step_minor, member)

    def _factor(self, line: Line) -> Fraction:
        params = self.params
        if params.exclude.matches(line) or (params.include != Selection() and not params.include.matches(line)):
            return Fraction(0)
        factor = Fraction(1)
        for multiplier in params.multipliers:
            if multiplier.matches(line):
                factor *= Fraction(multiplier.factor)
        return factor

    def _award(self, counted_minor: Fraction | int, step_minor: int, member: Member) -> Answer:
        params = self.params
        above, below = counted_minor.numerator, counted_minor.denominator * step_minor
        if above <= 0:
            points = 0
        elif params.round == "steps":
            points = divided(above, below, params.rounding) * params.points
        else:
            points = divided(above * params.points, below, params.rounding)
        member.note(
            "{} minor units / {} × {} points, {} rounded {} = {}",
            counted_minor, step_minor, params.points, params.round, params.rounding, points,
        )  # fmt: skip
        return Accrue(points=points, reason=self._reason)

    def _in_minor(self, currency: str) -> tuple[int, int]:
        """Return the step and the minimum order in minor units."""
        found = self._minor.get(currency)
        if found is None:
            found = (minor_units(self.params.per, currency), minor_units(self.params.minimum_order, currency))
            self._minor[currency] = found
        return found


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [PointsPerSpend]
