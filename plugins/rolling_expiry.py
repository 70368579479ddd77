"""Points that expire a fixed time after they were earned."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import DAY_US, Answer, Member, NewLot, Params, Rule, Terms, hookimpl, on


class ExpiryParams(Params, frozen=True, kw_only=True):
    """Parameters of ``rolling_expiry``: days or months, not both.

    Attributes:
        days: Days of 24 hours after the fact.
        months: Calendar months after it, on the last day where the month is shorter.
        end_of: "instant", or the end of that "day", "month" or "year" in the programme's zone.
        rules: Labels of the rules whose points expire; empty: all.
    """

    days: Annotated[int, Meta(ge=1, le=36_600)] | None = None
    months: Annotated[int, Meta(ge=1, le=1_200)] | None = None
    end_of: Literal["instant", "day", "month", "year"] = "instant"
    rules: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if (self.days is None) == (self.months is None):
            raise ValueError("set days or months, one of them")


class RollingExpiry(Rule):
    """What is left of a lot is gone a fixed time after the fact that earned it."""

    name, version, stage = "rolling_expiry", 1, "standing"
    Params = ExpiryParams
    params: ExpiryParams

    @on(NewLot)
    def expire(self, lot: NewLot, member: Member) -> Answer | Terms:
        """Set when the lot expires. A late fact's points count from when it happened."""
        if self.params.rules and lot.rule not in self.params.rules:
            return None
        if self.params.days is not None:
            expires_us = lot.occurred_us + self.params.days * DAY_US
        else:
            expires_us = member.zone.plus_months(lot.occurred_us, self.params.months or 0)
        if self.params.end_of != "instant":
            expires_us = member.zone.end_us(_last_day(member.local_date(expires_us), self.params.end_of))
        return Terms(expires_us=expires_us)


def _last_day(day: date, period: str) -> date:
    if period == "year":
        return date(day.year, 12, 31)
    if period == "month":
        following = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        return date.fromordinal(following.toordinal() - 1)
    return day


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [RollingExpiry]
