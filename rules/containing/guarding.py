"""What stands around a stranger's rule: read-only inputs, the same depth everywhere, and the heartbeat.

A guarded method is asked as any other. Its answer is handed on one effect after the other, and the question
ends with the last of them: what a rule does while its effects are applied is still its own doing.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from copy import deepcopy
from typing import Any, NamedTuple

from ...ledger.errors import HaltError
from ...ledger.facts import Fact
from ..answers import NonsenseError, each
from ..effects import Effect
from ..member import Member
from .halting import halted
from .heartbeat import heart
from .limits import asked
from .reading import print_of, seen, told

Method = Callable[[Any, Any], Any]
DEPTH = 1_000
"""How many calls deep a rule may go, from wherever it is asked."""
_DEPTH = re.compile(r"recursion depth (\d+)")


class _Question(NamedTuple):
    """A question that has not been answered to its end."""

    guard: Guard
    member: str
    position: int
    limit: int
    """The interpreter's, before."""
    facts: Any
    print: bytes | None
    """What the fact said, when it is of a kind that can be altered."""


class _Questions(threading.local):
    """The questions of a thread, each asked while the one before it was being answered."""

    def __init__(self) -> None:
        self.open: list[_Question] = []
        self.answers: list[Any] = []


_questions = _Questions()


class Guard:
    """Stands around the methods of one rule.

    Args:
        rule: The rule, bound to its parameters.
        cited: Its label@version.
    """

    def __init__(self, rule: Any, cited: str) -> None:
        self._rule, self._params, self.cited = rule, rule.params, cited
        self._print = print_of(rule.params)
        self._kept = rule.params if self._print is None else deepcopy(rule.params)
        self._heart = heart()

    def around(self, method: Method) -> Method:
        """Return a method of the rule as the engine may ask it."""

        def guarded(asked_about: Any, member: Member) -> Any:
            self._begin(asked_about, member.id, member._step())
            answer = method(told(asked_about), seen(member))
            if answer is None:
                self._end()
                return None
            return self._answered(answer)

        return guarded

    @contextmanager
    def asking(self, about: Fact[Any] | Member) -> Iterator[Any]:
        """Stand around anything else the rule is asked; yields what it is about, as the rule sees it.

        Raises:
            HaltError: it has done what stops the run.
        """
        if isinstance(about, Member):
            name, position = about.id, about._step()
        else:
            name, position = about.subject, about.position
        self._begin(about, name, position)
        try:
            yield seen(about) if isinstance(about, Member) else told(about)
            self._end()
        except BaseException as error:  # noqa: BLE001 - what a stranger raises is handed on
            if isinstance(error, MemoryError):
                error = halted(self.cited, "ran out of memory", member=name, position=position)
            raise close_questions(error) from None

    def _answered(self, answer: Any) -> Iterator[Effect]:
        effects = (answer,) if isinstance(answer, Effect) else each(answer)
        _questions.answers.append(effects)
        yield from effects
        _questions.answers.pop()
        self._end()

    def _begin(self, asked_about: Any, member: str, position: int) -> None:
        fact = getattr(asked_about, "data", None)
        limit = sys.getrecursionlimit()
        question = _Question(self, member, position, limit, fact, print_of(fact))
        if self._heart is not None:
            if _questions.open:
                self._heart.tell(position, self.cited, member)
            else:
                self._heart.ask(position, self.cited, member)
            asked.is_asking = True
        _questions.open.append(question)
        sys.setrecursionlimit(depth() + DEPTH)

    def _end(self) -> None:
        """End the question.

        Raises:
            NonsenseError: the rule has altered what it was given.
            HaltError: it has done what stops the run, and kept quiet about it.
            KeyboardInterrupt: it has kept quiet about that.
        """
        question = _questions.open[-1]
        if question.print is not None and print_of(question.facts) != question.print:
            raise NonsenseError("altered the fact it was asked about")
        if self._is_altered():
            raise NonsenseError("altered its own parameters")
        if self._heart is not None:
            if asked.tried:
                raise HaltError("")
            if asked.interrupted_s is not None:
                raise KeyboardInterrupt
        _questions.open.pop()
        sys.setrecursionlimit(question.limit)
        self._go_on()

    def _is_altered(self) -> bool:
        return self._rule.params is not self._params or print_of(self._params) != self._print

    def mend(self) -> None:
        """Give the rule its parameters back: whoever is folded next must not see what it wrote into them."""
        if self._is_altered():
            self._params = self._rule.params = self._kept if self._print is None else deepcopy(self._kept)

    def _go_on(self) -> None:
        if self._heart is None:
            return
        if _questions.open:
            before = _questions.open[-1]
            self._heart.tell(before.position, before.guard.cited, before.member)
        else:
            self._heart.rest()
            asked.is_asking = False


def close_questions(error: BaseException) -> BaseException:
    """End every open question, since the fold is void; return what *error* is to the one who folds."""
    if not _questions.open:
        return error
    first, last = _questions.open[0], _questions.open[-1]
    while _questions.answers:
        # A rule's own clean-up may loop or fail: within its question.
        with suppress(BaseException):
            _questions.answers.pop().close()
    for question in _questions.open:
        question.guard.mend()
    _questions.open.clear()
    sys.setrecursionlimit(first.limit)
    if last.guard._heart is not None:
        last.guard._heart.rest()
        asked.is_asking = False
        if asked.tried:
            what, asked.tried = f"tried to {asked.tried}, which stops the run", None
            return halted(last.guard.cited, what, member=last.member, position=last.position)
        if asked.interrupted_s is not None:
            return KeyboardInterrupt()
    return error


def is_users(error: BaseException) -> bool:
    """Return whether somebody has interrupted, as far as that is known: a rule may raise the same."""
    is_interrupt = isinstance(error, KeyboardInterrupt)
    return is_interrupt and not (asked.is_limited and asked.interrupted_s is None)


def depth() -> int:
    """Return how deep the interpreter is by its own count, which it tells only when asked for too little."""
    try:
        sys.setrecursionlimit(1)
    except RecursionError as error:
        found = _DEPTH.search(str(error))
        if found is not None:
            return int(found[1])
    raise AssertionError("the interpreter does not say how deep it is")
