"""An entry: its fact, rule and parameters, the arithmetic, and the lot it opened or took from."""

from __future__ import annotations

from ...ledger.calendar import FOREVER_US
from ...ledger.journal import Entry
from ...ledger.reports.typesetting import counted, minute
from .asking import notes_on
from .layout import fact_lines, headed, labelled, rule_lines, told_fact
from .of_reversal import reversal_lines
from .story import Story

_MOST_STEPS = 6


def entry_lines(story: Story, entry: Entry, *, told: int | None = None) -> list[str]:
    """Return an entry taken apart; its fact is left out where it is the one *told* above."""
    available, pending = f"{entry.points:+,}", f"{entry.pending:+,} pending"
    amount = pending if entry.pending and not entry.points else f"{available} points"
    lines = headed(f"entry {entry.entry}", f"{amount}  {entry.reason}")
    known = "" if entry.position == entry.fact else f", known with fact {entry.position}"
    late = ", LATE: when it became known" if entry.is_late else ""
    lines += labelled("booked", f"{minute(entry.booked_us, story.zone)}{known}{late}")
    if entry.fact != told:
        lines += fact_lines(story, entry.fact)
    lines += rule_lines(story, entry.rule, entry.programme)
    for note in notes_on(story, entry.position, entry.rule):
        lines += labelled("because", note.text)
    lines += reversal_lines(story, entry)
    lines += _lot_lines(story, entry)
    return lines + labelled("postings", _postings(entry))


def _postings(entry: Entry) -> str:
    legs = (
        ("points", entry.points), ("pending", entry.pending), ("held", entry.held),
        (entry.account, entry.contra),
    )  # fmt: skip
    return ", ".join(f"{name} {value:+,}" for name, value in legs if value) or "none: only the terms change"


def _lot_lines(story: Story, entry: Entry) -> list[str]:
    if entry.lot is None:
        owed = -sum(e.points for e in story.lots[None] if e.entry <= entry.entry)
        return labelled("lot", f"none: the debt is {counted(max(owed, 0), 'point')} after it")
    of_lot = story.lots[entry.lot]
    opening, usable = of_lot[0], ""
    expires_us = next((e.expires_us for e in reversed(of_lot) if e.expires_us is not None), FOREVER_US)
    expires = "never expires" if expires_us >= FOREVER_US else f"expires {minute(expires_us, story.zone)}"
    if entry.entry == opening.entry:
        if entry.usable_us is not None and entry.usable_us > entry.booked_us:
            usable = f"usable from {minute(entry.usable_us, story.zone)}, "
        return labelled("lot", f"{entry.lot}, opened by this entry, {usable}{expires}")
    earlier = [e for e in of_lot if e.entry < entry.entry and e.points + e.pending]
    before = sum(e.points + e.pending for e in earlier)
    after = before + entry.points + entry.pending
    lines = labelled("lot", f"{entry.lot}: {before:,} before, {after:,} after, {expires}")
    lines += labelled(
        "", f"opened by entry {opening.entry} ({opening.reason}), {told_fact(story, opening.fact)}"
    )
    if len(earlier) > 1:
        lines += labelled("", f"{_chain(earlier)} = {before:,} before")
    return lines


def _chain(entries: list[Entry]) -> str:
    """Return what entries did to a lot, the earliest of many summed up."""
    summed, last = entries[:-_MOST_STEPS], entries[-_MOST_STEPS:]
    parts = [f"{e.points + e.pending:+,} by entry {e.entry}" for e in last]
    if summed:
        points = sum(e.points + e.pending for e in summed)
        parts.insert(0, f"{points:+,} by {counted(len(summed), 'entry')} before")
    return ", ".join(parts)
