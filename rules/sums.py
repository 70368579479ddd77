"""Sums of a member: points earned, money spent and visits, in all and by day.

They count on the day a fact occurred, in the programme's zone. What a return takes back counts on the day of
the purchase, as if that had earned less from the beginning.
"""

from __future__ import annotations

from bisect import bisect_left
from datetime import date
from typing import NamedTuple

from .state import MemberState


class Sums(NamedTuple):
    """What a member came to in some days.

    Attributes:
        points: Earned by rules, less what was taken back.
        adjusted: Given, less taken, by persons.
        spend_minor: Purchases in the programme's currency less their returns, in minor units.
        visits: Purchases of different orders that have not come back wholly.
    """

    points: int = 0
    adjusted: int = 0
    spend_minor: int = 0
    visits: int = 0


def add(state: MemberState, day: int, more: Sums, *, today: int, keep_days: int) -> None:
    """Add to a member's sums.

    Args:
        state: The member's.
        day: Ordinal of the local day it counts on.
        more: What to add; negative numbers take away.
        today: Ordinal of the local day it is booked on.
        keep_days: For how many days, *today* included, single days are kept.
    """
    total = [was + now for was, now in zip(state.total, more, strict=True)] if state.total else [*more]
    state.total = total if any(total) else []
    first = today - keep_days
    days = state.days
    if day > first:
        if not days or days[-1][0] < day:
            days.append([day, *more])
        else:
            at = len(days) - 1 if days[-1][0] == day else bisect_left(days, [day])
            if days[at][0] != day:
                days.insert(at, [day, *more])
            else:
                row = days[at]
                for number, amount in enumerate(more, start=1):
                    row[number] += amount
                if not any(row[1:]):
                    del days[at]
    while days and days[0][0] <= first:
        del days[0]


def between(state: MemberState, since: date, until: date) -> Sums:
    """Return a member's sums of the days from *since* to *until*, both included."""
    first, last = since.toordinal(), until.toordinal()
    points = adjusted = spend_minor = visits = 0
    for row in reversed(state.days):
        if row[0] < first:
            break
        if row[0] <= last:
            points += row[1]
            adjusted += row[2]
            spend_minor += row[3]
            visits += row[4]
    return Sums(points, adjusted, spend_minor, visits)


def last_visit(state: MemberState) -> date | None:
    """Return the latest day with a visit among those kept."""
    return next((date.fromordinal(row[0]) for row in reversed(state.days) if row[4] > 0), None)
