"""At most so many points: for one fact, in a day, a week, a month, a year, in all."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Annotated, Any, NamedTuple

from msgspec import Meta

from loyalty_ledger.rules import (
    ActivityRecorded,
    Answer,
    Fact,
    FeedbackReceived,
    InterestDeclared,
    Limit,
    Member,
    MemberEnrolled,
    Params,
    PurchaseRecorded,
    RecommendationStated,
    ReferralMade,
    Rule,
    SurveyAnswered,
    hookimpl,
    on,
)

Most = Annotated[int, Meta(ge=0, le=10**12)]
_DAYS, _DAYS_OF_YEARS = 400, 800


class CapParams(Params, frozen=True, kw_only=True):
    """Parameters of ``cap``: the most points there are, 0 for no limit. The tightest holds.

    Attributes:
        event: For one fact.
        day: In a day of the programme's zone.
        week: In a week, from Monday.
        month: In a calendar month.
        year: In a calendar year.
        total: In all.
    """

    event: Most = 0
    day: Most = 0
    week: Most = 0
    month: Most = 0
    year: Most = 0
    total: Most = 0

    def __post_init__(self) -> None:
        if not any((self.event, self.day, self.week, self.month, self.year, self.total)):
            raise ValueError("set event, day, week, month, year or total above 0")


class _Room(NamedTuple):
    """How many points there is room for, and what holds them."""

    points: int
    most: int
    spent: int
    """What was earned before in the period."""
    where: str


class Cap(Rule):
    """Cut what a fact earns to what there is room for; what comes back makes room again."""

    name, version, stage = "cap", 1, "cap"
    Params = CapParams
    params: CapParams

    def sums_days(self) -> int | None:
        """A period is kept by day, and for a while after it for facts that come late."""
        params = self.params
        if params.year:
            return _DAYS_OF_YEARS
        if params.day or params.week or params.month:
            return _DAYS
        return 0 if params.total else None

    @on(
        PurchaseRecorded, ActivityRecorded, SurveyAnswered, FeedbackReceived, InterestDeclared,
        RecommendationStated, ReferralMade, MemberEnrolled,
    )  # fmt: skip
    def cut(self, fact: Fact[Any], member: Member) -> Answer:
        """Limit what this fact has earned so far."""
        if not member.awards:
            return None
        earned = member.earned_points
        tightest = min(self._rooms(fact.occurred_us, member), key=lambda room: room.points)
        if earned <= tightest.points:
            return None
        member.note(
            "{} points earned, {} of {} {} used: {} left, {} cut", earned, tightest.spent, tightest.most,
            tightest.where, tightest.points, earned - tightest.points,
        )  # fmt: skip
        reason = f"at most {tightest.most} points {tightest.where}: {tightest.points} of {earned} given"
        return Limit(points=tightest.points, reason=reason)

    def _rooms(self, occurred_us: int, member: Member) -> Iterator[_Room]:
        params = self.params
        if params.event:
            yield _Room(params.event, params.event, 0, "at a time")
        if params.total:
            yield _room(params.total, member.total.points, "in all")
        if not (params.day or params.week or params.month or params.year):
            return
        day = member.local_date(occurred_us)
        first_known = member.local_date(member.clock_us).toordinal() - (self.sums_days() or 0)
        for most, where, since, until in (
            (params.day, f"on {day}", day, day),
            (params.week, f"in the week of {day}", *_week(day)),
            (params.month, f"in {day:%Y-%m}", *_month(day)),
            (params.year, f"in {day.year:04}", date(day.year, 1, 1), date(day.year, 12, 31)),
        ):
            if not most:
                continue
            if since.toordinal() <= first_known:
                yield _Room(0, most, most, f"{where}, of which the sums are not kept any more,")
            else:
                yield _room(most, member.sums(since, until).points, where)


def _room(most: int, spent: int, where: str) -> _Room:
    return _Room(min(max(most - spent, 0), most), most, spent, where)


def _week(day: date) -> tuple[date, date]:
    monday = date.fromordinal(day.toordinal() - day.weekday())
    return monday, date.fromordinal(min(monday.toordinal() + 6, date.max.toordinal()))


def _month(day: date) -> tuple[date, date]:
    first = day.replace(day=1)
    if first.year == date.max.year and first.month == 12:
        return first, date.max
    return first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Cap]
