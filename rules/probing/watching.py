"""Rules asked under watch: what they are asked, what they answer, and what they change meanwhile."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct

from ...ledger.facts import Fact
from ..answers import said, shown
from ..compile import Handler, Programme
from ..effects import Effect
from ..engine import Group
from ..member import Member
from ..rule import Rule
from ..state import dump
from .plan import Call, Finding, Setting

BEAT_BYTES = 4096
_encode = msgspec.msgpack.Encoder().encode


class Watch:
    """Keeps what rules were asked and answered.

    Attributes:
        calls: By group, the calls of the history at hand.
        number: Of the fact at hand in its history.
        position: Of the fact at hand.
        is_comparing: Whether what a rule is given is compared with what it leaves behind.
    """

    def __init__(self, beat: mmap.mmap) -> None:
        self._beat = beat
        self._beats = 0
        self.calls: dict[str, list[Call]] = {}
        self.number = self.position = 0
        self.is_comparing = False
        self.words = ""
        self.cited = ""
        self._at: Call | None = None
        self._is_asking = False
        self._groups: dict[str, Group] = {}
        self._rules: dict[str, Rule] = {}
        self._found: dict[tuple[str, str, str], Finding] = {}

    # Whom to ask

    def follow(self, members: Iterable[str], group: Group) -> list[Call]:
        """Keep the calls about these members in a list of their own and return it."""
        calls: list[Call] = []
        for name in members:
            self.calls[name] = calls
            self._groups[name] = group
        return calls

    def wrap(self, programme: Programme, cited: dict[str, str]) -> None:
        """Put a programme's rules of these labels under watch."""

        def watched(handlers: tuple[Handler, ...]) -> tuple[Handler, ...]:
            return tuple(
                h._replace(call=self._asked(h.call, cited[h.label])) if h.label in cited else h
                for h in handlers
            )

        programme.early = {topic: watched(handlers) for topic, handlers in programme.early.items()}
        programme.late = {topic: watched(handlers) for topic, handlers in programme.late.items()}
        programme.terms, programme.changed = watched(programme.terms), watched(programme.changed)
        for label, name in cited.items():
            rule = programme.rules[label]
            self._rules[name] = rule
            programme.rules[label] = _Timed(self._asked(rule.on_timer, name), rule, self)  # type: ignore[assignment]

    def rules_of(self, setting: Setting) -> list[Rule]:
        """Return the rules of the setting at hand."""
        return [self._rules[cited] for cited in setting.rules.values()]

    # Asking

    def is_asking(self) -> bool:
        """Return whether a rule is at work."""
        return self._is_asking

    def alone(self, cited: str, about: str, do: Callable[[], Any]) -> Any:
        """Do something of a rule that is no answer to a fact, such as making it."""
        return self._step(Call(0, 0, cited, about, "", []), do)

    def _asked(self, ask: Callable[[Any, Member], Any], cited: str) -> Callable[[Any, Member], Any]:
        def answer(happening: Any, member: Member) -> Any:
            call = Call(self.number, self.position, cited, _about(happening), member.id, [])
            self.calls[member.id].append(call)
            found = self._compared(call, happening, member, lambda: ask(happening, member))
            if found is None:
                return None
            if isinstance(found, Effect):
                call.answers.append(effect_text(found))
                return found
            return self._answers(call, happening, member, self._step(call, lambda: iter(found)))

        return answer

    def _answers(self, call: Call, happening: Any, member: Member, found: Iterator[Any]) -> Iterator[Any]:
        """Pass on effects one by one: a rule may look at what the earlier ones did before it goes on."""
        end = object()
        while True:
            effect = self._compared(call, happening, member, lambda: next(found, end))
            if effect is end:
                return
            call.answers.append(effect_text(effect))
            yield effect

    def _compared(self, call: Call, happening: Any, member: Member, do: Callable[[], Any]) -> Any:
        if not self.is_comparing:
            return self._step(call, do)
        before = self._given(call, happening, member)
        try:
            return self._step(call, do)
        finally:
            after = self._given(call, happening, member)
            for name, value in before.items():
                if after[name] != value:
                    hint = "answer with effects; the engine applies them"
                    self.find("untouched", f"changes {name.partition(' of member ')[0]}", hint, call)

    def _given(self, call: Call, happening: Any, member: Member) -> dict[str, Any]:
        states = self._groups[member.id]._states
        return {
            "what it is told": _written(happening),
            "its own parameters": repr(self._rules[call.rule].params),
            "the member it is given": (
                member.id, member.zone, member.zone.name, member.currency, tuple(member.awards),
                member.rule, member.note,
            ),
            **{f"what the engine keeps of member {name}": dump(kept) for name, kept in list(states.items())},
        }  # fmt: skip

    def _step(self, call: Call, do: Callable[[], Any]) -> Any:
        outer = self._at, self._is_asking
        self._at, self._is_asking = call, True
        self._report(call)
        try:
            return do()
        except BaseException as error:
            call.answers.append(f"raised {type(error).__name__}: {said(error)}")
            raise
        finally:
            self._at, self._is_asking = outer
            self._report(self._at)

    def _report(self, call: Call | None) -> None:
        """Leave a sign of life, and what is being asked, where the process that waits can read it."""
        self._beats += 1
        text = "" if call is None else f"{call.rule}\x1f{self.where(call)}"
        self._beat[:BEAT_BYTES] = (f"{self._beats}\x1e{text}\x1e".encode()[:BEAT_BYTES]).ljust(
            BEAT_BYTES, b"\0"
        )

    def alive(self) -> None:
        """Leave a sign of life."""
        self._report(None)

    # Finding

    def where(self, call: Call) -> str:
        """Return which fact of which member, and under which parameters."""
        place = (
            f"{call.about} at position {call.position}, member {call.member}" if call.member else call.about
        )
        return f"{place}; {self.words}" if self.words and self.words != "defaults" else place

    def tell(self, what: str, hint: str) -> None:
        """Keep what a rule has reached for, as a finding of the probe "inputs"."""
        self.find("inputs", what, hint, self._at, is_remark=" beside it while " in what)

    def find(self, probe: str, what: str, hint: str, call: Call | None, *, is_remark: bool = False) -> None:
        """Keep a finding, the first of its kind with its place."""
        rule = call.rule if call else self.cited
        key = (probe, rule, what)
        known = self._found.get(key)
        if known is not None:
            self._found[key] = msgspec.structs.replace(known, times=known.times + 1)
            return
        at = self.where(call) if call else None
        self._found[key] = Finding(probe=probe, rule=rule, what=what, at=at, hint=hint, is_remark=is_remark)

    def findings(self) -> list[Finding]:
        """Return everything found."""
        return list(self._found.values())


