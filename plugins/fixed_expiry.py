"""Points that expire on fixed dates: every year the same, or once."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from loyalty_ledger.rules import FOREVER_US, Answer, Member, NewLot, Params, Rule, Terms, hookimpl, on

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Years = Annotated[int, Meta(ge=0, le=100)]
Days = Annotated[int, Meta(ge=0, le=3_660)]
MonthAndDay = Annotated[str, Meta(pattern=r"^\d\d-\d\d$")]
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_A_LEAP_YEAR = 2000


class RungDates(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a rung has instead; None: as everybody."""

    after_years: Years | None = None
    grace_days: Days | None = None
    never: bool = False

    def __post_init__(self) -> None:
        if (self.after_years is not None or self.grace_days is not None) == self.never:
            raise ValueError("a rung needs after_years or grace_days, or never = true")


class FixedExpiryParams(Params, frozen=True, kw_only=True):
    """Parameters of ``fixed_expiry``: dates or until, one of them. A date ends with its local midnight.

    Attributes:
        dates: Month and day as "MM-DD", every year; "02-29" is 28 February in other years.
        until: One day as "YYYY-MM-DD", once. What is earned after it does not expire by this rule.
        least_days: What is earned less than so many days before a date lives until the next one.
        after_years: So many years after that date.
        grace_days: So many days after that date.
        rules: Labels of the rules whose points expire; empty: all.
        ladder: The ladder of by_rung: the label of the rule that moves members on it.
        by_rung: By rung, its own after_years or grace_days, or ``never = true``: the rung the member has
            when the points are given, before they move it.
    """

    dates: Annotated[tuple[MonthAndDay, ...], Meta(max_length=366)] = ()
    until: str | None = None
    least_days: Annotated[int, Meta(ge=0, le=366)] = 0
    after_years: Years = 0
    grace_days: Days = 0
    rules: tuple[str, ...] = ()
    ladder: Name = "tier"
    by_rung: dict[Name, RungDates] | None = None

    def __post_init__(self) -> None:
        if bool(self.dates) == (self.until is not None):
            raise ValueError("set dates or until, one of them")
        if self.until is not None:
            if not _DAY.fullmatch(self.until) or _day_of(self.until) is None:
                raise ValueError(f"until must be a day as YYYY-MM-DD, got {self.until!r}")
            has_years = any(rung.after_years is not None for rung in (self.by_rung or {}).values())
            if self.least_days or self.after_years or has_years:
                raise ValueError("least_days and after_years are about dates of every year, not about until")
        for text in self.dates:
            if _day_of(f"{_A_LEAP_YEAR}-{text}") is None:
                raise ValueError(f"dates must be days as MM-DD, got {text!r}")


class FixedExpiry(Rule):
    """What is left of a lot is gone when a date is over."""

    name, version, stage = "fixed_expiry", 1, "standing"
    Params = FixedExpiryParams
    params: FixedExpiryParams

    def __init__(self, params: FixedExpiryParams) -> None:
        super().__init__(params)
        self._dates = sorted((int(text[:2]), int(text[3:])) for text in set(params.dates))
        self._until = None if params.until is None else date.fromisoformat(params.until)

    @on(NewLot)
    def expire(self, lot: NewLot, member: Member) -> Answer | Terms:
        """Set when the lot expires, by the local day it was earned on."""
        params = self.params
        if params.rules and lot.rule not in params.rules:
            return None
        years, grace_days = params.after_years, params.grace_days
        if params.by_rung and (rung := params.by_rung.get(member.rung(params.ladder) or "")):
            if rung.never:
                return Terms(expires_us=FOREVER_US)
            years = years if rung.after_years is None else rung.after_years
            grace_days = grace_days if rung.grace_days is None else rung.grace_days
        earned = member.local_date(lot.occurred_us)
        last = self._last_day(earned, years) if self._until is None else self._until
        if last < earned:
            return None
        return Terms(expires_us=member.zone.end_us(last + timedelta(days=grace_days)))

    def _last_day(self, earned: date, years: int) -> date:
        """Return the last day of points earned on a day, so many years after the next date."""
        first = earned + timedelta(days=self.params.least_days)
        of_year = [(first.year, *found) for found in self._dates if _in_year(first.year, *found) >= first]
        year, month, day = of_year[0] if of_year else (first.year + 1, *self._dates[0])
        return _in_year(year + years, month, day)


def _in_year(year: int, month: int, day: int) -> date:
    is_leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return date(year, month, 28 if (month, day) == (2, 29) and not is_leap else day)


def _day_of(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [FixedExpiry]
