"""What the rules answered, one thing at a time, in the words of tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from ...ledger.calendar import FOREVER_US, Zone, instant_us
from ...ledger.facts import Fact
from ...ledger.facts.programme import ClockAdvanced, ProgrammeActivated
from ...ledger.fold import ActionRow, FlagRow, MoveRow
from ...ledger.journal import Entry
from ...ledger.reports.typesetting import minute
from ...ledger.reports.wording import in_words
from ..asking import Note
from ..engine import Group
from .story import Story

CHANGES = (
    "accrued", "spent", "expired", "taken_back", "booked", "moved", "flagged", "recommended", "settled",
)  # fmt: skip
"""Kinds of outcomes that change something: ``then`` wants all of them named."""
INSTANTS = ("usable", "expires", "due")
_FIRST = ("points", "rung", "flag", "action", "key")
_OPENING = ("issued", "opened", "adjusted")
_TAKING = {"redeemed": "spent", "expired": "expired", "reversed": "taken_back"}


@dataclass(frozen=True)
class Outcome:
    """One thing the rules answered, or one thing that stands in the end.

    Attributes:
        kind: One of :data:`CHANGES`, or not_qualified, noted, balance, timer.
        fields: By the names that the functions of :mod:`.expecting` give them; instants are microseconds.
        booked_us: When it counts, where that is known.
    """

    kind: str
    fields: Mapping[str, Any]
    booked_us: int | None = None

    def line(self, zone: Zone) -> str:
        """Return it in words."""
        shown = {
            name: minute(value, zone) if name in INSTANTS else value for name, value in self.fields.items()
        }
        return worded(self.kind, shown)


def worded(kind: str, fields: Mapping[str, Any]) -> str:
    """Return an outcome, or what a test expected of one, in words."""
    told = dict(fields)
    words = [told.pop("member"), kind.replace("_", " ")]
    words += [f"{'to ' * (name == 'rung')}{told.pop(name)}" for name in _FIRST if name in told]
    by, reason = told.pop("by", None), told.pop("reason", None)
    if told.get("ladder") == by:
        told.pop("ladder", None)
    more = [f"{name} {value}" for name, value in told.items()]
    text = " ".join(words) + (f" by {by}" if by else "")
    return ", ".join([text, *more]) + (f": {reason}" if reason else "")


@dataclass(frozen=True)
class Step:
    """A fact of a story, and what it led to; what had been due before it comes with it."""

    fact: Fact[Any]
    outcomes: tuple[Outcome, ...]


def folded(story: Story) -> tuple[list[Step], Group]:
    """Fold a story, and return its steps and the group as it stands in the end.

    Raises:
        RuleError: a rule failed.
    """
    group = story.group(is_explaining=True)
    steps = []
    for fact in story.facts:
        marks = [len(rows) for rows in _rows(group)]
        about = type(fact.data).about
        if about == "member":
            group.apply(fact)
        elif about == "programme":
            group.settle(fact.position)
        steps.append(Step(fact, tuple(_sorted(_since(group, marks), fact))))
    return steps, group


def _rows(group: Group) -> tuple[list[Any], ...]:
    return group.entries, group.moves, group.flags, group.actions, group.notes


def _since(group: Group, marks: list[int]) -> Iterator[Outcome]:
    for rows, mark, told in zip(_rows(group), marks, _TOLD, strict=True):
        yield from map(told, rows[mark:])


def _sorted(outcomes: Iterator[Outcome], fact: Fact[Any]) -> list[Outcome]:
    """Return what came of a fact in the order of time; what has no time of its own, at the fact's."""
    at_us = happened_us(fact)
    return sorted(outcomes, key=lambda found: at_us if found.booked_us is None else found.booked_us)


def happened_us(fact: Fact[Any]) -> int:
    """Return when a fact happened; of time that passed, to when."""
    return instant_us(fact.data.to) if isinstance(fact.data, ClockAdvanced) else fact.occurred_us


def told(fact: Fact[Any]) -> str:
    """Return a fact in words."""
    if isinstance(fact.data, ClockAdvanced):
        return "time passed"
    if isinstance(fact.data, ProgrammeActivated):
        return f"programme {fact.data.programme!r} in force"
    words = in_words(fact.topic, msgspec.to_builtins(fact.data))
    return f"{fact.subject} {words}" if fact.subject else words


def label(cited: str) -> str:
    """Return the label of a rule as entries cite it."""
    return cited.rpartition("@")[0] or cited


def _entry(entry: Entry) -> Outcome:
    moved = entry.points + entry.pending + entry.held
    why = {"by": label(entry.rule), "reason": entry.reason}
    fields: dict[str, Any] = {"member": entry.member, "points": abs(moved)}
    kind = "booked"
    if entry.account in _OPENING and moved > 0:
        kind = "accrued"
        if entry.pending:
            fields["usable"] = entry.usable_us
        if entry.expires_us not in (None, FOREVER_US):
            fields["expires"] = entry.expires_us
    elif entry.account in _TAKING and moved < 0:
        kind = _TAKING[entry.account]
    if kind == "booked":
        parts = {"available": entry.points, "pending": entry.pending, "held": entry.held}
        del fields["points"]
        fields |= {name: f"{points:+}" for name, points in parts.items() if points}
        fields |= {"account": entry.account} if entry.account else {}
        fields |= {"expires": entry.expires_us} if entry.expires_us is not None else {}
    return Outcome(kind, fields | why, entry.booked_us)


def _moved(move: MoveRow) -> Outcome:
    fields = {"member": move.member, "rung": move.rung or "none", "ladder": move.ladder}
    return Outcome("moved", {**fields, "by": label(move.rule), "reason": move.reason}, move.booked_us)


def _flagged(flag: FlagRow) -> Outcome:
    fields = {"member": flag.member, "flag": flag.flag, "by": label(flag.rule), "reason": flag.reason}
    return Outcome("flagged", fields)


def _action(action: ActionRow) -> Outcome:
    fields: dict[str, Any] = {"member": action.member, "action": action.action, "by": label(action.rule)}
    if action.due_us is not None:
        fields["due"] = action.due_us
    kind = "recommended" if action.settled is None else "settled"
    return Outcome(kind, {**fields, "reason": action.reason}, action.booked_us)


def _note(note: Note) -> Outcome:
    kind = "not_qualified" if note.is_refusal else "noted"
    return Outcome(kind, {"member": note.member, "by": label(note.rule), "reason": note.text})


_TOLD: tuple[Callable[[Any], Outcome], ...] = (_entry, _moved, _flagged, _action, _note)


def standing(group: Group) -> list[Outcome]:
    """Return what stands in the end: every member's balance and timers."""
    found = []
    for row in group.states():
        state = group.state_kept(row.member)
        fields: dict[str, Any] = {"member": row.member, "points": state.points}
        fields |= {"pending": state.pending} if state.pending else {}
        fields |= {"held": state.held} if state.held else {}
        found.append(Outcome("balance", fields))
    for timer in group.timers():
        due = {"member": timer.member, "key": timer.key, "by": timer.rule, "due": timer.due_us}
        found.append(Outcome("timer", due))
    return found
