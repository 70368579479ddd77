"""Complaints answered and resolved in time, goodwill for those who complained, and what was missed."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    DAY_US,
    HOUR_US,
    Accrue,
    Answer,
    ComplaintAcknowledged,
    ComplaintExplained,
    ComplaintFollowedUp,
    ComplaintOpened,
    ComplaintReopened,
    ComplaintResolved,
    Effect,
    Fact,
    FactRetracted,
    Flag,
    Keep,
    Member,
    NotQualified,
    Params,
    Recommend,
    Rule,
    SetTimer,
    Settle,
    StopTimer,
    Timer,
    hookimpl,
    on,
)

Hours = Annotated[int, Meta(ge=0, le=87_600)]
Points = Annotated[int, Meta(ge=0, le=1_000_000_000)]
_UNHAPPY = 2
_WHENEVER = 0
"""The deadline of a complaint that has none."""


class RecoveryParams(Params, frozen=True, kw_only=True):
    """Parameters of ``complaint_recovery``. Hours count from the fact, through nights and holidays.

    Attributes:
        acknowledge_h: Hours to the first answer; 0: no deadline.
        resolve_h: Hours to the remedy, from opening or reopening; 0: no deadline. At the deadline it is late.
        goodwill_points: For a complaint resolved in time; the fact's own points stand in for them.
        late_points: For one resolved late; the fact's own points stand in for them.
        cap_points: Goodwill points a member can get in a calendar year of the programme's zone; 0: no cap.
    """

    acknowledge_h: Hours = 24
    resolve_h: Hours = 72
    goodwill_points: Points = 0
    late_points: Points = 0
    cap_points: Points = 0


class ComplaintRecovery(Rule):
    """Two deadlines for each complaint, goodwill once it is resolved, an action when one is missed.

    It keeps "open C" (until when complaint C must be resolved) while C is open, "opened N" (the complaint
    that fact N opened), "goodwill C" (the fact that gave points), "given N" (what fact N gave, in which
    year) and, by year, what was given.
    """

    name, version, stage = "complaint_recovery", 1, "react"
    Params = RecoveryParams
    params: RecoveryParams

    @on(ComplaintOpened)
    def open(self, opened: Fact[ComplaintOpened], member: Member) -> Answer:
        """Set both deadlines."""
        complaint = opened.data.complaint
        if member.kept(f"open {complaint}") is not None:
            return NotQualified(reason=f"complaint {complaint} is open already")
        effects = self._resolve_by(complaint, opened.occurred_us, member)
        effects.append(Keep(key=f"opened {opened.position}", value=complaint))
        if self.params.acknowledge_h:
            due_us = opened.occurred_us + self.params.acknowledge_h * HOUR_US
            effects.append(SetTimer(key=f"acknowledge {complaint}", due_us=_later(due_us, member)))
        return effects

    @on(ComplaintReopened)
    def reopen(self, reopened: Fact[ComplaintReopened], member: Member) -> list[Effect]:
        """The solution did not hold: it must be resolved again in time."""
        return self._resolve_by(reopened.data.complaint, reopened.occurred_us, member)

    def _resolve_by(self, complaint: str, from_us: int, member: Member) -> list[Effect]:
        if not self.params.resolve_h:
            return [Keep(key=f"open {complaint}", value=_WHENEVER)]
        due_us = from_us + self.params.resolve_h * HOUR_US
        return [
            Keep(key=f"open {complaint}", value=due_us),
            SetTimer(key=f"resolve {complaint}", due_us=_later(due_us, member)),
        ]

    @on(ComplaintAcknowledged, ComplaintExplained)
    def respond(self, answered: Fact[ComplaintAcknowledged | ComplaintExplained], member: Member) -> Answer:
        """The first answer is given."""
        key = f"acknowledge {answered.data.complaint}"
        return [StopTimer(key=key), *_settled(key, member)]

    @on(ComplaintResolved)
    def resolve(self, resolved: Fact[ComplaintResolved], member: Member) -> list[Effect]:
        """Stop the deadlines and give goodwill, more of it in time."""
        complaint = resolved.data.complaint
        due_us = member.kept(f"open {complaint}")
        if due_us is None:
            reason = f"complaint {complaint} was resolved, but is not open"
            return [Flag(flag="unknown-complaint", reason=reason)]
        settled = [*_settled(f"acknowledge {complaint}", member), *_settled(f"resolve {complaint}", member)]
        return [*_closed(complaint), *settled, *self._goodwill(resolved, member, int(due_us))]

    def _goodwill(self, resolved: Fact[ComplaintResolved], member: Member, due_us: int) -> list[Effect]:
        params, complaint = self.params, resolved.data.complaint
        in_time = due_us == _WHENEVER or resolved.occurred_us < due_us
        wanted = params.goodwill_points if in_time else params.late_points
        wanted = resolved.data.points if resolved.data.points > 0 else wanted
        if not wanted:
            return [
                NotQualified(
                    reason=f"no goodwill for a complaint resolved {'in time' if in_time else 'late'}"
                )
            ]
        if member.kept(f"goodwill {complaint}") is not None:
            return [NotQualified(reason=f"complaint {complaint} has had its goodwill")]
        year = f"{member.local_date(resolved.occurred_us).year}"
        given = member.counter(year)
        points = min(wanted, max(params.cap_points - given, 0)) if params.cap_points else wanted
        member.note(
            "{} wanted, {} given in {}, cap {}: {} points", wanted, given, year, params.cap_points, points
        )
        if not points:
            return [NotQualified(reason=f"{given} goodwill points given in {year}, the most there are")]
        reason = f"goodwill for complaint {complaint}, resolved {'in time' if in_time else 'late'}"
        if points < wanted:
            reason += f": {points} of {wanted}, the rest is beyond {params.cap_points} a year"
        return [
            Accrue(points=points, reason=reason),
            Keep(key=f"goodwill {complaint}", value=resolved.position),
            Keep(key=f"given {resolved.position}", value=f"{year} {points} {complaint}"),
            Keep(key=year, value=given + points),
        ]

    @on(ComplaintFollowedUp)
    def follow_up(self, asked: Fact[ComplaintFollowedUp], _member: Member) -> Answer:
        """Call back whom the solution did not satisfy."""
        if asked.data.satisfaction > _UNHAPPY:
            return None
        complaint, satisfaction = asked.data.complaint, asked.data.satisfaction
        reason = f"satisfaction {satisfaction} of 5 with the solution"
        return Recommend(action=f"call back about complaint {complaint}"[:255], reason=reason)

    @on(FactRetracted)
    def retract(self, retraction: Fact[FactRetracted], member: Member) -> list[Effect]:
        """A complaint opened by mistake has no deadlines, and goodwill given by mistake counts nowhere."""
        position = retraction.data.retracted
        effects: list[Effect] = []
        if (opened := member.kept(f"opened {position}")) is not None:
            effects += [Keep(key=f"opened {position}", value=None), *_closed(str(opened))]
        trace, given = member.traced_at(position), member.kept(f"given {position}")
        if given is not None and trace is not None and trace.is_returned:
            year, points, complaint = str(given).split(" ", 2)
            effects += [
                Keep(key=f"given {position}", value=None),
                Keep(key=f"goodwill {complaint}", value=None),
                Keep(key=year, value=member.counter(year) - int(points) or None),
            ]
        return effects

    def on_timer(self, timer: Timer, _member: Member) -> list[Effect]:
        """A deadline was missed: say so, and what to do."""
        verb, _, complaint = timer.key.partition(" ")
        hours = self.params.acknowledge_h if verb == "acknowledge" else self.params.resolve_h
        reason = f"complaint {complaint} was not {verb}d within {hours} hours"
        return [
            Flag(flag=f"not-{verb}d", reason=reason),
            Recommend(action=_action(timer.key), reason=reason, due_us=timer.due_us),
            Keep(key=f"missed {timer.key}", value="yes"),
        ]


def _action(key: str) -> str:
    """Return the name of what to do about a missed deadline, short enough for ``action.done``."""
    verb, _, complaint = key.partition(" ")
    return f"{verb} complaint {complaint}"[:255]


def _settled(key: str, member: Member) -> list[Effect]:
    """Close the action of a missed deadline: what was asked for has happened."""
    if member.kept(f"missed {key}") is None:
        return []
    return [Keep(key=f"missed {key}", value=None), Settle(action=_action(key), outcome="done, late")]


def _later(due_us: int, member: Member) -> int:
    """Return a deadline, or for what is told late a day from now: what kept it may be on its way, too."""
    return due_us if due_us > member.clock_us else member.clock_us + DAY_US


def _closed(complaint: str) -> list[Effect]:
    return [
        Keep(key=f"open {complaint}", value=None),
        StopTimer(key=f"acknowledge {complaint}"),
        StopTimer(key=f"resolve {complaint}"),
    ]


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [ComplaintRecovery]
