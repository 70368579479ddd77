"""What is asked for: an entry, what a fact led to, what a rule gave, a move, or (nothing) the balance."""

from __future__ import annotations

from dataclasses import dataclass

from ...ledger.errors import LoyaltyError, UsageError
from ...ledger.fold import MoveRow
from ...ledger.journal import Entry
from ..asking import Note
from .story import Story


@dataclass(frozen=True, kw_only=True)
class Question:
    """What of a member is to be explained; nothing named asks for the balance.

    Attributes:
        entry: Number of an entry of the member's journal.
        fact: Position of a fact.
        rule: A rule by its label, or as entries cite it.
        move: A move as ``LADDER:NUMBER``, or a ladder for its last move.
    """

    entry: int | None = None
    fact: int | None = None
    rule: str | None = None
    move: str | None = None

    @property
    def is_of_balance(self) -> bool:
        """Nothing is named."""
        return self.entry is None and self.fact is None and self.rule is None and self.move is None


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the question is about."""

    entries: list[Entry]
    moves: list[MoveRow]
    refusals: list[Note]


def found(story: Story, question: Question) -> Found:
    """Return what is asked for; every entry when nothing is.

    Raises:
        LoyaltyError: there is no such entry, move or rule, or the fact does not name the member.
        UsageError: a move is named together with something else.
    """
    if question.move is not None:
        if question != Question(move=question.move):
            raise UsageError("a move is asked for alone", at="--move", hint="leave the other options out")
        return Found(entries=[], moves=[_move(story, question.move)], refusals=[])
    entries, moves = story.entries, story.moves
    if question.entry is not None:
        entries, moves = [e for e in entries if e.entry == question.entry], []
        if not entries:
            number = len(story.entries)
            raise LoyaltyError(
                f"member {story.member!r} has no entry {question.entry}",
                hint=f"entries are 1 to {number}" if number else "there are no entries yet",
            )
    if question.fact is not None:
        _check_fact(story, question.fact)
        entries = [e for e in entries if question.fact in {e.fact, e.position}]
        moves = [m for m in moves if question.fact in {m.fact, m.position}]
    if question.rule is not None:
        known = _rules_of(story)
        if question.rule not in known:
            raise LoyaltyError(
                f"no programme has a rule {question.rule!r}",
                hint=f"rules are {', '.join(sorted(known)) or 'none'}",
            )
        entries = [e for e in entries if _is_by(question.rule, e.rule)]
        moves = [m for m in moves if _is_by(question.rule, m.rule)]
    return Found(entries=entries, moves=moves, refusals=_refusals(story, question))


def notes_on(story: Story, position: int, rule: str) -> list[Note]:
    """Return the steps of arithmetic a rule noted at a position."""
    return [n for n in story.notes_at.get(position, ()) if n.rule == rule and not n.is_refusal]


def _refusals(story: Story, question: Question) -> list[Note]:
    if question.fact is None and question.rule is None:
        return []
    return [
        n for n in story.notes
        if n.is_refusal and question.fact in {None, n.position}
        and (question.rule is None or _is_by(question.rule, n.rule))
    ]  # fmt: skip


def _move(story: Story, words: str) -> MoveRow:
    ladder, _, number = words.rpartition(":") if ":" in words else (words, "", "")
    moves = [move for move in story.moves if move.ladder == ladder]
    if number:
        moves = [move for move in moves if str(move.number) == number]
    if moves:
        return moves[-1]
    counts: dict[str, int] = {}
    for move in story.moves:
        counts[move.ladder] = move.number
    known = ", ".join(f"{name}:1 to {name}:{last}" for name, last in sorted(counts.items()))
    raise LoyaltyError(
        f"member {story.member!r} has no move {words!r}",
        hint=f"moves are {known}" if known else "no rule has moved this member",
    )


def _check_fact(story: Story, position: int) -> None:
    if position not in story.facts:
        raise LoyaltyError(
            f"fact {position:,} does not name member {story.member!r}, or is not in the views yet",
            hint=f"loyalty member history {story.member} lists the member's facts",
        )


def _is_by(asked: str, cited: str) -> bool:
    return asked in {cited, cited.rpartition("@")[0]}


def _rules_of(story: Story) -> set[str]:
    """Return every rule by its label and as entries cite it."""
    cited = {e.rule for e in story.entries} | {m.rule for m in story.moves} | {n.rule for n in story.notes}
    for programme in story.engine.history.programmes:
        cited.update(programme.cited.values())
    return cited | {rule.rpartition("@")[0] or rule for rule in cited}
