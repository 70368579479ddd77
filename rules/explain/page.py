"""The page of an explanation, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from ...ledger.fold import MoveRow
from ...ledger.journal import Entry
from ...ledger.reports.history import timed_fields
from ...ledger.reports.typesetting import counted, set_lines
from .asking import Found, Question, notes_on
from .layout import headed, labelled, origin, told_fact
from .of_balance import balance_lines, by_account, lot_lines
from .of_entry import entry_lines
from .of_move import move_fields, move_lines
from .of_reversal import reversal_fields, unbooked_parts
from .silence import silence
from .story import Story

_MOST_REFUSALS = 5
_MOST_PARTS = 10


def explain_fields(story: Story, found: Found, question: Question) -> dict[str, Any]:
    """Return the explanation for programs; the keys are an interface."""
    return {
        "member": story.member,
        "points": sum(entry.points for entry in story.entries),
        "is_as_recorded": story.is_as_recorded,
        "set_aside": story.set_aside,
        "by_account": by_account(story.entries),
        "entries": [
            {
                **timed_fields(entry),
                "params": story.params(entry.rule, entry.programme),
                "arithmetic": [note.text for note in notes_on(story, entry.position, entry.rule)],
                "reversal": reversal_fields(story, entry),
                "fact_data": _data(story, entry.fact),
            }
            for entry in found.entries
        ],
        "moves": [
            {**move_fields(move), "params": story.params(move.rule, move.programme)} for move in found.moves
        ],
        "why_not": [
            *({"position": n.position, "rule": n.rule, "reason": n.text} for n in found.refusals),
            *_silent(story, found, question),
        ],
        "footer": story.footer.fields(),
    }


def _silent(story: Story, found: Found, question: Question) -> list[dict[str, Any]]:
    if question.fact is None or question.rule is None or found.entries or found.moves or found.refusals:
        return []
    return [
        {"position": question.fact, "rule": question.rule, "reason": reason}
        for reason in silence(story, question.fact, question.rule)
    ]


def explain_lines(story: Story, found: Found, question: Question) -> list[str]:
    """Return the explanation for people, 80 columns."""
    balance = sum(entry.points for entry in story.entries)
    lines = [f"member {story.member:<38}{'times of ' + story.zone.name:>34}".rstrip(), ""]
    if question.is_of_balance:
        lines += _balance_page(story, balance)
    elif question.fact is not None and question.rule is None and question.entry is None:
        lines += _fact_page(story, found, question.fact)
    else:
        parts = [entry_lines(story, entry) for entry in found.entries[-_MOST_PARTS:]]
        parts += [move_lines(story, move) for move in found.moves[-_MOST_PARTS:]]
        number = len(found.entries) + len(found.moves)
        if len(parts) < number:
            parts.insert(
                0, [f"the last {len(parts)} of {number:,}; --entry, --fact and --move show the others"]
            )
        parts += _refusal_parts(found)
        if not parts and question.fact is not None and question.rule is not None:
            reasons = silence(story, question.fact, question.rule)
            parts.append(headed(f"rule {question.rule}", "; ".join(reasons)))
        lines += _joined(["", *part] for part in parts)[1:] or ["nothing"]
    if story.set_aside:
        lines += ["", *set_lines(story.set_aside, lead="SET ASIDE  ")]
    verdict = "as the journal has it"
    if not story.is_as_recorded:
        verdict = "NOT as the journal has it; in this order: loyalty audit verify, loyalty project rebuild"
    return [*lines, "", *set_lines(verdict, lead="folded again: "), story.footer.line()]


def _balance_page(story: Story, balance: int) -> list[str]:
    entries = counted(len(story.entries), "entry")
    lines = [f"{counted(balance, 'point')}, from {entries}" + ":" * bool(story.entries)]
    lines += ["", *balance_lines(story)] * bool(story.entries)
    if lots := lot_lines(story):
        lines += ["", "of these are left, the next to be spent first:", "", *lots]
    if stands := {move.ladder: move for move in story.moves}:
        lines += ["", "stands:", ""]
        for ladder, move in stands.items():
            words = f"{ladder} {move.rung or 'none'}: {move.reason} ({ladder}:{move.number})"
            lines += set_lines(words, lead="  ")
    if story.entries:
        last = story.entries[-1]
        deeper = f"loyalty explain {story.member} --entry {last.entry} | --fact {last.fact}"
        if story.moves:
            deeper += f" | --move {story.moves[-1].ladder}:{story.moves[-1].number}"
        lines += ["", *set_lines(deeper, lead="deeper: ")]
    return lines


def _fact_page(story: Story, found: Found, position: int) -> list[str]:
    """Return a fact, and everything it led to, at once and in time."""
    now: list[list[str]] = []
    before: list[list[str]] = []
    later: list[list[str]] = []
    parts: list[tuple[Entry | MoveRow, list[str]]] = []
    parts += [(entry, entry_lines(story, entry, told=position)) for entry in found.entries]
    parts += [(move, move_lines(story, move, told=position)) for move in found.moves]
    for row, part in parts:
        where = now if row.fact == row.position else before if row.position == position else later
        where.append(part)
    flags = [flag for flag in story.flags if flag.position == position]
    now += [headed(f"flag {flag.flag}", f"{flag.reason} ({flag.rule})") for flag in flags]
    for action in story.actions:
        todo = headed(
            "to do" if action.settled is None else "done", f"{action.action}: {action.reason} ({action.rule})"
        )
        if action.position == position:
            (now if action.fact == position else before).append(todo)
        elif action.fact == position:
            later.append(todo)
    now += [_other_lines(entry) for entry in story.others if entry.fact == entry.position == position]
    now += unbooked_parts(story, position) + _refusal_parts(found)
    if not (now or later):
        topic = story.facts[position].topic
        is_heard = position in story.notes_at
        now.append(
            ["no entry, no move: nothing to book" if is_heard else f"nothing: no rule answers {topic}"]
        )
    label, words = told_fact(story, position).split(": ", 1)
    lines = headed(label, words) + set_lines(origin(story, position), lead=" " * (len(label) + 2))
    lines += _joined(["", *part] for part in now)
    for heading, some in (("later, by the time that passed:", later), ("what fell due with it:", before)):
        if some:
            lines += ["", heading, *_joined(["", *part] for part in some)]
    return lines


def _other_lines(entry: Entry) -> list[str]:
    amount, where = entry.points + entry.pending, f"loyalty explain {entry.member} --entry {entry.entry}"
    return headed(f"also {entry.member}:", f"{amount:+,} points, {entry.reason} ({where})")


def _refusal_parts(found: Found) -> list[list[str]]:
    return [
        [f"rule {note.rule} gave nothing at position {note.position}", *labelled("because", note.text)]
        for note in found.refusals[-_MOST_REFUSALS:]
    ]


def _joined(parts: Iterable[list[str]]) -> list[str]:
    return [line for part in parts for line in part]


def _data(story: Story, position: int) -> Any:
    fact = story.facts.get(position)
    return None if fact is None else msgspec.to_builtins(fact.data)
