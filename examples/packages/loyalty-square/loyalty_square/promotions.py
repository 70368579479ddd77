"""The rule ``square_promotions``: extra points of the one promotion that was created last."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Award,
    Count,
    Effect,
    Fact,
    FactError,
    Keep,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    divided,
    instant_us,
    minor_units,
    money_text,
    on,
)

from .schedule import time_period

Name = Annotated[str, Meta(min_length=1, max_length=50)]


class TriggerLimit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How many times a buyer can earn by a promotion: in a local day, or ever."""

    times: Annotated[int, Meta(ge=1, le=1_000_000)]
    interval: Literal["ALL_TIME", "DAY"] = "ALL_TIME"


class Promotion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A LoyaltyPromotion.

    Attributes:
        name: What a statement calls it; unique.
        created_at: RFC 3339. The promotion created last goes before the others.
        time_periods: VEVENTs in local wall time; one that covers the purchase is enough.
        multiplier: The points of the program become so many times as many.
        points_addition: Instead of it: points on top.
        trigger_limit: How often a buyer can earn by it; None: any number of times.
        minimum_spend_amount: Smaller purchases do not qualify, in major units.
        qualifying_item_variation_ids: The purchase has one of these items; empty: it need not.
        qualifying_category_ids: Or an item of one of these categories.
    """

    name: Name
    created_at: str
    time_periods: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]
    multiplier: Decimal | None = None
    points_addition: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    trigger_limit: TriggerLimit | None = None
    minimum_spend_amount: Decimal = Decimal(0)
    qualifying_item_variation_ids: tuple[str, ...] = ()
    qualifying_category_ids: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.multiplier is None) == (self.points_addition is None):
            raise ValueError("set multiplier or points_addition, one of them")
        if self.multiplier is not None and not (
            1 < self.multiplier <= 10 and self.multiplier * 1000 == int(self.multiplier * 1000)
        ):
            raise ValueError(f"multiplier is up to 10 with three decimals, got {self.multiplier}")
        if not self.minimum_spend_amount.is_finite() or self.minimum_spend_amount < 0:
            raise ValueError(f"minimum_spend_amount must be 0 or more, got {self.minimum_spend_amount}")
        if self.qualifying_item_variation_ids and self.qualifying_category_ids:
            raise ValueError("set qualifying_item_variation_ids or qualifying_category_ids, not both")
        for text in self.time_periods:
            time_period(text)
        self.created_us()

    def created_us(self) -> int:
        """Return when it was created."""
        try:
            return instant_us(self.created_at)
        except FactError as error:
            raise ValueError(f"created_at: {error.what}") from error

    def more_points(self, base_points: int) -> int:
        """Return the points on top of those of the program; fractions are dropped."""
        if self.multiplier is None:
            return self.points_addition or 0
        return divided(base_points * int(self.multiplier * 1000), 1000, "down") - base_points


class PromotionParams(Params, frozen=True, kw_only=True):
    """Parameters of ``square_promotions``.

    Attributes:
        promotions: At most ten that are active or scheduled, as Square has it.
        program: The label of the rule that gives the points of the base program.
    """

    promotions: Annotated[tuple[Promotion, ...], Meta(min_length=1, max_length=10)]
    program: str = "square_accrual"

    def __post_init__(self) -> None:
        names = [promotion.name for promotion in self.promotions]
        if len(set(names)) < len(names):
            raise ValueError(f"two promotions have one name: {', '.join(sorted(names))}")


class SquarePromotions(Rule):
    """Extra points of one promotion, for purchases that earn by the base program, too.

    Of each promotion with a limit it keeps how often the buyer has earned by it: "times NAME", or, with the
    interval DAY, "day NAME": the day's ordinal and how often on it.
    """

    name, version, stage = "square_promotions", 1, "multiply"
    Params = PromotionParams
    params: PromotionParams

    def __init__(self, params: PromotionParams) -> None:
        super().__init__(params)
        self._newest_first = [
            (promotion, [time_period(text) for text in promotion.time_periods])
            for promotion in sorted(params.promotions, key=lambda one: -one.created_us())
        ]

    def fits(self, currency: str) -> None:
        """Refuse a minimum spend that the currency cannot hold."""
        for promotion in self.params.promotions:
            minor_units(promotion.minimum_spend_amount, currency)

    @on(PurchaseRecorded)
    def promote(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the extra points of the promotion created last, of those the purchase qualifies for."""
        base = next((award for award in member.awards if award.label == self.params.program), None)
        if base is None or not base.points:
            return NotQualified(reason="the purchase earns nothing by the base program")
        day = member.local_date(purchase.occurred_us).toordinal()
        local = member.zone.local(purchase.occurred_us).replace(tzinfo=None)
        refusals = []
        for promotion, periods in self._newest_first:
            if not any(period.covers(local) for period in periods):
                refusal = f"not available at {local:%Y-%m-%d %H:%M}"
            else:
                refusal = _refusal(promotion, purchase.data) or _used_up(promotion, day, member)
            if not refusal:
                return _extra(promotion, base, day, member)
            refusals.append(f"{promotion.name}: {refusal}")
        return NotQualified(reason="; ".join(refusals)[:2000])


def _extra(promotion: Promotion, base: Award, day: int, member: Member) -> list[Effect]:
    points = min(promotion.more_points(base.points), MOST)
    how = f"× {promotion.multiplier}" if promotion.multiplier is not None else f"+ {points}"
    member.note("{} points {}: {} more", base.points, how, points)
    effects: list[Effect] = [Accrue(points=points, reason=promotion.name, lines=base.lines)]
    limit = promotion.trigger_limit
    if limit is not None and limit.interval == "DAY":
        times = _times_on(promotion, day, member) or 0
        effects.append(Keep(key=f"day {promotion.name}", value=f"{day} {times + 1}"))
    elif limit is not None:
        effects.append(Count(counter=f"times {promotion.name}"))
    return effects


def _refusal(promotion: Promotion, order: PurchaseRecorded) -> str:
    """Return why a purchase does not qualify whoever buys, '' if it does."""
    least_minor = minor_units(promotion.minimum_spend_amount, order.currency)
    if order.amount_minor < least_minor:
        spent, least = (money_text(x, order.currency) for x in (order.amount_minor, least_minor))
        return f"{spent} is below the minimum spend of {least}"
    items, categories = promotion.qualifying_item_variation_ids, promotion.qualifying_category_ids
    if not (items or categories):
        return ""
    is_there = any(line.sku in items or line.category in categories for line in order.lines)
    return "" if is_there else f"none of {', '.join(items or categories)}"


def _used_up(promotion: Promotion, day: int, member: Member) -> str:
    """Return why the buyer cannot earn by the promotion any more, '' if that is not so."""
    limit = promotion.trigger_limit
    if limit is None:
        return ""
    if limit.interval == "ALL_TIME":
        times = member.counter(f"times {promotion.name}")
        return "" if times < limit.times else f"earned {limit.times} times"
    times_today = _times_on(promotion, day, member)
    if times_today is None:
        return "told too late: a later day is remembered"
    return "" if times_today < limit.times else f"earned {limit.times} times on the day"


def _times_on(promotion: Promotion, day: int, member: Member) -> int | None:
    """Return how often the buyer has earned on a day, None when only a later one is remembered."""
    known, times = map(int, str(member.kept(f"day {promotion.name}") or "0 0").split(" "))
    if known > day:
        return None
    return times if known == day else 0
