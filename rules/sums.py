"""Sums of a member: points earned, money spent and visits, in all and by day.

They count on the day a fact occurred, in the programme's zone. What a return takes back counts on the day of
the purchase, as if that had earned less from the beginning. Each day's row says what the member had come to
by its end, so that any span of days is the difference of two rows.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
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


NONE = Sums()
BEFORE = 0
"""The day of the row that says what a member had come to before the days that are kept."""


def add(state: MemberState, day: int, more: Sums, *, today: int, keep_days: int) -> None:
    """Add to a member's sums.

    Args:
        state: The member's.
        day: Ordinal of the local day it counts on.
        more: What to add; negative numbers take away.
        today: Ordinal of the local day it is booked on.
        keep_days: For how many days, *today* included, single days are kept.
    """
    days, first = state.days, today - keep_days
    points, adjusted, spend_minor, visits = more
    if day <= first:
        day = BEFORE
    if not days or days[-1][0] < day:
        _, p, a, s, v = days[-1] if days else (0, 0, 0, 0, 0)
        days.append([day, p + points, a + adjusted, s + spend_minor, v + visits])
        if days[0][0] <= first:
            _roll(days, first)
        return
    at = bisect_left(days, [day])
    if days[at][0] != day:
        days.insert(at, [day, *(days[at - 1][1:] if at else (0, 0, 0, 0))])
    for row in days[at:]:
        row[1] += points
        row[2] += adjusted
        row[3] += spend_minor
        row[4] += visits
    if days[at][1:] == (days[at - 1][1:] if at else [0, 0, 0, 0]):
        del days[at]


def join(state: MemberState, other: MemberState, sign: int, *, today: int, keep_days: int) -> Sums:
    """Add all of another member's sums to a member's, or (sign -1) take them out again.

    Returns:
        What was added.
    """
    for one in (state, other):
        _roll(one.days, today - keep_days)
    rows: list[list[int]] = []
    for day in sorted({row[0] for row in (*state.days, *other.days)}):
        mine, theirs = _upto(state.days, day), _upto(other.days, day)
        row = [had + sign * more for had, more in zip(mine, theirs, strict=True)]
        if row != (rows[-1][1:] if rows else [0, 0, 0, 0]):
            rows.append([day, *row])
    state.days = rows
    return Sums(*(sign * number for number in total(other)))


def _roll(days: list[list[int]], first: int) -> None:
    """Forget single days up to *first*."""
    while len(days) > 1 and days[1][0] <= first:
        del days[0]
    if days and days[0][0] <= first:
        days[0][0] = BEFORE


def _upto(days: list[list[int]], day: int) -> list[int]:
    """Return what the rows had come to by the end of a day."""
    at = bisect_left(days, [day + 1])
    return days[at - 1][1:] if at else [0, 0, 0, 0]


def total(state: MemberState) -> Sums:
    """Return the sums of a member's whole life."""
    return Sums(*state.days[-1][1:]) if state.days else NONE


def between(state: MemberState, since: date, until: date) -> Sums:
    """Return a member's sums of the days from *since* to *until*, both included."""
    days = state.days
    if not days:
        return NONE
    last = until.toordinal()
    upto = len(days) if days[-1][0] <= last else bisect_left(days, [last + 1])
    before = bisect_left(days, [since.toordinal()], 0, upto)
    if before == upto:
        return NONE
    row = days[upto - 1]
    if not before:
        return Sums(*row[1:])
    less = days[before - 1]
    return Sums(row[1] - less[1], row[2] - less[2], row[3] - less[3], row[4] - less[4])


def by_day(state: MemberState) -> Iterator[tuple[date, Sums]]:
    """Yield what single days came to, the earliest first: of those that are kept."""
    p = a = s = v = 0
    for day, points, adjusted, spend_minor, visits in state.days:
        if day != BEFORE:
            yield date.fromordinal(day), Sums(points - p, adjusted - a, spend_minor - s, visits - v)
        p, a, s, v = points, adjusted, spend_minor, visits


def last_visit(state: MemberState) -> date | None:
    """Return the latest day with a visit among those kept."""
    days = state.days
    for at in range(len(days) - 1, -1, -1):
        if days[at][0] != BEFORE and days[at][4] > (days[at - 1][4] if at else 0):
            return date.fromordinal(days[at][0])
    return None
