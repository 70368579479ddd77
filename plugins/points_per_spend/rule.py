"""The rule ``points_per_spend``."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import floor

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Fact,
    Line,
    Member,
    NotQualified,
    PurchaseRecorded,
    Rule,
    Selection,
    divided,
    money_text,
    on,
    whole_weights,
)

from .basis import Basis
from .params import SpendParams
from .rates import Rate, amount_text, decimal_text, rate_of


class PointsPerSpend(Rule):
    """Points for every step of money spent on what counts."""

    name, version, stage = "points_per_spend", 1, "earn"
    Params = SpendParams
    params: SpendParams

    def __init__(self, params: SpendParams) -> None:
        super().__init__(params)
        self._counts_lines = bool(
            params.include != Selection() or params.exclude != Selection() or params.multipliers
        )
        self._has_basis = params.basis != Basis()
        self._is_plain = not (self._counts_lines or params.steps or self._has_basis)
        self._by_lifetime = bool(params.steps) and params.steps_by != "order"
        self._steps: dict[str, Rate] = {}
        self._rates: dict[str, list[Rate]] = {}

    def fits(self, currency: str) -> None:
        """Refuse a minimum order that the currency cannot hold, and steps by what is not kept."""
        mine = self.params.currency or currency
        self._step(mine)
        self._rates_in(mine)
        if self._by_lifetime and mine != currency:
            raise ValueError(
                f"steps by lifetime need orders in {currency}, got {mine}: use steps_by = 'order'"
            )

    def sums_days(self) -> int | None:
        """Steps by lifetime ask for what was spent in all."""
        return 0 if self._by_lifetime else None

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
        if self._is_plain:
            return self._award(order.amount_minor, step, member)
        return self._weigh(order, step, member)

    def _weigh(self, order: PurchaseRecorded, step: Rate, member: Member) -> Answer:
        """Award the points of an order of which not simply all counts at one rate."""
        params = self.params
        if params.steps:
            reached = self._reached(order, member)
            if isinstance(reached, NotQualified):
                return reached
            step = reached
        if self._counts_lines and order.lines:
            return self._from_lines(order, step, member)
        if params.include != Selection():
            return NotQualified(reason="the order has no lines that could be among those that count")
        counted: Fraction | int = order.amount_minor
        lines = None
        if self._has_basis:
            counted = params.basis.of_order(order, member.note)
            weights = params.basis.of_lines(order)
            lines = whole_weights(weights) if any(weight > 0 for weight in weights) else None
        return self._award(counted, step, member, lines, _reason(counted, order, step))

    def _from_lines(self, order: PurchaseRecorded, step: Rate, member: Member) -> Answer:
        weights = self.params.basis.of_lines(order)
        for at, line in enumerate(order.lines):
            amount, factor = weights[at], self._factor(line)
            if factor != 1 or self._has_basis:
                weights[at] = amount * factor
                self._note_line(
                    line, member, number=at + 1, amount=amount, factor=factor, currency=step.currency
                )
        counted = sum(weights, Fraction(0))
        return self._award(counted, step, member, whole_weights(weights), _reason(counted, order, step))

    def _note_line(
        self, line: Line, member: Member, *, number: int, amount: Fraction, factor: Fraction, currency: str
    ) -> None:
        name = f"{number}, {line.sku}" if line.sku else f"{number}"
        if factor and amount != line.amount_minor:
            paid = money_text(line.amount_minor, currency)
            member.note("line {}: {} counts as {}", name, paid, lambda: amount_text(amount, currency))
        if factor != 1:
            member.note(
                "line {}: {} × {}", name, lambda: amount_text(amount, currency), lambda: decimal_text(factor)
            )

    def _reached(self, order: PurchaseRecorded, member: Member) -> Rate | NotQualified:
        """Return the rate that holds by what was spent, or why none does."""
        spent_minor, where = order.amount_minor, "with this order"
        if self._by_lifetime:
            spent_minor, where = spent_minor + member.total.spend_minor, "in all"
        rates, spent = self._rates_in(order.currency), money_text(spent_minor, order.currency)
        found = [rate for rate in rates if rate.from_minor <= spent_minor]
        if not found:
            least = money_text(rates[0].from_minor, order.currency)
            return NotQualified(reason=f"{spent} spent {where} is less than {least}")
        member.note("{} spent {}: {}", spent, where, found[-1].reason)
        return found[-1]

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
        self, counted_minor: Fraction | int, step: Rate, member: Member, lines: tuple[int, ...] | None = None,
        reason: str = "",
    ) -> Answer:  # fmt: skip
        params = self.params
        above, below = counted_minor.numerator * step.below, counted_minor.denominator * step.above
        if above <= 0:
            points = 0
        elif params.round == "steps":
            points = divided(above, below, params.rounding) * step.points
        else:
            points = divided(above * step.points, below, params.rounding)
        points = min(points, MOST)
        member.note(
            "{} counted / {} × {}, {} rounded {} = {} points",
            lambda: amount_text(counted_minor, step.currency), step.step,
            step.points, params.round, params.rounding, points,
        )  # fmt: skip
        return Accrue(points=points, reason=reason or step.reason, lines=lines)

    def _step(self, currency: str) -> Rate:
        params = self.params
        step = self._steps[currency] = rate_of(
            currency, params.points, params.per, params.minimum_order, Decimal(0)
        )
        return step

    def _rates_in(self, currency: str) -> list[Rate]:
        found = self._rates.get(currency)
        if found is None:
            minimum = self.params.minimum_order
            found = self._rates[currency] = [
                rate_of(currency, step.points, step.per, minimum, step.spent) for step in self.params.steps
            ]
        return found


def _reason(counted: Fraction | int, order: PurchaseRecorded, step: Rate) -> str:
    if counted == order.amount_minor:
        return ""
    return f"{step.rate} of {money_text(floor(counted), step.currency)}"
