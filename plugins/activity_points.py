"""Points for what members do beside buying: activities and surveys, by name."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, NamedTuple

from msgspec import Meta

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    ActivityRecorded,
    Answer,
    Changed,
    Effect,
    Fact,
    FactRetracted,
    Keep,
    Member,
    NotQualified,
    Params,
    Rule,
    SurveyAnswered,
    hookimpl,
    on,
)

Period = Literal["day", "week", "month", "year", "total"]
_LOOK, _GONE = "look", "-"
_SLOTS = 64
"""So many periods are remembered, the one at hand included."""
_LISTED = 50
"""So many facts of a period can be taken back and make room again; older ones count for good."""


class ActivityParams(Params, frozen=True, kw_only=True):
    """Parameters of ``activity_points``.

    Attributes:
        points: Points each time.
        activities: Names of activities.
        surveys: Names of surveys, for every answer.
        each: "unit": for every whole unit of the activity's quantity; "fact": once for a fact.
        most: How many times at most in a period, all names together; 0: any number.
        per: The period, in the programme's zone: "day", "week" (from Monday), "month", "year" or "total".
    """

    points: Annotated[int, Meta(ge=1, le=1_000_000)]
    activities: tuple[str, ...] = ()
    surveys: tuple[str, ...] = ()
    each: Literal["unit", "fact"] = "unit"
    most: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    per: Period = "day"

    def __post_init__(self) -> None:
        if not self.activities and not self.surveys:
            raise ValueError("name activities or surveys")


class ActivityPoints(Rule):
    """Points for a named activity, so many times in a period.

    Where times are limited it keeps, by the period's number modulo 64, a text "period settled fact×times …":
    the facts that earned in it, with a "-" behind those that were taken back; and "look", a retracted fact of
    which it is not known yet what it changes.
    """

    name, version, stage = "activity_points", 1, "earn"
    Params = ActivityParams
    params: ActivityParams

    def sums_days(self) -> int | None:
        """Changed sums say that something was taken back."""
        return 0 if self.params.most else None

    @on(ActivityRecorded)
    def act(self, fact: Fact[ActivityRecorded], member: Member) -> Answer:
        """Award the points of an activity."""
        activity = fact.data
        if activity.activity not in self.params.activities:
            return NotQualified(reason=f"no points for {activity.activity}")
        times = min(max(int(activity.quantity), 0), MOST) if self.params.each == "unit" else 1
        return self._award(fact, times, activity.activity, member)

    @on(SurveyAnswered)
    def answer(self, fact: Fact[SurveyAnswered], member: Member) -> Answer:
        """Award the points of an answer to a survey."""
        if fact.data.survey not in self.params.surveys:
            return NotQualified(reason=f"no points for survey {fact.data.survey}")
        return self._award(fact, 1, f"survey {fact.data.survey}", member)

    def _award(
        self, fact: Fact[ActivityRecorded] | Fact[SurveyAnswered], times: int, what: str, member: Member
    ) -> list[Effect]:
        params, kept = self.params, list[Effect]()
        if times and params.most:
            number = _period(member.local_date(fact.occurred_us), params.per)
            diary = _Diary(number, member)
            if diary.is_over:
                return [NotQualified(reason=f"too late: that {params.per} is not remembered any more")]
            left = max(params.most - diary.times, 0)
            member.note("{} of {} times left this {}", left, params.most, params.per)
            if not left:
                when = "in all" if params.per == "total" else f"a {params.per}"
                often = "once" if params.most == 1 else f"{params.most} times"
                return [NotQualified(reason=f"{often} {when} is the most")]
            times = min(times, left)
            kept.append(diary.with_more(fact.position, times))
        points = min(times * params.points, MOST)
        member.note("{} × {} points", times, params.points)
        return [Accrue(points=points, reason=f"points for {what}"), *kept]

    @on(FactRetracted)
    def retract(self, retracted: Fact[FactRetracted], _member: Member) -> Answer:
        """Remember to look at what a retracted fact had taken."""
        return Keep(key=_LOOK, value=retracted.data.retracted) if self.params.most else None

    @on(Changed)
    def follow(self, changed: Changed, member: Member) -> Answer:
        """Make room where an activity was taken back; use it where one stands again."""
        look = member.kept(_LOOK)
        if look is None:
            return None
        traces = [member.traced_at(fact) for fact in (changed.fact, look) if isinstance(fact, int)]
        facts = sorted({fact for trace in traces if trace is not None for fact in trace.took})
        kept: dict[str, Keep] = {_LOOK: Keep(key=_LOOK, value=None)}
        for fact in facts:
            trace = member.traced_at(fact)
            if trace is not None:
                diary = _Diary(_period(member.local_date(trace.occurred_us), self.params.per), member)
                if any(entry.fact == fact for entry in diary.listed):
                    kept[diary.slot] = diary.kept()
        return list(kept.values())


class _Earned(NamedTuple):
    """A fact that earned, and how many times; taken back it counts for none."""

    fact: int
    times: int
    is_gone: bool

    def __str__(self) -> str:
        return f"{self.fact}×{self.times}{_GONE if self.is_gone else ''}"


class _Diary:
    """What the rule remembers of one period of a member.

    Attributes:
        is_over: A later period has taken its place: nothing is known of it.
        listed: The last facts that earned in it.
        times: How often it has earned, without what was taken back.
    """

    def __init__(self, number: int, member: Member) -> None:
        self.slot, self.number = f"period {number % _SLOTS}", number
        found, self.settled, self.listed = number, 0, list[_Earned]()
        text = member.kept(self.slot)
        if text is not None:
            first, second, *facts = str(text).split(" ")
            found = int(first)
            if found == number:
                self.settled = int(second)
                self.listed = [_earned(part, member) for part in facts]
        self.is_over = found > number
        self.times = self.settled + _times(self.listed)

    def with_more(self, fact: int, times: int) -> Keep:
        """Return the effect that remembers another fact."""
        self.listed.append(_Earned(fact, times, is_gone=False))
        return self.kept()

    def kept(self) -> Keep:
        """Return the effect that remembers the period."""
        settled = self.settled + _times(self.listed[:-_LISTED])
        return Keep(key=self.slot, value=" ".join(map(str, (self.number, settled, *self.listed[-_LISTED:]))))


def _earned(part: str, member: Member) -> _Earned:
    fact, _, times = part.removesuffix(_GONE).partition("×")
    trace = member.traced_at(int(fact))
    # Of what is not remembered any more it stays as it was.
    return _Earned(int(fact), int(times), part.endswith(_GONE) if trace is None else trace.is_returned)


def _times(listed: list[_Earned]) -> int:
    return sum(entry.times for entry in listed if not entry.is_gone)


def _period(day: date, per: Period) -> int:
    match per:
        case "day":
            return day.toordinal()
        case "week":
            return (day.toordinal() - 1) // 7
        case "month":
            return day.year * 12 + day.month
        case "year":
            return day.year
        case _:
            return 0


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [ActivityPoints]
