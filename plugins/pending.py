"""Points that must wait: for some days, or until an order is final."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    FOREVER_US,
    ActivityRecorded,
    Answer,
    Days,
    Effect,
    Fact,
    Keep,
    Member,
    NewLot,
    NotQualified,
    Params,
    Period,
    PurchaseRecorded,
    Release,
    Rule,
    Terms,
    hookimpl,
    on,
)

_FINAL = "final "


class PendingParams(Params, frozen=True, kw_only=True):
    """Parameters of ``pending``: days or months or an activity; with an activity they are the longest wait.

    Attributes:
        days: Days of 24 hours after the fact.
        months: Calendar months after it, on the last day where the month is shorter.
        activity: Name of the activity (``activity.recorded`` with its order) that says the order is final.
        rules: Labels of the rules whose points wait; empty: all.
        window_days: For how many days after the purchase its order can become final.
    """

    days: Days | None = None
    months: Annotated[int, Meta(ge=1, le=120)] | None = None
    activity: Annotated[str, Meta(min_length=1, max_length=255)] | None = None
    rules: tuple[str, ...] = ()
    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365

    def __post_init__(self) -> None:
        if self.days is not None and self.months is not None:
            raise ValueError("set days or months, not both")
        if self.days is None and self.months is None and self.activity is None:
            raise ValueError("set days, months or activity: what do the points wait for?")


class Pending(Rule):
    """Points cannot be spent until their time has come, or somebody says that their order is final.

    It keeps "final ORDER" of an order that was final before its purchase was known.
    """

    name, version, stage = "pending", 1, "standing"
    Params = PendingParams
    params: PendingParams

    def __init__(self, params: PendingParams) -> None:
        super().__init__(params)
        is_timed = params.days is not None or params.months is not None
        self._period = Period(days=params.days, months=params.months) if is_timed else None

    def orders_days(self) -> int | None:
        """Return for how long orders are remembered: those that become final."""
        return None if self.params.activity is None else self.params.window_days

    @on(NewLot)
    def wait(self, lot: NewLot, member: Member) -> Answer | Terms:
        """Set from when the lot can be spent. A late fact's points have waited since it happened."""
        if self.params.rules and lot.rule not in self.params.rules:
            return None
        usable_us = FOREVER_US
        if self._period is not None:
            usable_us = self._period.end_us(lot.occurred_us, member.zone)
        if self.params.activity is not None:
            earned_by = member.traced_at(lot.fact)
            if earned_by is None or earned_by.topic != PurchaseRecorded.topic or not earned_by.key:
                # Nobody will ever say that this is final.
                return None if self._period is None else Terms(usable_us=usable_us)
            if member.kept(_FINAL + earned_by.key) is not None:
                return None
        return Terms(usable_us=usable_us)

    @on(ActivityRecorded)
    def release(self, done: Fact[ActivityRecorded], member: Member) -> Iterator[Effect]:
        """Make the points of a final order usable; remember that it is final if its purchase is to come."""
        if done.data.activity != self.params.activity:
            return
        order = done.data.order
        if order is None:
            yield NotQualified(reason=f"{done.data.activity}: it names no order")
            return
        purchases = member.orders(order)
        if not purchases:
            yield Keep(key=_FINAL + order, value=done.position)
        for purchase in purchases:
            yield Release(fact=purchase.fact, reason=f"points become usable: order {order} is final")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Pending]
