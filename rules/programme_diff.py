"""How two programmes differ, in words and parameter by parameter."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from ..ledger.facts.programme import PinnedRule, ProgrammeActivated
from .catalogue import Catalogue
from .programme import read_programme

_ABSENT = object()


class Change(NamedTuple):
    """One thing that differs.

    Attributes:
        where: "programme", "policy", "stacking", or a rule's label.
        name: What: a key, or a parameter's path such as ``include.brands``.
        before: Its value, None where there was none.
        after: Likewise.
    """

    where: str
    name: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True)
class ProgrammeDifference:
    """How one programme differs from another.

    Attributes:
        names: Of the two.
        added: Rules only the second has: label, and what it is in words.
        removed: Rules only the first has.
        changes: Everything else.
    """

    names: tuple[str, str]
    added: list[tuple[str, str]]
    removed: list[tuple[str, str]]
    changes: list[Change]

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "before": self.names[0], "after": self.names[1],
            "added": [{"label": label, "rule": words} for label, words in self.added],
            "removed": [{"label": label, "rule": words} for label, words in self.removed],
            "changes": [change._asdict() for change in self.changes],
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        if not (self.added or self.removed or self.changes):
            return ["the two programmes say the same"]
        before, after = self.names
        lines = [f"{before} → {after}" if before != after else before, ""]
        lines += [f"+ {label}: {words}" for label, words in self.added]
        lines += [f"- {label}: {words}" for label, words in self.removed]
        for where in dict.fromkeys(change.where for change in self.changes):
            lines.append(f"~ {where}")
            lines += [_sentence(change) for change in self.changes if change.where == where]
        return lines


def _sentence(change: Change) -> str:
    if change.before is None:
        return f"    {change.name} is now {_said(change.after)}"
    if change.after is None:
        return f"    {change.name} is no longer {_said(change.before)}"
    return f"    {change.name} is now {_said(change.after)}, was {_said(change.before)}"


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def difference(
    before: ProgrammeActivated, after: ProgrammeActivated, catalogue: Catalogue
) -> ProgrammeDifference:
    """Return how the second programme differs from the first.

    Args:
        before: The one.
        after: The other.
        catalogue: Tells what rules are, in words.
    """
    old = {rule.label: rule for rule in before.rules}
    new = {rule.label: rule for rule in after.rules}
    changes = list(_of_file(before, after))
    for label in sorted(old.keys() & new.keys()):
        changes += _changed(label, _flat(old[label]), _flat(new[label]))
    return ProgrammeDifference(
        names=(before.programme, after.programme),
        added=[(label, _told(new[label], catalogue)) for label in sorted(new.keys() - old.keys())],
        removed=[(label, _told(old[label], catalogue)) for label in sorted(old.keys() - new.keys())],
        changes=changes,
    )


def _of_file(before: ProgrammeActivated, after: ProgrammeActivated) -> Iterator[Change]:
    old, new = (read_programme(each.text, at=each.programme) for each in (before, after))
    own = {name: getattr(old, name) for name in ("programme", "zone", "currency")}
    yield from _changed("programme", own, {name: getattr(new, name) for name in own})
    for where in ("policy", "stacking"):
        was, now = (msgspec.to_builtins(getattr(each, where)) for each in (old, new))
        yield from _changed(where, was, now)


def _changed(where: str, before: dict[str, Any], after: dict[str, Any]) -> Iterator[Change]:
    for name in [*before, *(name for name in after if name not in before)]:
        if before.get(name) != after.get(name):
            yield Change(where, name, before.get(name), after.get(name))


def _flat(rule: PinnedRule) -> dict[str, Any]:
    """Return what a programme says of a rule, each parameter under its path."""
    own = {"rule": rule.rule, "version": rule.version, "priority": rule.priority}
    own |= {"group": rule.group, "stacks": rule.stacks}
    return own | dict(_leaves("", _plain(rule.params)))


def _leaves(path: str, table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from _leaves(f"{path}{name}.", value)
        else:
            yield f"{path}{name}", value


def _told(rule: PinnedRule, catalogue: Catalogue) -> str:
    offer = catalogue.offers.get((rule.rule, rule.version))
    about = (offer.rule.__doc__ or "").strip().splitlines() if offer else []
    defaults = dict(_leaves("", _defaults(offer.rule.Params))) if offer else {}
    chosen = [
        f"{name} {_said(value)}"
        for name, value in _leaves("", _plain(rule.params))
        if defaults.get(name, _ABSENT) != value
    ]
    what = (
        f"{rule.rule} version {rule.version}. {about[0]}" if about else f"{rule.rule} version {rule.version}"
    )
    return f"{what} With {', '.join(chosen)}." if chosen else what


def _defaults(params: type[msgspec.Struct]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for field in msgspec.structs.fields(params):
        if not field.required:
            made = field.default_factory() if field.default is msgspec.NODEFAULT else field.default
            found[field.name] = made
    return _plain(found)


def _plain(table: dict[str, Any]) -> dict[str, Any]:
    """Return a table as JSON has it, recorded or not."""
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(table))
    return found
