"""Points on the anniversary of enrolment, or on a birthday."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Effect,
    Fact,
    FactRetracted,
    Flag,
    Keep,
    Member,
    MemberAttributesChanged,
    MemberEnrolled,
    MemberLeft,
    NotQualified,
    Params,
    Rule,
    SetTimer,
    StopTimer,
    Timer,
    hookimpl,
    on,
)

_TIMER = "anniversary"
_DAY, _SINCE, _BY, _PAID, _LEFT = "day", "since", "by", "paid", "left"
_MONTH_AND_DAY = re.compile(r"(\d\d)-(\d\d)")


class AnniversaryParams(Params, frozen=True, kw_only=True):
    """Parameters of ``anniversary``.

    Attributes:
        points: Points on the day, once in a calendar year.
        of: "enrolment", or "birthday": the attribute of that name, month and day as "MM-DD".
        leap_day: When a 29 February is celebrated in other years: on "02-28" or "03-01".
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    of: Literal["enrolment", "birthday"] = "enrolment"
    leap_day: Literal["02-28", "03-01"] = "02-28"


class Anniversary(Rule):
    """Points every year at the midnight that begins the day, until the member leaves.

    It keeps "day" (MM-DD), "since" (the year of enrolment), "by" (the fact that said so), "paid" (the last
    year that had its points) and "left" (of one who has left).
    """

    name, version, stage = "anniversary", 1, "react"
    Params = AnniversaryParams
    params: AnniversaryParams

    @on(MemberEnrolled)
    def enrol(self, enrolled: Fact[MemberEnrolled], member: Member) -> Iterator[Effect]:
        """Begin to count the years; who comes back begins anew."""
        day = member.local_date(enrolled.occurred_us)
        if self.params.of == "birthday":
            if member.kept(_LEFT) and member.kept(_DAY):
                yield from self._wait(str(member.kept(_DAY)), day, member)
            yield Keep(key=_LEFT, value=None)
        elif member.kept(_DAY) is None:
            yield from self._noted(f"{day:%m-%d}", enrolled.position)
            yield Keep(key=_SINCE, value=day.year)
            yield from self._wait(f"{day:%m-%d}", day, member)

    @on(MemberAttributesChanged)
    def learn(self, changed: Fact[MemberAttributesChanged], member: Member) -> Iterator[Effect]:
        """Note the birthday, or forget it."""
        if self.params.of != "birthday" or "birthday" not in changed.data.attributes:
            return
        birthday = changed.data.attributes["birthday"]
        if birthday is None:
            yield from _forgotten()
        elif not _is_day(birthday):
            # Not shown: it may be a whole date of birth, which is nobody's business here.
            yield Flag(
                flag="birthday-unclear", reason="the attribute birthday must be a month and a day: MM-DD"
            )
        elif birthday != member.kept(_DAY):
            yield from self._noted(str(birthday), changed.position)
            if not member.kept(_LEFT):
                yield from self._wait(str(birthday), member.local_date(changed.occurred_us), member)

    @on(MemberLeft)
    def leave(self, _left: Fact[MemberLeft], _member: Member) -> list[Effect]:
        """Stop."""
        if self.params.of == "birthday":
            return [StopTimer(key=_TIMER), Keep(key=_LEFT, value=1)]
        return _forgotten()

    @on(FactRetracted)
    def retract(self, retracted: Fact[FactRetracted], member: Member) -> list[Effect]:
        """Forget what a retracted fact said."""
        return _forgotten() if member.kept(_BY) == retracted.data.retracted else []

    def on_timer(self, timer: Timer, member: Member) -> Iterator[Effect]:
        """Award the points of the year and wait for the next."""
        today = member.local_date(timer.due_us)
        if member.counter(_PAID) >= today.year:
            yield NotQualified(reason=f"{today.year} has had its points")
        else:
            years = today.year - member.counter(_SINCE)
            reason = "happy birthday"
            if self.params.of == "enrolment":
                reason = "1 year a member" if years == 1 else f"{years} years a member"
            yield Accrue(points=self.params.points, reason=reason)
            yield Keep(key=_PAID, value=today.year)
        yield from self._wait(str(member.kept(_DAY)), today, member)

    def _noted(self, day: str, position: int) -> list[Effect]:
        return [Keep(key=_DAY, value=day), Keep(key=_BY, value=position)]

    def _wait(self, day: str, after: date, member: Member) -> list[Effect]:
        """Set the timer for the next such day after a day."""
        for year in (after.year, after.year + 1):
            # The last year that instants can be told of has no next one.
            if year < date.max.year and (due := self._in_year(day, year)) > after:
                return [SetTimer(key=_TIMER, due_us=member.zone.start_us(due))]
        return [StopTimer(key=_TIMER)]

    def _in_year(self, day: str, year: int) -> date:
        month, number = _numbers(day)
        if (month, number) == (2, 29) and not _is_leap(year):
            month, number = _numbers(self.params.leap_day)
        return date(year, month, number)


def _forgotten() -> list[Effect]:
    return [StopTimer(key=_TIMER), *(Keep(key=key, value=None) for key in (_DAY, _SINCE, _BY))]


def _numbers(day: str) -> tuple[int, int]:
    return int(day[:2]), int(day[3:])


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _is_day(value: object) -> bool:
    """Return whether this is a month and a day that some year has."""
    match = _MONTH_AND_DAY.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return False
    try:
        date(2000, int(match[1]), int(match[2]))
    except ValueError:
        return False
    return True


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Anniversary]
