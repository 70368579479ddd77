"""What a rule remembers, from one version of it to the next.

What version 1 keeps of a member is its own. When a programme lets version 2 take its place under the same
label, version 2 begins with what it makes of the older memory (:meth:`Rule.migrate`), or afresh. Both stay
side by side: a late fact that version 1 governs changes what version 1 remembers, and nothing of version 2's
once that has written something.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..ledger.units import INT64_MAX
from .answers import NonsenseError, shown, whole, words
from .rule import Rule

Kept = Mapping[str, int | str]


class Older(NamedTuple):
    """What an earlier version of the rule has kept.

    Attributes:
        key: Under which it stands in a state's memory.
        version: Of the rule.
        rule: The version that takes over.
    """

    key: str
    version: int
    rule: Rule


class Keeps(NamedTuple):
    """Where a rule's memory stands in a state.

    Attributes:
        key: Its own.
        older: Those of earlier versions of the rule under the same label, the latest first.
    """

    key: str
    older: tuple[Older, ...] = ()


def remembered(memory: Mapping[str, dict[str, int | str]], keeps: Keeps) -> Kept | None:
    """Return what a rule remembers: its own, else what it makes of an earlier version's; None: nothing.

    Raises:
        NonsenseError: the rule makes something of it that cannot be kept.
    """
    found = memory.get(keeps.key)
    if found is not None or not keeps.older:
        return found
    for older in keeps.older:
        if older.key in memory:
            return _checked(older.rule.migrate(dict(memory[older.key]), older.version))
    return None


def _checked(made: object) -> Kept:
    if made is None:
        return {}
    if type(made) is not dict:
        raise NonsenseError(f"answered {shown(made)} in migrate, which is no dict and not None")
    for key, value in made.items():
        words(key, "migrate")
        if type(value) is int:
            whole(value, f"migrate[{key!r}]", -INT64_MAX)
        else:
            words(value, f"migrate[{key!r}]")
    return made


class Lineage:
    """The versions that programmes have put under each label, in the order of their activations."""

    def __init__(self) -> None:
        self._versions: dict[str, list[tuple[str, int]]] = {}

    def enter(self, label: str, rule: Rule) -> Keeps:
        """Return where a rule of the next programme keeps its memory under a label."""
        versions = self._versions.setdefault(label, [])
        mine = (rule.name, rule.version)
        if mine not in versions:
            versions.append(mine)
        place = versions.index(mine)
        older = tuple(
            Older(_key(label, versions, index), versions[index][1], rule)
            for index in reversed(range(place))
            if versions[index][0] == rule.name
        )
        return Keeps(_key(label, versions, place), older)


def _key(label: str, versions: list[tuple[str, int]], place: int) -> str:
    """The first keeps its memory under the bare label, as all do where nothing was ever replaced."""
    return label if place == 0 else f"{label}={versions[place][0]}@{versions[place][1]}"
