"""Which days count towards a rung, and what they come to."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from loyalty_ledger.rules import Member, Sums

from .params import TierParams
from .periods import day_after, later, months_later, start_of, year_around

ENROLLED, FIRST = "enrolled", "first"
"""Memory: the day of enrolment, and the first on which anything counted, as ordinals."""
_A_NEW_YEAR = date(2000, 1, 1)


class Window(NamedTuple):
    """First day, last day, and what they come to."""

    since: date
    until: date
    sums: Sums


class Windows:
    """The windows of a ladder's parameters, and when a rung won or kept in them is reviewed."""

    def __init__(self, params: TierParams) -> None:
        self._params, self._kind, self._span = params, params.window, params.days - 1

    def keep_days(self, *, is_daily: bool) -> int:
        """Return for how many days sums must be known: as long as a rung can rest on its window."""
        params = self._params
        held = params.held_days or 31 * (params.held_months or 0)
        # Each rung may be won on the last day the one below is held, and come back on the last of its own.
        held = (held + (31 if params.held_round else 0)) * len(params.rungs)
        match self._kind:
            case "lifetime":
                return 0
            case "rolling":
                return params.days + (held + 2 if params.is_held else 1 if is_daily else 367)
            case _:
                return 2 * 366 + (held + 2 if params.is_held else 0)

    def on(self, member: Member, day: date, today: date) -> list[Window]:
        """Return the windows of a day, by what is known of them today; the current one first."""
        if self._kind == "lifetime":
            return [Window(date.min, today, member.total)]
        if self._kind == "rolling":
            since = date.fromordinal(max(day.toordinal() - self._span, 1))
            return [Window(since, day, member.sums(since, day))]
        return [
            Window(since, until, member.sums(since, until))
            for since, until in (
                (since, min(until, today)) for since, until in self._spans(member, day) if since <= today
            )
        ]

    def _spans(self, member: Member, day: date) -> list[tuple[date, date]]:
        since, following = year_around(self.began(member, day), day)
        spans = [(since, later(following, -1) or date.max if following else date.max)]
        if since > date.min:
            ended = date.fromordinal(since.toordinal() - 1)
            spans.append((year_around(self.began(member, day), ended)[0], ended))
        return spans

    def began(self, member: Member, today: date) -> date:
        """Return the day whose anniversaries begin the years."""
        if self._kind == "calendar year":
            return _A_NEW_YEAR
        known = member.counter(ENROLLED) or member.counter(FIRST)
        return date.fromordinal(known) if known else first_day(member) or today

    def last_day(self, member: Member, today: date) -> date | None:
        """Return the last day on which all that counts today still does; None: there is none."""
        if self._kind == "lifetime":
            return None
        if self._kind == "rolling":
            window = self.on(member, today, today)[0]
            counting = (day for day, sums in member.days if window.since <= day <= today and any(sums))
            first = next(counting, None)
            return first and later(first, self._params.days - 1)
        following = year_around(self.began(member, today), today)[1]
        return later(following, -1) if following else None

    def next_year(self, member: Member, today: date) -> date | None:
        """Return the first day of the year after the current one."""
        return year_around(self.began(member, today), today)[1]

    def review_from(self, day: date | None) -> date | None:
        """Return the first review of a rolling window on a day or after it."""
        return None if day is None else start_of(self._params.review, day)

    def held_until(self, won: date) -> date | None:
        """Return the day on which a rung won or kept on a day is reviewed."""
        params = self._params
        if params.held_days is not None:
            last = later(won, params.held_days)
        else:
            last = self._months(won, params.held_months or 0)
        return day_after(last, is_whole_month=params.held_round is not None)

    def grace_until(self, review: date) -> date | None:
        """Return the day on which a rung is gone that a review has found lost."""
        params = self._params
        if params.grace_days is not None:
            last = later(review, params.grace_days - 1)
        else:
            last = self._months(review, params.grace_months or 0)
        return day_after(last, is_whole_month=params.grace_round is not None)

    def _months(self, day: date, months: int) -> date | None:
        same = months_later(day, months)
        is_before = self._params.month == "day before" and same is not None and same.day == day.day
        return later(same, -1) if is_before and same else same


def first_day(member: Member) -> date | None:
    """Return the earliest day that is kept on which something counts."""
    return next((day for day, sums in member.days if counts(sums)), None)


def counts(sums: Sums) -> bool:
    """Return whether points were earned, money spent or a visit made."""
    return sums.points > 0 or sums.spend_minor > 0 or sums.visits > 0
