"""What a return takes back: the award, the share that came back, what was taken before, what is taken now."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, NamedTuple

from ...ledger.facts.correction import FactRetracted
from ...ledger.journal import Entry
from ...ledger.reports.typesetting import counted
from ...ledger.units import money_text, shares
from .. import tracing
from .layout import headed, labelled, told_fact
from .story import Story
from .taking import Taken, TakenAward


class _Drawn(NamedTuple):
    """From where one award was taken back: its own lot, others, the balance; each by an entry."""

    award: TakenAward
    entries: list[Entry]
    left: int
    """Neither was there nor became a debt: it was not taken, or was forgiven."""


def reversal_lines(story: Story, entry: Entry) -> list[str]:
    """Return the arithmetic behind an entry that takes back, nothing for any other."""
    if entry.account != "reversed":
        return []
    for taken, drawn in _drawn(story, entry.position):
        if entry in drawn.entries:
            params = story.params(entry.rule, entry.programme)
            return _award_lines(story, taken, drawn, params, entry)
    return []


def unbooked_parts(story: Story, position: int) -> list[list[str]]:
    """Return what a fact took back without an entry: of what had expired, or of what was not there."""
    parts = []
    for taken, drawn in _drawn(story, position):
        if drawn.award.now and not drawn.entries:
            points = counted(drawn.award.now, "point")
            lines = headed("no entry", f"{points} are taken back, the balance does not change")
            notes = [note for note in story.notes_at.get(position, ()) if not note.is_refusal]
            for note in notes:
                lines += labelled("because", note.text)
            params = story.params(notes[0].rule, story.governing(position)) if notes else {}
            parts.append(lines + _award_lines(story, taken, drawn, params, None))
    return parts


def reversal_fields(story: Story, entry: Entry) -> dict[str, Any] | None:
    """Return the same for programs, None for any other entry."""
    for taken, drawn in _drawn(story, entry.position) if entry.account == "reversed" else ():
        if entry in drawn.entries:
            opening = _opening(story, drawn.award)
            return {
                "fact": taken.trace.fact, "entry": opening.entry if opening else None,
                "award": drawn.award.earned.points, "taken_before": drawn.award.before,
                "taken_now": drawn.award.now, "expired": drawn.award.expired,
                "by_entries": [e.entry for e in drawn.entries],
            }  # fmt: skip
    return None


def _drawn(story: Story, position: int) -> Iterator[tuple[Taken, _Drawn]]:
    """Yield each award taken back at a position with its entries: they stand in the journal in this order."""
    waiting = [e for e in story.entries_at.get(position, ()) if e.account == "reversed"]
    for taken in story.taken_at.get(position, ()):
        for award in taken.awards:
            left, mine = award.now - award.expired, []
            while left > 0 and waiting and waiting[0].contra <= left:
                left -= waiting[0].contra
                mine.append(waiting.pop(0))
            yield taken, _Drawn(award, mine, left)


def _award_lines(
    story: Story, taken: Taken, drawn: _Drawn, params: dict[str, Any], entry: Entry | None
) -> list[str]:
    award, opening = drawn.award, _opening(story, drawn.award)
    earned = f"{counted(award.earned.points, 'point')} of {told_fact(story, taken.trace.fact)}"
    lines = labelled("earned", f"{earned} (entry {opening.entry}, {opening.rule})" if opening else earned)
    lines += _share_lines(story, taken, award, params)
    total = award.before + award.now
    lines += labelled("due", f"{total:,} in all - {award.before:,} taken before = {award.now:,} now")
    sources = [_source(award, e) + (" (this entry)" if e == entry else "") for e in drawn.entries]
    if award.expired:
        sources.append(f"{award.expired:,} of what had expired")
    if drawn.left:
        sources.append(f"{drawn.left:,} not taken: nothing was left")
    return lines + labelled("taken", f"{award.now:,} = {' + '.join(sources)}")


def _source(award: TakenAward, entry: Entry) -> str:
    if entry.lot is None:
        return f"{entry.contra:,} as debt"
    return f"{entry.contra:,} from {'its own lot' if entry.lot == award.earned.lot else f'lot {entry.lot}'}"


def _opening(story: Story, award: TakenAward) -> Entry | None:
    return next(iter(story.lots.get(award.earned.lot, ())), None)


def _share_lines(story: Story, taken: Taken, award: TakenAward, params: dict[str, Any]) -> list[str]:
    """Return how much of the order has come back, and what that makes of the award."""
    trace, earned, total = taken.trace, award.earned, award.before + award.now
    lines: list[str] = []
    if trace.is_reversed:
        is_retraction = story.facts[taken.position].topic == FactRetracted.topic
        what = "the fact was retracted" if is_retraction else "all of the order has come back"
        return labelled("back", f"{what}: {earned.points:,} of {earned.points:,}")
    by, rounding = params.get("by", "lines"), params.get("rounding", "half-up")
    if tracing.due_back(earned, trace, by=by, rounding=rounding) != total:
        return []
    weights, returned = trace.weights, trace.returned
    if by == "order" or len(weights) == 1:
        parts = [("the order", earned.points, sum(returned), sum(weights))]
    else:
        split = shares(earned.points, weights if earned.weights is None else earned.weights)
        parts = [
            (f"line {number}", part, back, weight)
            for number, (part, back, weight) in enumerate(zip(split, returned, weights, strict=True), start=1)
            if back
        ]
    dues = [
        Fraction(part * min(back, weight), weight) if weight else Fraction(part)
        for _, part, back, weight in parts
    ]
    is_whole = all(due.denominator == 1 for due in dues)
    for (name, part, back, weight), due in zip(parts, dues, strict=True):
        # Several parts are rounded once, in their sum.
        is_last = len(parts) == 1 and not is_whole
        said = f"{total:,}, {rounding}" if is_last else _exact(due)
        amounts = f"{money_text(back, trace.currency)} of {money_text(weight, trace.currency)}"
        lines += labelled("" if lines else "back", f"{name}: {amounts} × {counted(part, 'point')} = {said}")
    if len(parts) > 1 and not is_whole:
        lines += labelled("", f"together {_exact(sum(dues, Fraction(0)))} = {total:,}, {rounding}")
    return lines


def _exact(due: Fraction) -> str:
    return f"{due.numerator:,}" if due.denominator == 1 else f"{due.numerator:,}/{due.denominator:,}"
