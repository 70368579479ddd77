"""plugins/REFERENCE.md, made from the code, in the order in which an author of rules looks things up.

Nothing can be missing or invented: what says nothing of itself, or has no place here, makes the page fail.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from docs.docstrings import described, fields_of, first, listed, lowered, methods, signature, told, words
from loyalty_ledger import rules
from loyalty_ledger.pytest_plugin import Typed
from loyalty_ledger.rules import FactType, Member, Rule, Zone, effects, hookspecs, outlook, testing
from loyalty_ledger.rules.testing import golden, history

EFFECTS = {
    "Points": ("Accrue", "Burn", "Limit", "Terms", "Expire", "Extend", "Release", "Reinstate"),
    "What comes back": ("Reverse", "Restore", "Undo", "Wait"),
    "Points set apart": ("Hold", "Capture", "Void"),
    "Between members": ("Transfer", "Merge", "Unmerge"),
    "Where members stand": ("Move",),
    "For people": ("Flag", "Recommend", "Settle", "NotQualified"),
    "Memory and timers": ("Keep", "Count", "SetTimer", "StopTimer"),
}
SEEN = (
    rules.OpenLot, rules.OpenHold, rules.Award, rules.Sums, rules.Traced, rules.NewLot, rules.Changed,
    rules.Timer,
)  # fmt: skip
HEAD = """\
# Reference

Every hook, every effect and its fields, and everything a rule sees. This page is made from the code: do not
edit it but the docstrings, and run `pytest tests/docs --update-golden`. `TUTORIAL.md` goes from an empty
folder to an activated rule, `README.md` lists the bundled rules.

All of it is imported from `loyalty_ledger.rules`, unless a heading says otherwise. Points are whole numbers
(`MOST` in one fact), money is whole minor units (`_minor`), instants are microseconds since 1970 (`_us`):
`DAY_US` is a day, `HOUR_US` an hour, `FOREVER_US` stands for never.
"""
RULE = """
`Answer` is what a rule returns: an effect, several of them (in a list, or yielded one by one: then a method
sees what its effect before did), or None; 10,000 effects at most. Values are of the very types named: a
`bool` is no number, a `float` never is. Parameters are a subclass of `Params`, a msgspec struct: typed, with
defaults, unknown ones refused.

`STAGES` run in this order: {stages}. The points that the first three give become lots after cap, so a
cap cuts before anything is booked. Later stages see what earlier ones did: a tier multiplier runs before the
tiers move.
"""
Lines = Iterator[str]


def page() -> str:
    """Return the page."""
    parts = (_hooks, _rule, _fact, _member, _seen, _effects, _fact_types, _outlook, _offers, _tools, _testing)
    text = "\n".join([HEAD, *(line for part in parts for line in part())])
    while "\n\n\n" in text:
        text = text.replace("\n\n\n", "\n\n")
    return text.rstrip() + "\n"


def _hooks() -> Lines:
    yield "## Hooks\n"
    yield "A function of the plugin's module, marked `@hookimpl`. Each is called once, none for each fact."
    for name, hook in vars(hookspecs).items():
        if name.startswith("loyalty_"):
            yield f"\n### `{name}{signature(hook)}`\n\n{words(hook)}\n"


def _rule() -> Lines:
    yield "\n## A rule: `Rule`\n"
    yield from described(Rule)
    yield listed("@on", rules.on)
    yield from (told(name, getattr(Rule, name)) for name in methods(Rule))
    yield RULE.format(stages=" → ".join(rules.STAGES))


def _fact() -> Lines:
    yield "## The fact: `Fact`\n"
    yield from described(rules.Fact)


def _member() -> Lines:
    yield "\n## The member: `Member`\n"
    yield from described(Member)
    yield from (listed(name, getattr(Member, name)) for name in methods(Member))


def _seen() -> Lines:
    yield "\n## What a rule is given besides"
    for kind in SEEN:
        yield f"\n### `{kind.__name__}`\n"
        yield from described(kind)


def _effects() -> Lines:
    yield "\n## Effects\n"
    yield words(effects).split("\n\n")[0]
    yield f"\nEvery `Effect` has the field `member`: {lowered(fields_of(effects.Effect)['member'])}"
    for title, names in EFFECTS.items():
        yield f"\n### {title}"
        for name in names:
            kind = getattr(effects, name)
            fields = [field for field in msgspec.structs.fields(kind) if field.name != "member"]
            yield f"\n#### `{name}({', '.join(map(_parameter, fields))})`\n"
            yield from described(kind, but="member")


def _parameter(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return field.name
    return f"{field.name}={field.default!r}"


def _fact_types() -> Lines:
    yield "\n## Types of facts\n"
    yield "What `@on` takes, beside a plugin's own `FactType` (whose pieces are `Part`s)."
    yield "`loyalty schema TYPE` shows what each field may be.\n"
    for name, kind in sorted(_exported(_is_fact_type)):
        fields = ", ".join(f"`{field}`" for field in kind.__struct_fields__)
        yield f"- `{name}`, `{kind.topic}` – {first(kind)} {fields}."
    yield f"\nA `Line` of an order has {', '.join(f'`{field}`' for field in rules.Line.__struct_fields__)}."


def _is_fact_type(found: Any) -> bool:
    return isinstance(found, type) and issubclass(found, FactType) and found is not FactType


def _outlook() -> Lines:
    yield "\n## What lies ahead\n"
    yield words(outlook).split("\n\n")[1]
    for kind in (outlook.Outlook, outlook.Missing):
        yield f"\n### `{kind.__name__}`\n"
        yield from described(kind)


def _offers() -> Lines:
    yield "\n## What a plugin offers beside rules"
    for kind in (rules.Ladder, rules.View, rules.Entry, rules.Report, rules.Table):
        yield f"\n### `{kind.__name__}`\n"
        yield from described(kind)
        if kind in {rules.View, rules.Report}:
            yield from (listed(name, getattr(kind, name)) for name in methods(kind))


def _tools() -> Lines:
    yield "\n## To reckon with\n"
    yield from (listed(name, tool) for name, tool in sorted(_exported(inspect.isfunction)) if name != "on")
    yield "- `Rounding` – a named rounding: down, half-up or up."
    yield "- `Days` – of a parameter: a number of days, 1 to 36,600."
    yield "- `FactError` – what `instant_us` and `minor_units` raise."
    for kind in (Zone, rules.Selection, rules.Period, rules.PeriodByRung):
        yield f"\n### `{kind.__name__}`\n"
        yield from described(kind)
        yield from (listed(name, getattr(kind, name)) for name in methods(kind))


def _testing() -> Lines:
    yield "\n## Tests: `loyalty_ledger.rules.testing`\n"
    yield words(testing).split("\n\n")[0] + "\n"
    yield listed("given", testing.given)
    for kind in (testing.Given, testing.Answer):
        for name in methods(kind):
            yield listed(f"{kind.__name__}.{name}", getattr(kind, name))
    for kept, title in (("Happening", "What happens"), ("Expected", "What is expected")):
        yield f"\n### {title}\n"
        for name in testing.__all__:
            tool = getattr(testing, name)
            if inspect.isfunction(tool) and inspect.signature(tool).return_annotation == kept:
                yield listed(name, tool)
    yield "\n### Golden histories\n"
    yield words(golden)
    yield f"\n{words(history)}"
    yield "\n### Fixtures\n"
    yield listed("loyalty", Typed.__call__)
    yield listed("loyalty.json", Typed.json)


def _exported(is_wanted: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    return ((name, found) for name in rules.__all__ if is_wanted(found := getattr(rules, name)))
