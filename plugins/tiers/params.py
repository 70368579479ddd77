"""What a programme can say of a ladder of tiers."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty_ledger.rules import Params

METRICS = ("points", "spend", "visits", "balance")
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Benefit = Annotated[str, Meta(min_length=1, max_length=200)]
Whole = Annotated[int, Meta(ge=1, le=10**15)]
Days = Annotated[int, Meta(ge=1, le=3_660)]
Months = Annotated[int, Meta(ge=1, le=120)]


class Rung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rung and what it takes: one of the conditions is enough.

    Attributes:
        points: Earned in the window.
        spend: Spent in the window, in major units.
        visits: Orders in the window.
        balance: Points that can be spent at the moment, whatever the window.
        benefits: What the rung brings, in words: shown, never calculated with.
    """

    name: Name
    points: Whole | None = None
    spend: Decimal | None = None
    visits: Whole | None = None
    balance: Whole | None = None
    benefits: Annotated[tuple[Benefit, ...], Meta(max_length=50)] = ()

    def __post_init__(self) -> None:
        if all(getattr(self, metric) is None for metric in METRICS):
            raise ValueError(f"rung {self.name!r} needs points, spend, visits or balance")
        if self.spend is not None and not (self.spend.is_finite() and 0 < self.spend <= 10**12):
            raise ValueError(f"spend must be more than 0, got {self.spend}")


class TierParams(Params, frozen=True, kw_only=True):
    """Parameters of ``tiers``; the rule's label is the name of the ladder.

    Attributes:
        rungs: From the lowest to the highest.
        base: The name of where everybody stands who meets no condition.
        window: What counts: the last days ("rolling"), the current "calendar year" or the one before, the
            current year of membership ("anniversary") or the one before, or a "lifetime".
        days: Length of the rolling window in local days, the day itself included.
        review: When a rung of a rolling window can be lost: at the start of a "day", a "month", a "year".
            Those of a year are reviewed on the day the next one begins, by the year that has ended.
        held_days: A rung won or kept is reviewed only after so many days, that of winning it not counted.
        held_months: The same in months.
        held_round: Up to the end of the "month" it ends in.
        month: A month from the 25th lasts to the end of the "same day" of the next one, the 25th, or of the
            "day before", the 24th; where the next one has no such day, of its last day. None: same day.
        downgrade: "straight" to what the window then gives, "one step" at each review, or "none".
        grace_days: What a review finds lost is kept so many days more, the day of the review counted.
        grace_months: The same in months.
        grace_round: Up to the end of the "month" it ends in.
        on_return: A return that makes the conditions fail counts "at once" or "at review".
        counts_adjustments: Points given or taken by a person count, too.
    """

    rungs: Annotated[tuple[Rung, ...], Meta(min_length=1, max_length=50)]
    base: Name = "Basic"
    window: Literal["rolling", "calendar year", "anniversary", "lifetime"] = "rolling"
    days: Days = 365
    review: Literal["day", "month", "year"] = "day"
    held_days: Days | None = None
    held_months: Months | None = None
    held_round: Literal["month"] | None = None
    month: Literal["same day", "day before"] | None = None
    downgrade: Literal["straight", "one step", "none"] = "straight"
    grace_days: Days | None = None
    grace_months: Months | None = None
    grace_round: Literal["month"] | None = None
    on_return: Literal["at once", "at review"] = "at once"
    counts_adjustments: bool = False

    @property
    def is_held(self) -> bool:
        """Whether each rung has a fixed validity."""
        return self.held_days is not None or self.held_months is not None

    @property
    def has_grace(self) -> bool:
        """Whether a rung outlives the review that finds it lost."""
        return self.grace_days is not None or self.grace_months is not None

    @property
    def has_balance(self) -> bool:
        """Whether a rung can be won by what can be spent at the moment."""
        return any(rung.balance is not None for rung in self.rungs)

    @property
    def is_reviewed(self) -> bool:
        """Whether a rung can be lost without a return."""
        return self.downgrade != "none" and (self.window != "lifetime" or self.is_held)

    def __post_init__(self) -> None:
        for fault in (*self._ladder_faults(), *self._period_faults()):
            raise ValueError(fault)

    def _ladder_faults(self) -> Iterator[str]:
        names = [self.base, *(rung.name for rung in self.rungs)]
        if len(set(names)) < len(names):
            yield "every rung needs a name of its own"
        for metric in METRICS:
            least = [value for rung in self.rungs if (value := getattr(rung, metric)) is not None]
            if least != sorted(least):
                yield f"rungs must rise: {metric} are {', '.join(map(str, least))}"
        if self.has_balance and self.on_return != "at review":
            yield "a balance is looked at in reviews: on_return must be 'at review'"
        if self.has_balance and self.window == "rolling" and self.review == "day" and not self.is_held:
            yield "a balance changes every day: review must be 'month' or 'year'"

    def _period_faults(self) -> Iterator[str]:
        for what in ("held", "grace"):
            days, months = getattr(self, f"{what}_days"), getattr(self, f"{what}_months")
            if days is not None and months is not None:
                yield f"set {what}_days or {what}_months, not both"
            if days is None and months is None and getattr(self, f"{what}_round"):
                yield f"{what}_round needs {what}_days or {what}_months"
        if self.month is not None and self.held_months is None and self.grace_months is None:
            yield "month is about months: set held_months or grace_months"
        if self.is_held and self.review != "day":
            yield "a rung that is held is reviewed at the end of that: leave review out"
        if self.is_held and self.downgrade == "none":
            yield "what is never lost cannot be held for a time: downgrade is 'none'"
        if self.window == "lifetime" and not self.is_held and self.on_return == "at review":
            yield "a lifetime has no review: on_return must be 'at once'"
        if self.has_grace and not self.is_reviewed:
            yield "without a review there is no grace"
