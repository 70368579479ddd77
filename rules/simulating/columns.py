"""Numbers on both sides in columns: recorded, candidate, difference, and that in per cent."""

from __future__ import annotations

from collections.abc import Sequence

from ...ledger.units import divided

_NAME = 24


def head_line(title: str) -> str:
    """Return the line above the columns."""
    return f"{title:<{_NAME}}{'recorded':>15}{'candidate':>15}{'difference':>15}"


def text_line(name: str, recorded: str, candidate: str, difference: str) -> str:
    """Return a line of texts."""
    return f"{'  ' + name:<{_NAME}}{recorded:>15}{candidate:>15}{difference:>15}"


def number_lines(name: str, pair: Sequence[int]) -> list[str]:
    """Return a line of numbers; a long name gets one of its own before it."""
    recorded, candidate = pair
    before = [f"  {name}"] if len(name) > _NAME - 3 else []
    line = text_line("" if before else name, f"{recorded:,}", f"{candidate:,}", signed(candidate - recorded))
    return [*before, f"{line}  {percent(pair)}".rstrip()]


def signed(number: int) -> str:
    """Return a difference, with its sign where there is one."""
    return f"{number:+,}" if number else "0"


def percent(pair: Sequence[int]) -> str:
    """Return the difference in per cent of what is recorded, with one decimal.

    >>> percent([200, 225]), percent([-100, -150]), percent([200, 200]), percent([0, 5])
    ('+12.5 %', '-50.0 %', '', '')
    """
    recorded, candidate = pair
    if not recorded or recorded == candidate:
        return ""
    tenths = divided((candidate - recorded) * 1000, abs(recorded), "half-up")
    return f"{'-' if tenths < 0 else '+'}{abs(tenths) // 10:,}.{abs(tenths) % 10} %"
