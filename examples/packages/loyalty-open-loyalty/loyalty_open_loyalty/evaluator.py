"""The rule ``open_loyalty_earning``: earning rules of a transaction, executed in the documented sequence."""

from __future__ import annotations

from fractions import Fraction
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Fact,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rounding,
    Rule,
    divided,
    on,
    whole_weights,
)

from .earning_rules import Basket, GeneralSpending, Multiply, MultiplyByLabels, ProductPurchase

_MULTIPLICATION = Multiply.step


class EarningParams(Params, frozen=True, kw_only=True):
    """Parameters of ``open_loyalty_earning``.

    Attributes:
        earning_rules: Each with its ``type``; among those of one step, the one edited last stands first.
        delivery_skus: SKUs of delivery costs.
        multiplications: Whether "all" rules that multiply are executed, or only the "latest", the first of
            them that applies.
        ladder: The ladder whose rungs are levels.
        rounding: Of the points of the whole transaction.
    """

    earning_rules: Annotated[
        tuple[GeneralSpending | Multiply | MultiplyByLabels | ProductPurchase, ...],
        Meta(min_length=1, max_length=200),
    ]
    delivery_skus: tuple[str, ...] = ()
    multiplications: Literal["all", "latest"] = "all"
    ladder: str = "tier"
    rounding: Rounding = "half-up"


class OpenLoyaltyEarning(Rule):
    """Points of a transaction: general spending, then multiplication, then products."""

    name, version, stage = "open_loyalty_earning", 1, "earn"
    Params = EarningParams
    params: EarningParams

    def __init__(self, params: EarningParams) -> None:
        super().__init__(params)
        self._sequence = sorted(params.earning_rules, key=lambda rule: rule.step)

    @on(PurchaseRecorded)
    def evaluate(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points that all executed rules give together; the reason names these rules."""
        order = purchase.data
        if order.currency != member.currency:
            return NotQualified(reason=f"the order is in {order.currency}")
        basket = Basket(order, self.params.delivery_skus)
        executed, refused = self._executed(basket, purchase, member)
        if not executed:
            return NotQualified(reason="; ".join(refused)[:2000])
        for told in refused:
            member.note("{}", told)
        total = sum(basket.points, Fraction(0))
        points = min(divided(total.numerator, total.denominator, self.params.rounding), MOST)
        lines = whole_weights(basket.points) if order.lines else None
        return Accrue(points=points, reason=", ".join(executed)[:2000], lines=lines)

    def _executed(
        self, basket: Basket, purchase: Fact[PurchaseRecorded], member: Member
    ) -> tuple[list[str], list[str]]:
        """Execute the rules that apply; return their names, and why others do not."""
        executed: list[str] = []
        refused: list[str] = []
        level, is_multiplied = member.rung(self.params.ladder), False
        for rule in self._sequence:
            if rule.step == _MULTIPLICATION and is_multiplied and self.params.multiplications == "latest":
                refused.append(f"{rule.name}: another has multiplied")
                continue
            refusal = rule.refusal(purchase.data, purchase.occurred_us, level) or rule.execute(basket)
            if refusal:
                refused.append(f"{rule.name}: {refusal}")
                continue
            executed.append(rule.name)
            is_multiplied |= rule.step == _MULTIPLICATION
            member.note("{}: {} points now", rule.name, _told(sum(basket.points, Fraction(0))))
            if rule.is_last_executed:
                member.note("{} is the last one executed", rule.name)
                break
        return executed, refused


def _told(points: Fraction) -> str:
    whole, hundredths = divmod(divided(points.numerator * 100, points.denominator, "down"), 100)
    return f"{whole:,}" if points.denominator == 1 else f"{whole:,}.{hundredths:02d}"
