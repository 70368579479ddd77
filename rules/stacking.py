"""Stacking: which of several rules gives its points when a programme lets not all of them.

Within a stage, in this order:

1. a rule that stacks ``alone`` and gives points is the only one that is answered; of several, the first;
2. of the rules of a group only one is answered: the one with the ``best`` answer (the first of equals), or
   the ``first`` that gives points; the group stands where the first of its rules does;
3. after a rule that ``stop``s and gives points no rule is answered.

A rule that is not answered has no effect at all, and its note says who came before it. A rule gives points
when its effects accrue some to the member.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from ..ledger.units import MOST
from .answers import each, whole
from .applying import Applying
from .compile import Handler, Programme
from .effects import Accrue, Effect
from .member import Member

_Answered = tuple[Handler, list[Effect]]


class Stacking(Applying):
    """A group in which a programme's rules can exclude each other."""

    def _ask_stacked(
        self, handlers: Iterable[Handler], fact: Any, member: Member, programme: Programme
    ) -> None:
        """Let the early rules answer a fact, as far as the programme lets them."""
        for _, stage in groupby(handlers, key=lambda handler: handler.stage):
            self._ask_stage(list(stage), fact, member, programme)

    def _ask_stage(self, handlers: list[Handler], fact: Any, member: Member, programme: Programme) -> None:
        answered: dict[Handler, list[Effect]] = {}
        for handler in handlers:
            if handler.stacks == "alone":
                answered[handler] = self._effects(handler, fact, member)
                if _points(answered[handler]):
                    self._answer_with((handler, answered[handler]), member)
                    self._leave_out(handlers, {handler}, handler, "stands alone", member)
                    return
        done: set[Handler] = set()
        for handler in handlers:
            if handler in done:
                continue
            earned, last = member.earned_points, handler
            if handler.group:
                group = [other for other in handlers if other.group == handler.group]
                done.update(group)
                chosen = self._ask_group(group, programme.stacking[handler.group], fact, member)
                if chosen is not None:
                    self._answer_with(chosen, member)
                    last = chosen[0]
            else:
                done.add(handler)
                if handler in answered:
                    self._answer_with((handler, answered[handler]), member)
                else:
                    self._ask(handler, fact, member)
            if last.stacks == "stop" and member.earned_points > earned:
                self._leave_out(handlers, done, last, "stops what comes after it", member)
                return

    def _ask_group(self, handlers: list[Handler], mode: str, fact: Any, member: Member) -> _Answered | None:
        """Return the one answer of a group that counts, None when none of its rules gives points."""
        answered: list[_Answered] = []
        for handler in handlers:
            answered.append((handler, self._effects(handler, fact, member)))
            if mode == "first" and _points(answered[-1][1]):
                break
        best = max(answered, key=lambda answer: _points(answer[1]))
        if not _points(best[1]):
            for nothing in answered:
                self._answer_with(nothing, member)
            return None
        for handler in handlers:
            if handler is not best[0]:
                given = next((_points(effects) for other, effects in answered if other is handler), None)
                points = "not asked" if given is None else f"{given} points"
                text = f"{points}: of {handler.group!r} only {best[0].label} counts, with {_points(best[1])}"
                self._note(member.id, handler.rule, text, is_refusal=True)
        return best

    def _answer_with(self, answered: _Answered, member: Member) -> None:
        handler, effects = answered
        self._ask(handler._replace(call=lambda *_: effects), None, member)

    def _effects(self, handler: Handler, fact: Any, member: Member) -> list[Effect]:
        """Return what a rule answers, without applying it."""
        effects: list[Effect] = []

        def listening(asked_about: Any, asked: Member) -> None:
            answer = handler.call(asked_about, asked)
            if answer is not None:
                effects.extend((answer,) if isinstance(answer, Effect) else each(answer))
            for effect in effects:
                # Nonsense must not decide which answer is the best, nor be passed over.
                if type(effect) is Accrue:
                    whole(effect.points, "Accrue.points", most=MOST)

        self._ask(handler._replace(call=listening), fact, member)
        return effects

    def _leave_out(
        self, handlers: list[Handler], done: set[Handler], by: Handler, why: str, member: Member
    ) -> None:
        for handler in handlers:
            if handler not in done:
                self._note(member.id, handler.rule, f"not asked: {by.label} {why}", is_refusal=True)


def _points(effects: list[Effect]) -> int:
    """Return the points that effects accrue to the member itself."""
    return sum(effect.points for effect in effects if type(effect) is Accrue and effect.member is None)
