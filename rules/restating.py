"""Restating: a late fact, or a retraction, makes the group what it would be had all been told in order.

Under the policy ``late = "restate"`` a group keeps its facts with its states. When one comes late, the group
is folded twice, each time afresh and in the order in which things happened: without the fact and with it.
What the first journal has and the second has not is reversed, what is new is booked; each such entry is
booked now and cites the late fact. A retracted fact and its retraction are left out from then on. What was
booked stays in the journal, so the answer for any earlier position is what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from ..ledger.facts import Fact, FactType
from ..ledger.facts.correction import FactRetracted
from ..ledger.fold import ActionRow, FlagRow, MoveRow
from ..ledger.journal import Entry
from . import renumbering
from .state import MemberState, Rung

if TYPE_CHECKING:
    from .engine import Group

_encode = msgspec.json.Encoder(decimal_format="string", order="deterministic").encode


_KEPT = {
    "format",
    "position",
    "clock_us",
    "entries",
    "lots_made",
    "told",
    "links",
    "lot_names",
    "lots_ahead",
    "rungs",
}
"""Fields of a state that only its journal and its kept facts have."""


class Line(NamedTuple):
    """An entry without its place in the journal: two folds that agree on it have booked the same."""

    member: str
    booked_us: int
    fact: int
    rule: str
    reason: str
    lot: str
    points: int
    pending: int
    held: int
    account: str
    contra: int
    usable_us: int | None
    expires_us: int | None


class _Folded(NamedTuple):
    """A group folded afresh: its end, its journal line by line, and the names of its lots."""

    group: Group
    lines: list[Line]
    lots: dict[str, dict[int, str]]
    """By member, from the number of a lot to its name: the fact and the rule that opened it."""


def keep(state: MemberState, fact: Fact[FactType]) -> None:
    """Keep a fact with its member, to fold it again."""
    fact.is_late = False
    state.told.append((fact.position, fact.occurred_us, fact.topic, _encode(fact)))


def restate(group: Group, fresh: Any, fact: Fact[Any], decoders: dict[str, Any]) -> None:
    """Make members what they would be had *fact* come in its turn, and book the differences.

    Args:
        group: The group; the fact is kept with its member already.
        fresh: Returns a group of some members with nothing told, which folds what it is told in that order.
        fact: The late fact, or the retraction; whom the facts so far connect with its subject are restated.
        decoders: By topic, what reads kept facts.
    """
    members = group.members(fact.subject)
    told, passed = _told(group, members, decoders), group.advances(fact.position)
    clocks = {name: group.state_kept(name).clock_us for name in members}
    before = _fold(
        fresh(members, fact.position),
        _standing([f for f in told if f.position != fact.position]),
        passed,
        clocks,
    )
    after = _fold(fresh(members, fact.position), _standing(told), passed, clocks)
    names = {name: _numbered(group.state_kept(name), before.lots.get(name, {})) for name in members}
    for name in members:
        # Of whom nothing was told before, the late fact may be the first.
        state = group.state_kept(name)
        state.clock_us = max(state.clock_us, after.group.state_kept(name).clock_us)
    _book(group, before, after, names, fact)
    _follow(group, before, after, fact, members)
    for name in members:
        _take_over(group.state_kept(name), after, name, names[name], fact.position)


def _told(group: Group, members: list[str], decoders: dict[str, Any]) -> list[Fact[Any]]:
    """Return the facts of these members in the order in which they happened."""
    kept = sorted(
        (occurred_us, position, topic, written)
        for name in members for position, occurred_us, topic, written in group.state_kept(name).told
    )  # fmt: skip
    return [decoders[topic](written) for _, _, topic, written in kept]


def _standing(told: list[Fact[Any]]) -> list[Fact[Any]]:
    """Return the facts that were not retracted, without retractions; a retracted retraction is none."""
    gone: set[int] = set()
    whose = {fact.position: fact.subject for fact in told}
    for fact in sorted(told, key=lambda fact: -fact.position):
        is_retraction = isinstance(fact.data, FactRetracted) and fact.position not in gone
        is_own = is_retraction and whose.get(fact.data.retracted) == fact.subject
        if is_own and fact.data.retracted < fact.position:
            gone.add(fact.data.retracted)
    return [f for f in told if f.position not in gone and not isinstance(f.data, FactRetracted)]


def _fold(
    group: Group, told: list[Fact[Any]], advances: list[tuple[int, int]], clocks: dict[str, int]
) -> _Folded:
    """Fold facts and advances (position, until when) in the order of their time."""
    waiting = sorted(advances, key=lambda advance: (advance[1], advance[0]), reverse=True)
    for fact in told:
        while waiting and (waiting[-1][1], waiting[-1][0]) < (fact.occurred_us, fact.position):
            position, until_us = waiting.pop()
            group.advance(until_us, position)
        fact.is_late = False
        group.apply(fact)
    for position, until_us in reversed(waiting):
        group.advance(until_us, position)
    group.pass_until(clocks)
    lots: dict[str, dict[int, str]] = {}
    opened: Counter[tuple[str, int, str]] = Counter()
    lines = []
    for entry in group.entries:
        mine = lots.setdefault(entry.member, {})
        if entry.lot is not None and entry.lot not in mine:
            by = entry.member, entry.fact, entry.rule
            opened[by] += 1
            mine[entry.lot] = f"{entry.fact} {entry.rule} {opened[by]}"
        lines.append(_line(entry, mine))
    return _Folded(group, lines, lots)


def _line(entry: Entry, lots: dict[int, str]) -> Line:
    return Line(
        entry.member, entry.booked_us, entry.fact, entry.rule, entry.reason,
        "" if entry.lot is None else lots[entry.lot], entry.points, entry.pending, entry.held, entry.account,
        entry.contra, entry.usable_us, entry.expires_us,
    )  # fmt: skip


def _numbered(state: MemberState, lots: dict[int, str]) -> dict[str, int]:
    """Return the numbers that a member's lots have in its journal, by name."""
    names = dict(state.lot_names)
    for number, name in lots.items():
        # Since the last time both count on alike, from where each was then.
        names.setdefault(name, number + state.lots_ahead)
    return names


