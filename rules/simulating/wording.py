"""A simulation on a page of 80 columns."""

from __future__ import annotations

from ...ledger.calendar import rfc3339
from ...ledger.reports.typesetting import counted, listed, set_lines
from ...ledger.units import money_text
from .chart import bars
from .columns import head_line, number_lines, text_line
from .comparing import Compared, Measure
from .simulation import EARNED, MEASURES, ROWS, Simulation

_ALWAYS = (EARNED, "redeemed", "expired", "outstanding")
_MOST_NAMES = 5
_MOST_MOVES = 12
_NONE = "none"
_KINDS = (
    ("won", "win", "have more points"),
    ("lost", "lose", "have fewer points"),
    ("otherwise", "neither", "but something differs"),
    ("same", "no change at all", "every entry and move is the same"),
    ("aside", "set aside", "a rule failed: left out of all sums"),
)


def simulation_lines(found: Simulation) -> list[str]:
    """Return the page."""
    lines = _head_lines(found)
    if found.is_same:
        lines += ["", *set_lines(_same_words(found))]
    lines += ["", *_points_lines(found), "", *_member_lines(found)]
    if not found.is_same:
        lines += _top_lines("who wins most", found.winners, found.by)
        lines += _top_lines("who loses most", found.losers, found.by)
        lines += _rule_lines(found) + _ladder_lines(found)
        heading = f"{MEASURES[found.by]}, candidate less recorded, and how many members"
        lines += ["", heading, "", *bars(found.bins)]
    lines += _aside_lines(found) + _unheard_lines(found)
    return [*lines, "", *_foot_lines(found)]


def _head_lines(found: Simulation) -> list[str]:
    since = "the beginning of time" if found.since_us is None else rfc3339(found.since_us)
    lines = set_lines(f"{found.candidate}, from {since}", lead="candidate  ")
    names = listed(dict.fromkeys(found.recorded)) if found.recorded else "nothing"
    lines += set_lines(f"{names}, as in force", lead="recorded   ")
    if found.sample is not None:
        known = found.ground.known or 0
        lines += set_lines(f"a sample of {found.members:,} of {counted(known, 'member')}", lead="members    ")
    elif found.only is not None:
        lines += set_lines(f"only {found.only:,}, as asked", lead="members    ")
    return lines


def _same_words(found: Simulation) -> str:
    return (
        f"Nothing changes: every entry, move and balance of {counted(found.members, 'member')} is the same "
        "under the candidate."
    )


def _points_lines(found: Simulation) -> list[str]:
    totals = found.totals
    lines = [head_line("points")]
    for name in ROWS:
        pair = totals.points[name]
        if any(pair) or name in _ALWAYS:
            lines += number_lines(name, pair)
    if found.worth is not None:
        worth = found.worth
        minor = [worth.minor(points) for points in totals.points["outstanding"]]
        recorded, candidate, change = (
            money_text(amount, worth.currency) for amount in (*minor, minor[1] - minor[0])
        )
        lines.append(text_line("liability", recorded, candidate, "+" * (minor[1] > minor[0]) + change))
        lines += [f"{f'at {worth.words()}':>69}"]
    counts = (
        ("moves on ladders", totals.moves), ("actions recommended", totals.actions),
        ("members in debt", totals.in_debt),
    )  # fmt: skip
    lines += [line for name, pair in counts if any(pair) for line in number_lines(name, pair)]
    if totals.newly_in_debt:
        newly = counted(totals.newly_in_debt, "member")
        words = f"{newly} only under the candidate, having spent what it would not have given"
        lines += set_lines(words, lead="    ")
    return lines


def _member_lines(found: Simulation) -> list[str]:
    lines = [f"{'members':<24}{found.members:>15,}"]
    for kind, label, words in _KINDS:
        number = found.kinds.get(kind, 0)
        told = words.replace("have", "earned") if found.by == "earned" else words
        if number or kind in {"won", "lost", "same"}:
            lines.append(f"  {label:<22}{number:>15,}  {told}")
    more, less = found.totals.earned
    if found.by == "balance" and [more, less] != [found.kinds.get(kind, 0) for kind in ("won", "lost")]:
        words = f"{more:,} earned more on the way and {less:,} less, whatever has expired or been spent since"
        lines += set_lines(f"{words} (--by earned)", lead="  ")
    return lines


def _top_lines(title: str, members: list[Compared], by: Measure) -> list[str]:
    lines = ["", head_line(title)] if members else []
    for row in members:
        lines += number_lines(row.member, row.measured(by))
    return lines


def _rule_lines(found: Simulation) -> list[str]:
    rules = found.totals.rules
    lines = ["", head_line("points by rule")] if rules else []
    return lines + [
        line for rule, pair in sorted(rules.items()) for line in number_lines(rule or "no rule", pair)
    ]


def _ladder_lines(found: Simulation) -> list[str]:
    rungs = found.totals.rungs
    lines: list[str] = []
    for ladder in sorted({ladder for ladder, _, _ in rungs}):
        moved = sorted(
            ((many, old, new) for (name, old, new), many in rungs.items() if name == ladder and old != new),
            key=lambda row: (-row[0], row[1], row[2]),
        )
        still = sum(many for (name, old, new), many in rungs.items() if name == ladder and old == new)
        lines += ["", f"ladder {ladder}: where members would stand"]
        lines += [
            f"  {f'{old or _NONE} → {new or _NONE}':<30}{many:>8,}" for many, old, new in moved[:_MOST_MOVES]
        ]
        more = sum(many for many, _, _ in moved[_MOST_MOVES:])
        lines += [f"  {'otherwise (--json has all)':<30}{more:>8,}"] * bool(more)
        lines.append(f"  {'on the same rung':<30}{still:>8,}")
    return lines


def _aside_lines(found: Simulation) -> list[str]:
    number = found.kinds.get("aside", 0)
    if not number:
        return []
    lines = ["", f"SET ASIDE  {counted(number, 'member')}, left out of all sums"]
    for row in found.asides[:_MOST_NAMES]:
        for aside in row.asides:
            words = f"{row.member}, {aside.side}, at position {aside.position:,}: {aside.error}"
            lines += set_lines(words, lead="  ")
    more = number - len(found.asides[:_MOST_NAMES])
    return lines + [f"  and {more:,} more: --out writes them all"] * bool(more)


def _unheard_lines(found: Simulation) -> list[str]:
    if not found.unheard:
        return []
    topics = listed(f"{counted(many, 'fact')} of {topic}" for topic, many in found.unheard.items())
    return ["", *set_lines(f"no rule of the candidate listens to {topics}", lead="note  ")]


def _foot_lines(found: Simulation) -> list[str]:
    ground = found.ground
    clock = "" if ground.clock_us is None else f", clock {rfc3339(ground.clock_us)}"
    words = (
        f"ledger {ground.ledger[:8]}, position {ground.position:,}, root {ground.root[:12]}…{clock}; "
        f"{counted(ground.facts, 'fact')} folded on both sides, {counted(found.members, 'member')}. "
        "Nothing was written to the ledger."
    )
    return set_lines(words)
