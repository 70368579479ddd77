"""When a member moves on a ladder, worked out day by day without the ledger, from plugins/README.md.

Nothing of the package is imported. Purchases come in order, nothing comes back; a point per dollar. Every day
is looked at, with its review if one is due, then its purchases; windows are added up anew each time.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Rules:
    """The parameters, and for each rung its points and its visits."""

    rungs: tuple[tuple[int, int], ...]
    window: str
    days: int = 365
    review: str = "day"
    held: tuple[int, str] | None = None
    held_round: str = "day"
    month: str = "same day"
    downgrade: str = "straight"
    grace: tuple[int, str] | None = None
    grace_round: str = "day"


@dataclass
class Walk:
    """A member's way up and down.

    Attributes:
        bought: Day and points of each purchase so far.
        won: The day its rung was won or kept.
        grace_ends: The day the rung is gone, while it is kept in its grace.
    """

    rules: Rules
    zone: ZoneInfo
    enrolled: date | None
    bought: list[tuple[date, int]] = field(default_factory=list)
    rung: int = 0
    won: date = date.min
    grace_ends: date | None = None
    moves: list[tuple[datetime, int]] = field(default_factory=list)

    def until(self, last: date, purchases: list[tuple[datetime, int]]) -> list[tuple[datetime, int]]:
        """Return every move up to the midnight that begins *last*."""
        waiting = sorted(purchases, key=lambda purchase: purchase[0])
        day = waiting[0][0].astimezone(self.zone).date()
        while day <= last:
            midnight = datetime.combine(day, time(), self.zone)
            if self.rung and self.is_due(day):
                self.look(day, midnight)
            while waiting and waiting[0][0].astimezone(self.zone).date() == day:
                at, points = waiting.pop(0)
                self.bought.append((day, points))
                self.gain(day, at)
            day += DAY
        return self.moves

    def is_due(self, day: date) -> bool:
        """Return whether the rung is looked at in the morning of a day."""
        if self.grace_ends is not None:
            return day == self.grace_ends
        if self.rules.held:
            return day == self.won + DAY * self.length(self.won, self.rules.held, self.rules.held_round, 1)
        if self.rules.window == "rolling":
            first = {"day": True, "month": day.day == 1, "year": (day.month, day.day) == (1, 1)}
            return first[self.rules.review]
        return day == self.year_of(day)[0]

    def look(self, day: date, midnight: datetime) -> None:
        """Review: keep the rung, give it grace, or let it fall."""
        met = self.met(day)
        if met < self.rung and self.rules.grace and self.grace_ends is None:
            self.grace_ends = day + DAY * self.length(day, self.rules.grace, self.rules.grace_round, 0)
            return
        if met < self.rung:
            self.rung = self.rung - 1 if self.rules.downgrade == "one step" else met
            self.moves.append((midnight, self.rung))
        self.grace_ends, self.won = None, day

    def gain(self, day: date, at: datetime) -> None:
        """Rise at once; a grace is over when the conditions are met again."""
        met = self.met(day)
        if met > self.rung:
            self.rung, self.grace_ends, self.won = met, None, day
            self.moves.append((at, met))
        elif met == self.rung and self.grace_ends is not None:
            self.grace_ends, self.won = None, day

    def met(self, day: date) -> int:
        """Return the highest rung of the day's windows."""
        best = 0
        for since, until in self.windows(day):
            counting = [points for bought, points in self.bought if since <= bought <= until]
            for number, (points, visits) in enumerate(self.rules.rungs, start=1):
                if sum(counting) >= points or len(counting) >= visits:
                    best = max(best, number)
        return best

    def windows(self, day: date) -> list[tuple[date, date]]:
        """Return the spans that count on a day."""
        if self.rules.window == "rolling":
            return [(day - DAY * (self.rules.days - 1), day)]
        since, end = self.year_of(day)
        before, _ = self.year_of(since - DAY)
        return [(since, end), (before, since - DAY)]

    def year_of(self, day: date) -> tuple[date, date]:
        """Return the first and last day of the year a day is in."""
        start = date(2000, 1, 1)
        if self.rules.window == "anniversary":
            start = self.enrolled or min((bought for bought, _ in self.bought), default=day)
        years = (day.year - 1, day.year, day.year + 1)
        is_leap_day = (start.month, start.day) == (2, 29)
        begins = [
            date(year, start.month, 28 if is_leap_day and not isleap(year) else start.day) for year in years
        ]
        since = max(begin for begin in begins if begin <= day)
        return since, min(begin for begin in begins if begin > day) - DAY

    def length(self, since: date, period: tuple[int, str], rounded: str, after: int) -> int:
        """Return how many days lie from *since* to the day on which a period is over.

        Args:
            since: The day it begins.
            period: How many, and of what: days or months.
            rounded: Up to the end of the "day" or the "month".
            after: 1 if the first day of a number of days is the one after *since*.
        """
        number, unit = period
        if unit == "days":
            last = since + DAY * (number - 1 + after)
        else:
            months = since.month - 1 + number
            year, month = since.year + months // 12, months % 12 + 1
            last = date(year, month, min(since.day, monthrange(year, month)[1]))
            last -= DAY * (self.rules.month == "day before" and last.day == since.day)
        if rounded == "month":
            last = last.replace(day=monthrange(last.year, last.month)[1])
        return (last + DAY - since).days