def _book(
    group: Group, before: _Folded, after: _Folded, names: dict[str, dict[str, int]], fact: Fact[Any]
) -> None:
    stays = Counter(before.lines) & Counter(after.lines)
    for line in reversed(list(_without(before.lines, stays))):
        turned = line._replace(
            points=-line.points, pending=-line.pending, held=-line.held, contra=-line.contra, usable_us=None,
            expires_us=None,
        )  # fmt: skip
        group.book_again(turned, _number(line, group, names), f"restated, no longer: {line.reason}", fact)
    for line in _without(after.lines, stays):
        group.book_again(line, _number(line, group, names), f"restated: {line.reason}", fact)


def _without(lines: list[Line], stays: Counter[Line]) -> Iterator[Line]:
    """Yield the lines that do not stay; of equal ones the first stay."""
    left = Counter(stays)
    for line in lines:
        if left[line]:
            left[line] -= 1
        else:
            yield line


def _number(line: Line, group: Group, names: dict[str, dict[str, int]]) -> int | None:
    if not line.lot:
        return None
    mine = names[line.member]
    if line.lot not in mine:
        state = group.state_kept(line.member)
        mine[line.lot] = state.lots_made = state.lots_made + 1
    return mine[line.lot]


def _follow(group: Group, before: _Folded, after: _Folded, fact: Fact[Any], members: list[str]) -> None:
    """Move members to the rungs they would stand on, and tell what rules now remark and recommend."""
    for name in members:
        state, then = group.state_kept(name), after.group.state_kept(name)
        for ladder in sorted({*state.rungs, *then.rungs}):
            stands, rung = state.rungs.get(ladder) or Rung("", 0), then.rungs.get(ladder) or Rung("", 0)
            if stands.rung != rung.rung:
                last = _last_move(after.group, name, ladder)
                group.moves.append(
                    last._replace(
                        number=stands.moves + 1, position=fact.position, booked_us=state.clock_us,
                        fact=fact.position, old=stands.rung, rung=rung.rung, is_late=True,
                    )
                )  # fmt: skip
                state.rungs[ladder] = Rung(rung.rung, stands.moves + 1)
    remarked = {_remark(row) for row in before.group.flags}
    for flag in after.group.flags:
        if _remark(flag) not in remarked:
            group.flags.append(flag._replace(position=fact.position))
    recommended = {_recommended(row) for row in before.group.actions}
    for action in after.group.actions:
        if _recommended(action) not in recommended:
            group.actions.append(action._replace(position=fact.position))


def _remark(flag: FlagRow) -> tuple[str, ...]:
    return flag.member, flag.rule, flag.flag, flag.reason


def _recommended(action: ActionRow) -> tuple[object, ...]:
    return action.member, action.action, action.fact, action.settled


def _last_move(group: Group, name: str, ladder: str) -> MoveRow:
    """Return the last move of the fold on a ladder, worded as restated."""
    for move in reversed(group.moves):
        if (move.member, move.ladder) == (name, ladder):
            return move._replace(reason=f"restated: {move.reason}"[:2000])
    reason, evidence = "restated: nothing has moved the member", '{"facts":[],"figures":{}}'
    return MoveRow(name, ladder, 0, 0, 0, 0, "", 0, "", "", reason, evidence, is_late=True)


def _take_over(state: MemberState, after: _Folded, name: str, names: dict[str, int], position: int) -> None:
    """Let a state be what it would be, but for what only the journal has: numbers, clock and kept facts."""
    then, lots = after.group.state_kept(name), after.lots.get(name, {})

    def number(old: int) -> int:
        named = lots.get(old, f"? {old}")
        if named not in names:
            names[named] = state.lots_made = state.lots_made + 1
        return names[named]

    renumbering.renumber(then, number)
    for field in MemberState.__struct_fields__:
        if field not in _KEPT:
            setattr(state, field, getattr(then, field))
    state.lot_names, state.lots_ahead = dict(names), state.lots_made - then.lots_made
    state.lots.sort()
    state.position = position
