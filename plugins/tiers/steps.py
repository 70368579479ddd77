"""Steps of the rule: windows compared, moves told, reviews set. They return effects and change nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from loyalty_ledger.rules import Effect, Flag, Keep, Member, Move, Rule, SetTimer, StopTimer, Sums

from .conditions import Conditions
from .params import TierParams
from .periods import LAST, later
from .windows import Window, Windows

REVIEW, HELD, GRANTED, GRACE, GRACED = "review", "held", "granted", "grace", "graced"
"""The timer, and the rule's memory of a member: see :class:`Tiers`."""


class Steps(Rule):
    """What moves and reviews of a ladder are made of."""

    params: TierParams

    def __init__(self, params: TierParams) -> None:
        super().__init__(params)
        self._names = [params.base, *(rung.name for rung in params.rungs)]
        self._top, self._is_bounded = len(params.rungs), not params.counts_adjustments
        self._windows, self._conditions = Windows(params), Conditions(params)
        self._has_grace, self._is_yearly = params.has_grace, params.window == "anniversary"
        self._is_daily = params.review == "day" and params.downgrade == "straight" and not params.is_held
        self._keeps_days = params.is_held or (params.window == "rolling" and not self._is_daily)

    def _grace_until(self, member: Member, today: date) -> int | None:
        """Return until when a rung is kept that is lost, None if it is no more; as ordinals."""
        if not self._has_grace:
            return None
        runs = member.counter(GRACE)
        if runs > 0:
            return runs if runs > today.toordinal() else None
        until = self._windows.grace_until(today)
        return until.toordinal() if until else date.max.toordinal()

    def _in_grace(self, member: Member, rung: int, met: int, best: Window, until: int) -> list[Effect]:
        """Keep a rung whose conditions fail to the end of its grace."""
        effects: list[Effect] = [
            Keep(key=GRACE, value=until),
            Keep(key=GRACED, value=rung),
            *self._rests(range(met + 1, rung + 1), None),
            *_timer(member, date.fromordinal(until) if until <= LAST else None),
        ]
        if member.counter(GRACE) != until:
            last = date.fromordinal(until - 1)
            reason = f"{self._told(best, member)} are not enough for {self._names[rung]}: kept until {last}"
            effects.append(Flag(flag="in-grace", reason=reason))
        return effects

    def _move(self, member: Member, rung: int, stands: int, best: Window, *, is_over: bool = False) -> Move:
        figures = self._conditions.figures(best.sums, member)
        if self.params.window != "lifetime":
            figures |= {"since": best.since.isoformat(), "until": best.until.isoformat()}
        verb = "reach" if rung > stands else "are not enough for"
        ends = ", and its grace is over" if is_over else ""
        reason = f"{self._told(best, member)} {verb} {self._names[max(rung, stands)]}{ends}"
        return Move(rung=self._names[rung], reason=reason, figures=figures)

    def _told(self, window: Window, member: Member) -> str:
        is_lifetime = self.params.window == "lifetime"
        period = "in all" if is_lifetime else f"from {window.since} to {window.until}"
        return f"{self._conditions.told(window.sums, member)} {period}"

    def _rests(self, rungs: Iterable[int], day: date | None) -> list[Effect]:
        """Keep the day whose window each of these rungs was won or kept with."""
        if not self._keeps_days:
            return []
        return [Keep(key=f"{HELD} {rung}", value=day.toordinal() if day else None) for rung in rungs]

    def _next_review(
        self, member: Member, rung: int, today: date, *, won: date | None = None
    ) -> list[Effect]:
        """Set the timer for the first review at which the rung's conditions could fail."""
        if not rung or not self.params.is_reviewed:
            return [StopTimer(key=REVIEW)]
        if self.params.is_held:
            kept = member.counter(f"{HELD} {rung}")
            day = self._windows.held_until(won or (date.fromordinal(kept) if kept else today))
            # What fell back on a rung whose time is over is reviewed at the next midnight.
            day = day and max(day, later(today, 1) or day)
        elif self.params.window == "rolling":
            day = self._windows.review_from(self._failing_day(member, rung, today))
        else:
            day = self._windows.next_year(member, today)
        return _timer(member, day)

    def _failing_day(self, member: Member, rung: int, today: date) -> date | None:
        """Return the first day whose window, if nothing more happens, does not give the rung."""
        ((since, until, left),) = self._windows.on(member, today, today)
        if self.params.has_balance or self._conditions.met(left, member) < rung:
            return later(today, 1)
        for day, sums in member.days:
            if since <= day <= until:
                left = Sums(*(whole - part for whole, part in zip(left, sums, strict=True)))
                if self._conditions.met(left, member) < rung:
                    return later(day, self.params.days)
        return later(today, 1)

    def _resting(self, member: Member, today: date) -> list[Window]:
        """Return the windows that count between reviews: the best of them gives the rung.

        A rung rests on the window it was won or kept with, too.
        """
        windows = self._windows.on(member, today, today)
        if self._keeps_days and self.params.window != "lifetime":
            days = {member.kept(f"{HELD} {rung}") for rung in range(1, self._stands(member) + 1)}
            for day in sorted(day for day in days if isinstance(day, int) and day != today.toordinal()):
                windows += self._windows.on(member, date.fromordinal(day), today)
        return windows

    def _best(self, windows: list[Window], member: Member) -> tuple[int, Window]:
        if len(windows) == 1:
            return self._conditions.met(windows[0].sums, member), windows[0]
        # Of windows that give the same, the one with more in it decides; of empty ones, the longer one.
        met, _, number = max(
            (self._conditions.met(window.sums, member), window.sums, number)
            for number, window in enumerate(windows)
        )
        return met, windows[number]

    def _is_unwatched(self, member: Member) -> bool:
        return self.params.is_reviewed and member.timer(REVIEW) is None

    def _stands(self, member: Member) -> int:
        rung = member.rung()
        # A rung of an older version of the programme that is gone counts as none.
        return self._names.index(rung) if rung in self._names else 0


def _timer(member: Member, day: date | None) -> list[Effect]:
    if day is None:
        return [StopTimer(key=REVIEW)]
    return [SetTimer(key=REVIEW, due_us=member.zone.start_us(day))]
