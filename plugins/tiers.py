"""Tiers: rungs won by what a member earns, spends or visits within a window, and lost at a review."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Annotated, Literal

from msgspec import Meta, Struct

from loyalty_ledger.rules import (
    Answer,
    Changed,
    Effect,
    Keep,
    Member,
    Move,
    Params,
    Rule,
    SetTimer,
    StopTimer,
    Sums,
    Timer,
    hookimpl,
    minor_units,
    money_text,
    on,
)

_REVIEW, _HELD, _GRANTED = "review", "held", "granted"
_DAY = timedelta(days=1)
_Window = tuple[date, date, Sums]
"""First day, last day, and what they come to."""
_Condition = tuple[int, int, int, int]
"""Number of a rung and the least points, minor units and visits of which one is enough."""
_NEVER = 2**63
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Whole = Annotated[int, Meta(ge=1, le=10**15)]


class Rung(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A rung and what it takes: one of the conditions is enough."""

    name: Name
    points: Whole | None = None
    spend: Decimal | None = None
    visits: Whole | None = None

    def __post_init__(self) -> None:
        if self.points is None and self.spend is None and self.visits is None:
            raise ValueError(f"rung {self.name!r} needs points, spend or visits")
        if self.spend is not None and not (self.spend.is_finite() and 0 < self.spend <= 10**12):
            raise ValueError(f"spend must be more than 0, got {self.spend}")


class TierParams(Params, frozen=True, kw_only=True):
    """Parameters of ``tiers``; the rule's label is the name of the ladder.

    Attributes:
        rungs: From the lowest to the highest.
        base: The name of where everybody stands who meets no condition.
        window: What counts: the last days ("rolling"), the current "calendar year" or the one before,
            or a "lifetime".
        days: Length of the rolling window in local days, the day itself included.
        review: When a rung of a rolling window can be lost: at the start of a "day", a "month", a "year".
            Those of a calendar year are reviewed on 1 January, by the year that has ended.
        downgrade: "straight" to what the window then gives, "one step" at each review, or "none".
        on_return: A return that makes the conditions fail counts "at once" or "at review".
        counts_adjustments: Points given or taken by a person count, too.
    """

    rungs: Annotated[tuple[Rung, ...], Meta(min_length=1, max_length=50)]
    base: Name = "Basic"
    window: Literal["rolling", "calendar year", "lifetime"] = "rolling"
    days: Annotated[int, Meta(ge=1, le=3_660)] = 365
    review: Literal["day", "month", "year"] = "day"
    downgrade: Literal["straight", "one step", "none"] = "straight"
    on_return: Literal["at once", "at review"] = "at once"
    counts_adjustments: bool = False

    def __post_init__(self) -> None:
        names = [self.base, *(rung.name for rung in self.rungs)]
        if len(set(names)) < len(names):
            raise ValueError("every rung needs a name of its own")
        for metric in ("points", "spend", "visits"):
            least = [value for rung in self.rungs if (value := getattr(rung, metric)) is not None]
            if least != sorted(least):
                raise ValueError(f"rungs must rise: {metric} are {', '.join(map(str, least))}")
        if self.window == "lifetime" and self.on_return == "at review":
            raise ValueError("a lifetime has no review: on_return must be 'at once'")


