"""A move on a ladder: from where to where, the figures and facts that decided, and the rule's conditions."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from ...ledger.fold import MoveRow
from ...ledger.reports.history import evidence_of, timed_fields
from ...ledger.reports.typesetting import counted, minute
from ...ledger.units import money_text
from .asking import notes_on
from .layout import fact_lines, headed, labelled, plain, rule_lines, told_fact
from .story import Story
from .taking import Day

_MOST_DAYS = 12
_GAINS = ("issued", "adjusted")


def move_lines(story: Story, move: MoveRow, *, told: int | None = None) -> list[str]:
    """Return a move taken apart; its fact is left out where it is the one *told* above."""
    rungs = f"{move.old} -> {move.rung or 'none'}" if move.old else f"to {move.rung}"
    lines = headed(f"move {move.ladder}:{move.number}", rungs)
    known = (
        "" if move.position == move.fact else f", by the time that passed, known with fact {move.position}"
    )
    late = ", LATE: when it became known" if move.is_late else ""
    lines += labelled("booked", f"{minute(move.booked_us, story.zone)}{known}{late}")
    lines += labelled("why", move.reason)
    for note in notes_on(story, move.position, move.rule):
        lines += labelled("because", note.text)
    evidence = evidence_of(move.evidence)
    if evidence.figures:
        lines += labelled("figures", ", ".join(_figures(story, move, evidence.figures)))
    lines += _needed_lines(story, move)
    lines += _window_lines(story, move, evidence.figures)
    if move.fact != told:
        lines += fact_lines(story, move.fact)
    for position in evidence.facts:
        if position not in {move.fact, told}:
            lines += labelled("evidence", told_fact(story, position))
    return lines + rule_lines(story, move.rule, move.programme)


def _figures(story: Story, move: MoveRow, figures: dict[str, int | str]) -> Iterator[str]:
    programme = story.programme(move.programme)
    for name, value in sorted(figures.items(), key=lambda figure: figure[0] in {"since", "until"}):
        if name.endswith("_minor") and isinstance(value, int) and programme is not None:
            yield f"{name.removesuffix('_minor')} {money_text(value, programme.currency)}"
        else:
            yield f"{name.replace('_', ' ')} {f'{value:,}' if isinstance(value, int) else value}"


def _needed_lines(story: Story, move: MoveRow) -> list[str]:
    """Return what the higher of the two rungs takes, where the parameters list rungs with conditions."""
    rungs = story.params(move.rule, move.programme).get("rungs", ())
    conditions = {
        rung["name"]: rung for rung in rungs if isinstance(rung, dict) and isinstance(rung.get("name"), str)
    }
    names = [name for name in conditions if name in {move.old, move.rung}]
    return labelled("needed", plain(conditions[names[-1]])) if names else []


def _window_lines(story: Story, move: MoveRow, figures: dict[str, int | str]) -> list[str]:
    """Return the days whose sums make the figures, where the rule names a window and the days are known."""
    if not {"since", "until", "points"} <= figures.keys():
        return []
    since, until = (date.fromisoformat(str(figures[name])) for name in ("since", "until"))
    days = [(day, sums) for day, sums in story.days.get(move.position, []) if since <= day <= until]
    if not days or sum(sums.visits for _, sums in days) != figures["visits"]:
        return []
    lines: list[str] = []
    if len(days) > _MOST_DAYS:
        rest = days[:-_MOST_DAYS]
        points = sum(sums.points for _, sums in rest)
        lines += labelled("window", f"{counted(len(rest), 'day')} before{points:>+8,} points")
    for of_day in days[-_MOST_DAYS:]:
        lines += labelled("" if lines else "window", _day_words(story, move, of_day))
    total = sum(sums.points for _, sums in days)
    return lines + (labelled("", f"{'together':<10}  {total:>+7,} points") if len(days) > 1 else [])


def _day_words(story: Story, move: MoveRow, of_day: Day) -> str:
    day, sums = of_day
    programme = story.programme(move.programme)
    spend = f", {money_text(sums.spend_minor, programme.currency)}" if programme and sums.spend_minor else ""
    adjusted = f", {sums.adjusted:+,} by hand" if sums.adjusted else ""
    local_date = story.zone.local_date
    facts = [at for at in _earning(story, move) if local_date(story.facts[at].occurred_us) == day]
    by = f" (fact{'s' * (len(facts) > 1)} {', '.join(map(str, facts))})" if facts else ""
    return f"{day}  {sums.points:>+7,} points{adjusted}{spend}{by}"


def _earning(story: Story, move: MoveRow) -> list[int]:
    """Return the facts up to a move that earned points."""
    earned = [e.fact for e in story.entries if e.account in _GAINS and e.position <= move.position]
    return sorted(fact for fact in set(earned) if fact in story.facts)


def move_fields(move: MoveRow) -> dict[str, Any]:
    """Return a move for programs."""
    evidence = evidence_of(move.evidence)
    return {**timed_fields(move), "evidence": {"facts": evidence.facts, "figures": evidence.figures}}