def _written(happening: Any) -> Any:
    try:
        return _encode(happening)
    except (TypeError, ValueError, msgspec.MsgspecError):  # whatever a rule has put there
        return repr(happening)


class _Timed:
    """A rule whose timers and claims are watched."""

    def __init__(self, on_timer: Callable[[Any, Member], Any], rule: Rule, watch: Watch) -> None:
        self.on_timer, self._rule, self._watch = on_timer, rule, watch

    def claim(self, fact: Fact[Any], currency: str) -> Any:
        cited = f"{self._rule.name}@{self._rule.version}"
        about = f"the claim of {fact.topic} at position {fact.position}"
        return self._watch.alone(cited, about, lambda: self._rule.claim(fact, currency))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rule, name)


def _about(happening: Any) -> str:
    return (
        str(happening.topic) if isinstance(happening, Fact) else _HAPPENINGS.get(type(happening).__name__, "")
    )


_HAPPENINGS = {"Timer": "a timer", "NewLot": "a new lot", "Changed": "changed sums"}


def effect_text(effect: Any) -> str:
    """Return an effect as text: equal effects give equal texts, in every process."""
    if not isinstance(effect, Struct):
        return shown(effect)
    defaults = _defaults(type(effect))
    fields = [(name, getattr(effect, name)) for name in effect.__struct_fields__]
    told = ", ".join(f"{name}={_value(value)}" for name, value in fields if value != defaults[name])
    return f"{type(effect).__name__}({told})"


@cache
def _defaults(kind: type[Struct]) -> dict[str, Any]:
    return {field.name: field.default for field in msgspec.structs.fields(kind)}


def _value(value: Any) -> str:
    if value is None or isinstance(value, (int, str, Decimal)):
        return repr(value)
    if isinstance(value, dict):
        return (
            "{" + ", ".join(f"{_value(key)}: {_value(value[key])}" for key in sorted(value, key=repr)) + "}"
        )
    if isinstance(value, (tuple, list)):
        return "(" + ", ".join(map(_value, value)) + ")"
    return shown(value)