class Tiers(Rule):
    """Move members up at once, and down when a review finds the conditions no longer met."""

    name, version, stage = "tiers", 1, "standing"
    Params = TierParams
    params: TierParams

    def __init__(self, params: TierParams) -> None:
        super().__init__(params)
        self._names = [params.base, *(rung.name for rung in params.rungs)]
        self._span = timedelta(days=params.days - 1)
        self._top, self._is_bounded = len(params.rungs), not params.counts_adjustments
        self._is_daily = params.review == "day" and params.downgrade == "straight"
        self._conditions: dict[str, list[_Condition]] = {}

    def fits(self, currency: str) -> None:
        """Refuse conditions that the currency cannot hold."""
        self._in_currency(currency)

    def sums_days(self) -> int:
        """A window is kept by day, for as long as a rung can rest on it."""
        match self.params.window:
            case "rolling":
                return self.params.days + (1 if self._is_daily else 367)
            case "calendar year":
                return 2 * 366
            case _:
                return 0

    @on(Changed)
    def follow(self, changed: Changed, member: Member) -> Answer:
        """Move up at once; move down at once where a return took what the rung was won with."""
        rung = member.rung()
        stands = 0 if rung is None else self._stands(member)
        if (rung is not None and rung not in self._names) or (stands and self._is_unwatched(member)):
            # The programme has changed: its rungs have other names, or a review fell due without this rule.
            return self._reviewed(member, changed.today)
        is_gain = min(changed.more) >= 0
        # No window holds more than a whole life, unless somebody has taken points away.
        if is_gain and (
            stands == self._top or (self._is_bounded and self._met(member.total, member) <= stands)
        ):
            return None
        today = changed.today
        met, best = self._best(self._windows(member, today), member)
        if met > stands:
            return self._moved(member, met, stands, best, today)
        if is_gain or not stands:
            return None
        # What a review has granted stands until the next one.
        granted = member.counter(_GRANTED)
        if max(met, granted) < stands and self.params.on_return == "at once":
            return self._moved(member, max(met, granted), stands, best, today)
        # With less in the window, the conditions may fail sooner than was thought.
        return self._next_review(member, stands, today)

    def on_timer(self, timer: Timer, member: Member) -> Answer:
        """Review: go down if the conditions are no longer met, and look again when they could fail."""
        return self._reviewed(member, member.local_date(timer.due_us))

    def _reviewed(self, member: Member, today: date) -> list[Effect]:
        stands = self._stands(member)
        met, best = self._best(self._windows(member, today, is_review=True), member)
        if member.rung() not in (None, *self._names):
            rung, stands = met, 0
            effects = self._moved(member, met, 0, best, today)
        elif met >= stands:
            effects = self._next_review(member, stands, today)
            rung = stands
        else:
            rung = stands - 1 if self.params.downgrade == "one step" else met
            effects = self._moved(member, rung, stands, best, today)
        effects += self._rests(range(1, rung + 1), today)
        if self.params.downgrade == "one step":
            effects.append(Keep(key=_GRANTED, value=rung if rung > met else None))
        return effects

    def _moved(self, member: Member, rung: int, stands: int, best: _Window, today: date) -> list[Effect]:
        since, until, sums = best
        lifetime = self.params.window == "lifetime"
        period = "in all" if lifetime else f"from {since} to {until}"
        verb = "reach" if rung > stands else "are not enough for"
        figures: dict[str, int | str] = {
            "points": self._points(sums), "spend_minor": sums.spend_minor, "visits": sums.visits,
        }  # fmt: skip
        if not lifetime:
            figures |= {"since": since.isoformat(), "until": until.isoformat()}
        reason = f"{self._told(sums, member)} {period} {verb} {self._names[max(rung, stands)]}"
        return [
            Move(rung=self._names[rung], reason=reason, figures=figures),
            *self._rests(range(stands + 1, rung + 1), today),
            *self._rests(range(rung + 1, stands + 1), None),
            *self._next_review(member, rung, today),
        ]

    def _rests(self, rungs: range, day: date | None) -> list[Effect]:
        """Keep the day whose window each of these rungs was won or kept with."""
        if self.params.window != "rolling" or self._is_daily:
            return []
        return [Keep(key=f"{_HELD} {rung}", value=day.toordinal() if day else None) for rung in rungs]

    def _next_review(self, member: Member, rung: int, today: date) -> list[Effect]:
        """Set the timer for the first review at which the rung's conditions could fail."""
        params = self.params
        if not rung or params.window == "lifetime" or params.downgrade == "none":
            return [StopTimer(key=_REVIEW)]
        if params.window == "calendar year":
            day = date(min(today.year + 1, 9999), 1, 1)
        else:
            day = self._review_day(self._failing_day(member, rung, today))
        return [SetTimer(key=_REVIEW, due_us=member.zone.start_us(day))]

    def _failing_day(self, member: Member, rung: int, today: date) -> date:
        """Return the first day whose window, if nothing more happens, does not give the rung."""
        ((since, until, left),) = self._windows(member, today, is_review=True)
        if self._met(left, member) < rung:
            return _after(today, 1)
        for day, sums in member.days:
            if since <= day <= until:
                left = Sums(*(whole - part for whole, part in zip(left, sums, strict=True)))
                if self._met(left, member) < rung:
                    return _after(day, self.params.days)
        return _after(today, 1)

    def _review_day(self, day: date) -> date:
        if self.params.review == "month" and day.day > 1:
            return date(min(day.year + day.month // 12, 9999), day.month % 12 + 1, 1)
        if self.params.review == "year" and (day.month, day.day) != (1, 1):
            return date(min(day.year + 1, 9999), 1, 1)
        return day

    def _windows(self, member: Member, today: date, *, is_review: bool = False) -> list[_Window]:
        """Return the windows that count; the best of them gives the rung.

        Between reviews a rung rests on the window it was won or kept with.
        """
        match self.params.window:
            case "rolling":
                windows = [self._rolling(member, today)]
                if not is_review and not self._is_daily:
                    days = {member.kept(f"{_HELD} {rung}") for rung in range(1, self._stands(member) + 1)}
                    held = sorted(day for day in days if isinstance(day, int) and day != today.toordinal())
                    windows += [self._rolling(member, date.fromordinal(day)) for day in held]
                return windows
            case "calendar year":
                year = date(today.year, 1, 1)
                if today.year == 1:
                    return [(year, today, member.sums(year, today))]
                before = date(today.year - 1, 1, 1), year - _DAY
                return [(year, today, member.sums(year, today)), (*before, member.sums(*before))]
            case _:
                return [(date.min, today, member.total)]

    def _rolling(self, member: Member, until: date) -> _Window:
        since = date.fromordinal(max(until.toordinal() - self._span.days, 1))
        return since, until, member.sums(since, until)

    def _best(self, windows: list[_Window], member: Member) -> tuple[int, _Window]:
        if len(windows) == 1:
            return self._met(windows[0][2], member), windows[0]
        met = [self._met(sums, member) for _, _, sums in windows]
        best = max(met)
        return best, windows[met.index(best)]

    def _met(self, sums: Sums, member: Member) -> int:
        """Return the highest rung of which some condition is met."""
        points, _, spend_minor, visits = sums
        if self.params.counts_adjustments:
            points += sums.adjusted
        for number, least_points, least_minor, least_visits in self._in_currency(member.currency):
            if points >= least_points or spend_minor >= least_minor or visits >= least_visits:
                return number
        return 0

    def _is_unwatched(self, member: Member) -> bool:
        is_reviewed = self.params.window != "lifetime" and self.params.downgrade != "none"
        return is_reviewed and member.timer(_REVIEW) is None

    def _stands(self, member: Member) -> int:
        rung = member.rung()
        # A rung of an older version of the programme that is gone counts as none.
        return self._names.index(rung) if rung in self._names else 0

    def _points(self, sums: Sums) -> int:
        return sums.points + (sums.adjusted if self.params.counts_adjustments else 0)

    def _in_currency(self, currency: str) -> list[_Condition]:
        found = self._conditions.get(currency)
        if found is None:
            one = minor_units(1, currency)
            found = self._conditions[currency] = [
                (
                    number, rung.points or _NEVER, ceil(Fraction(rung.spend) * one) if rung.spend else _NEVER,
                    rung.visits or _NEVER,
                )
                for number, rung in reversed(list(enumerate(self.params.rungs, start=1)))
            ]  # fmt: skip
        return found

    def _told(self, sums: Sums, member: Member) -> str:
        rungs, told = self.params.rungs, []
        if any(rung.points is not None for rung in rungs):
            told.append(f"{self._points(sums):,} points")
        if any(rung.spend is not None for rung in rungs):
            told.append(money_text(sums.spend_minor, member.currency))
        if any(rung.visits is not None for rung in rungs):
            told.append("1 visit" if sums.visits == 1 else f"{sums.visits:,} visits")
        return ", ".join(told)


def _after(day: date, days: int) -> date:
    """Return a day later, at most the last but one that there is."""
    return date.fromordinal(min(day.toordinal() + days, date.max.toordinal() - 1))


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Tiers]
