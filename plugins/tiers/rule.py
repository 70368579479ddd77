"""The rule: up at once, down when a review finds the conditions no longer met."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from loyalty_ledger.rules import (
    Answer,
    Changed,
    Effect,
    Fact,
    FactRetracted,
    Flag,
    Keep,
    Member,
    MemberEnrolled,
    Timer,
    on,
)
from loyalty_ledger.rules.outlook import Outlook

from .ahead import outlook
from .params import TierParams
from .steps import GRACE, GRACED, GRANTED, HELD, REVIEW, Steps
from .windows import ENROLLED, FIRST, Window, counts, first_day

_ENROLMENT = "enrolment"


class Tiers(Steps):
    """Move members up at once, and down when a review finds the conditions no longer met.

    It keeps of a member "held N" (the day whose window rung N was won or kept with), "granted" (the rung a
    review left one step below, until the next), "grace" (until which day a rung outlives the review that
    found it lost; negative while its conditions are met again), "graced" (which rung), "enrolled" and "first"
    (from when years of membership count), "enrolment" (the fact). Days are ordinals.
    """

    name, version, stage = "tiers", 1, "standing"
    Params = TierParams

    def fits(self, currency: str) -> None:
        """Refuse conditions that the currency cannot hold."""
        self._conditions.of(currency)

    def sums_days(self) -> int:
        """A window is kept by day, for as long as a rung can rest on it."""
        return self._windows.keep_days(is_daily=self._is_daily)

    # When the years of membership begin

    @on(MemberEnrolled)
    def enrol(self, enrolled: Fact[MemberEnrolled], member: Member) -> Iterator[Effect]:
        """Count years of membership from the first enrolment."""
        day, known = member.local_date(enrolled.occurred_us), member.counter(ENROLLED)
        if self._is_yearly and (not known or day.toordinal() < known):
            yield Keep(key=ENROLLED, value=day.toordinal())
            yield Keep(key=_ENROLMENT, value=enrolled.position)
            yield from self._dated_anew(member)

    @on(FactRetracted)
    def unenrol(self, fact: Fact[FactRetracted], member: Member) -> Iterator[Effect]:
        """Count from the first purchase if the enrolment was wrong."""
        if self._is_yearly and member.kept(_ENROLMENT) == fact.data.retracted:
            yield Keep(key=ENROLLED, value=None)
            yield Keep(key=_ENROLMENT, value=None)
            yield from self._dated_anew(member)

    def _dated_anew(self, member: Member) -> list[Effect]:
        """Look at the years that begin on other days now; nobody falls by that."""
        today, stands = member.local_date(member.clock_us), self._stands(member)
        met, best = self._best(self._resting(member, today), member)
        if met > stands:
            return self._raised(member, met, stands, best, today)
        if not stands or member.counter(GRACE) > today.toordinal():
            return []
        return self._next_review(member, stands, today)

    def _first(self, changed: Changed, member: Member) -> date | None:
        """Return the first day on which anything counts, if it is not the one that is known."""
        known = member.counter(FIRST)
        if not known:
            return first_day(member)
        return changed.day if changed.day.toordinal() < known and counts(changed.more) else None

    def _begun(self, first: date, changed: Changed, member: Member) -> Iterator[Effect]:
        yield Keep(key=FIRST, value=first.toordinal())
        yield from self._followed(changed, member) or ()
        yield from self._dated_anew(member)

    # Between reviews

    @on(Changed)
    def follow(self, changed: Changed, member: Member) -> Answer:
        """Move up at once; move down at once where a return took what the rung was won with."""
        if self._is_yearly:
            first = self._first(changed, member)
            if first is not None:
                return self._begun(first, changed, member)
        return self._followed(changed, member)

    def _followed(self, changed: Changed, member: Member) -> list[Effect] | None:
        rung = member.rung()
        stands = 0 if rung is None else self._stands(member)
        if (rung is not None and rung not in self._names) or (stands and self._is_unwatched(member)):
            # The programme has changed: its rungs have other names, or a review fell due without this rule.
            return self._reviewed(member, changed.today)
        is_gain = changed.is_gain
        is_in_grace = self._has_grace and member.counter(GRACE) > 0
        # No window holds more than a whole life, unless somebody has taken points away.
        if is_gain and not is_in_grace and (
            stands == self._top
            or (self._is_bounded and self._conditions.met(member.total, member) <= stands)
        ):  # fmt: skip
            return None
        today = changed.today
        met, best = self._best(self._resting(member, today), member)
        if met > stands:
            return self._raised(member, met, stands, best, today)
        if not stands:
            return None
        if not is_gain:
            return self._lessened(member, met, stands, best, today)
        return self._saved(member, stands, best, today) if is_in_grace and met == stands else None

    def _raised(self, member: Member, met: int, stands: int, best: Window, today: date) -> list[Effect]:
        """Move up at once; a grace that runs is suspended."""
        grace = member.counter(GRACE)
        effects = [
            self._move(member, met, stands, best),
            *self._rests((n for n in range(1, met + 1) if member.kept(f"{HELD} {n}") is None), today),
            *self._next_review(member, met, today, won=today),
        ]
        return [*effects, Keep(key=GRACE, value=-grace)] if grace > 0 else effects

    def _saved(self, member: Member, stands: int, best: Window, today: date) -> list[Effect]:
        """Stay, since the conditions are met again before the grace has ended."""
        reason = f"{self._told(best, member)} reach {self._names[stands]} again within its grace"
        return [
            Flag(flag="grace-met", reason=reason),
            Keep(key=GRACE, value=-member.counter(GRACE)),
            *self._rests((n for n in range(1, stands + 1) if member.kept(f"{HELD} {n}") is None), today),
            *self._next_review(member, stands, today, won=today),
        ]

    def _lessened(self, member: Member, met: int, stands: int, best: Window, today: date) -> list[Effect]:
        """Answer a return: what a review has granted stands until the next one, and a grace to its end."""
        grace = member.counter(GRACE)
        earned = max(met, member.counter(GRANTED))
        spared = member.counter(GRACED) if abs(grace) > today.toordinal() else 0
        stays = max(earned, spared)
        effects: list[Effect] = []
        if stays < stands and self.params.on_return == "at once":
            effects += [
                self._move(member, stays, stands, best), *self._rests(range(stays + 1, stands + 1), None)
            ]  # fmt: skip
        elif stays < stands:
            stays = stands
        if earned < stays == spared:
            # It would be in its grace without what has come back.
            return [*effects, *self._in_grace(member, stays, earned, best, abs(grace))]
        # With less in the window, the conditions may fail sooner than was thought.
        return effects + self._next_review(member, stays, today)

    # Reviews

    def on_timer(self, timer: Timer, member: Member) -> Answer:
        """Review: go down if the conditions are no longer met, and look again when they could fail."""
        return self._reviewed(member, member.local_date(timer.due_us))

    def _reviewed(self, member: Member, today: date) -> list[Effect]:
        stands, rung = self._stands(member), member.rung()
        met, best = self._best(self._windows.on(member, today, today), member)
        if rung not in (None, *self._names):
            stands, stays = 0, met
        elif met >= stands:
            stays = met
        else:
            until = self._grace_until(member, today)
            if until is not None:
                effects = self._in_grace(member, stands, met, best, until)
                return [*effects, *self._rests(range(1, met + 1), today), Keep(key=GRANTED, value=None)]
            stays = stands - 1 if self.params.downgrade == "one step" else met
        effects = []
        if stays != stands or rung not in (None, *self._names):
            is_over = self._has_grace and stays < stands
            effects.append(self._move(member, stays, stands, best, is_over=is_over))
        effects += self._rests(range(stays + 1, stands + 1), None)
        effects += self._next_review(member, stays, today, won=today)
        effects += self._rests(range(1, stays + 1), today)
        if self.params.downgrade == "one step":
            effects.append(Keep(key=GRANTED, value=stays if stays > met else None))
        if stays < stands or abs(member.counter(GRACE)) <= today.toordinal():
            effects += [Keep(key=key, value=None) for key in (GRACE, GRACED) if member.kept(key) is not None]
        return effects

    # Looking ahead

    def outlook(self, member: Member, today: date) -> Outlook:
        """Return until when the rung is safe, and what the rungs above still take."""
        return outlook(
            self.params, member, today, stands=self._stands(member), review_us=member.timer(REVIEW),
            is_in_grace=member.counter(GRACE) > today.toordinal(),
        )  # fmt: skip
