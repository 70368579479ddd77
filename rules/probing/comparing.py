"""Comparing what rules answered in one telling with what they answered in another."""

from __future__ import annotations

from typing import NamedTuple

from msgspec.structs import replace

from .plan import Call, Finding, Plan, Result, Setting, Trace, cut_of

_SHOWN = 300
HINTS = {
    "twice": "keep nothing in modules, classes or self: remember with Keep and Count",
    "elsewhere": "ask nothing but the fact, the member and self.params; sort what comes out of a set",
    "order": "keep nothing of one member where another can see it: remember with Keep and Count",
    "resumed": "what must outlive a call belongs into Keep, Count or a timer: only these are written down",
}
_OTHER_TELLING = {
    "past": "in a process decades earlier, far east", "future": "in a process decades later, far west",
    "twice": "when told again", "order": "when told in reverse", "together": "when all are told at once",
    "resumed": "when resumed",
}  # fmt: skip

_EXPLAINED = frozenset({"twice", "past", "future", "together"})


class _Difference(NamedTuple):
    """What a rule said the first time, and the other."""

    rule: str
    what: str
    at: str
    here: str
    there: str


class Comparison:
    """The first telling, and what of others differs from it."""

    def __init__(self, plan: Plan, home: Result) -> None:
        self._plan, self._home = plan, home
        self._found: dict[tuple[str, str], Finding] = {}

    def compare(self, probe: str, name: str, others: dict[str, Trace]) -> None:
        """Compare another telling of everything with the first."""
        for key, other in others.items():
            number, place = map(int, key.split("/"))
            setting, here = self._plan.settings[number], self._home.traces[key]
            if probe == "resumed":
                facts = len(self._plan.worlds[setting.world].histories[place].facts)
                here = _behind(here, cut_of(number, place, facts))
                if here.failure and not here.calls:
                    continue
            self._compare_one(probe, name, setting, here, other)

    def _compare_one(self, probe: str, name: str, setting: Setting, here: Trace, there: Trace) -> None:
        both = ", ".join(setting.rules.values())
        for first, second in zip(here.calls, there.calls, strict=False):
            if first != second:
                self._add(probe, name, _differing(setting, first, second))
                return
        shorter = min(len(here.calls), len(there.calls))
        if len(here.calls) != len(there.calls):
            pair = next(iter(here.calls[shorter:]), None), next(iter(there.calls[shorter:]), None)
            self._add(probe, name, _differing(setting, *pair))
        elif name in _EXPLAINED and here.notes != there.notes:
            pairs = zip([*here.notes, ""], [*there.notes, ""], strict=False)
            texts = next(pair for pair in pairs if pair[0] != pair[1])
            self._add(probe, name, _Difference(both, "explains itself differently", setting.words, *texts))
        elif (here.state, here.failure) != (there.state, there.failure):
            texts = here.failure or here.state[:16], there.failure or there.state[:16]
            self._add(probe, name, _Difference(both, "leaves other states behind", setting.words, *texts))

    def _add(self, probe: str, name: str, found: _Difference) -> None:
        known = self._found.get((probe, found.rule))
        if known is None:
            known = Finding(
                probe=probe, rule=found.rule, what=f"{found.what} {_OTHER_TELLING[name]}", at=found.at,
                here=found.here[:_SHOWN], there=found.there[:_SHOWN], hint=HINTS[probe], times=0,
            )  # fmt: skip
        self._found[probe, found.rule] = replace(known, times=known.times + 1)

    def findings(self) -> list[Finding]:
        """Return one finding for each rule and probe, with how many histories differ."""
        return list(self._found.values())


def _differing(setting: Setting, here: Call | None, there: Call | None) -> _Difference:
    call = here or there
    if call is None:
        raise ValueError("a difference needs a call")
    place = f"{call.about} at position {call.position}, member {call.member}"
    at = place if setting.words == "defaults" else f"{place}; {setting.words}"
    return _Difference(call.rule, "answers differently", at, _said(here), _said(there))


def _said(call: Call | None) -> str:
    if call is None:
        return "not asked"
    return "; ".join(call.answers) or "nothing"


def _behind(trace: Trace, start: int) -> Trace:
    """Return what came of a history behind its first facts."""
    calls = [call for call in trace.calls if call.number >= start]
    return Trace(calls, [], trace.state, trace.failure)


def failures(plan: Plan, home: Result) -> list[Finding]:
    """Return where a rule has raised or answered what it must not."""
    found: dict[tuple[str, str], Finding] = {}
    for key, trace in home.traces.items():
        rule, what, at = [*trace.failure.split("\x1f"), "", ""][:3]
        number, place = map(int, key.split("/"))
        setting = plan.settings[number]
        if not rule:  # memory, which the engine takes for no fault of the rule
            rule = next((cited for cited in setting.rules.values() if f"rule {cited} " in what), "")
        if not rule or rule not in setting.rules.values():
            continue
        history = plan.worlds[setting.world].histories[place]
        is_limit = history.is_extreme or setting.is_wild
        kind = what.removeprefix(f"rule {rule} ")
        known = found.get((rule, kind[:40]))
        if known is None or (known.is_remark and not is_limit):
            where = at if setting.words == "defaults" else f"{at}; {setting.words}"
            found[rule, kind[:40]] = Finding(
                probe="bounds", rule=rule, what=kind, at=where, is_remark=is_limit,
                hint="bound the parameter with Meta(ge=…, le=…)" if setting.is_wild
                else "answer every fact of the type; bound points with min(points, MOST)",
            )  # fmt: skip
    return list(found.values())
