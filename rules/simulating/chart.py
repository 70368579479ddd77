"""The distribution drawn: in letters for a terminal, and as an SVG file."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import shorten
from xml.sax.saxutils import escape

from .distribution import Bin

_COLUMNS = 40
_EIGHTHS = " ▏▎▍▌▋▊▉"
_WIDTH, _HEIGHT = 800, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 20, 84, 120
_MOST_LETTERS = 78
_LOST, _SAME, _WON = "#b3541e", "#8a8a8a", "#1f6f8b"
_STYLE = "font-family='system-ui, sans-serif' font-size='12' fill='#222'"


def bars(bins: Sequence[Bin]) -> list[str]:
    """Return a bar for each bin, as long as it has members."""
    most = max((found.members for found in bins), default=0)
    width = max((len(found.label()) for found in bins), default=0)
    return [
        f"  {found.label():>{width}}  {found.members:>8,} {_bar(found.members, most)}".rstrip()
        for found in bins
    ]


def _bar(members: int, most: int) -> str:
    eighths = -(-members * _COLUMNS * 8 // most) if members else 0
    whole, part = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[part] if part else "")


def svg(bins: Sequence[Bin], *, title: str, subtitle: str, axis: str) -> str:
    """Return the bins as a picture: losses, no change and gains in a colour each."""
    most = max((found.members for found in bins), default=0)
    step = _step(most)
    top = -(-most // step) * step or 1
    title = shorten(title, _MOST_LETTERS, placeholder=" …")
    parts = [
        "<svg xmlns='http://www.w3.org/2000/svg' "
        f"viewBox='0 0 {_WIDTH} {_HEIGHT}' width='{_WIDTH}' height='{_HEIGHT}' role='img'>",
        f"<title>{escape(title)}</title>",
        f"<desc>{escape('; '.join(f'{found.label()}: {found.members}' for found in bins))}</desc>",
        f"<rect width='{_WIDTH}' height='{_HEIGHT}' fill='#fff'/>",
        f"<g {_STYLE}>",
        f"<text x='{_LEFT}' y='28' font-size='17' font-weight='600'>{escape(title)}</text>",
        f"<text x='{_LEFT}' y='50'>{escape(subtitle)}</text>",
        f"<text x='{_LEFT - 8}' y='{_TOP - 6}' text-anchor='end' font-size='11'>members</text>",
    ]
    for members in range(0, top + 1, step):
        parts += _grid_line(members, top)
    room_tenths = (_WIDTH - _LEFT - _RIGHT) * 10 // max(len(bins), 1)
    for number, found in enumerate(bins):
        parts += _column(found, _LEFT * 10 + number * room_tenths, room_tenths, top)
    parts.append(f"<text x='{_LEFT}' y='{_HEIGHT - 8}'>{escape(axis)}</text>")
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _step(most: int) -> int:
    """Return a round number of members between the lines of the grid.

    >>> _step(3), _step(94), _step(2469)
    (1, 20, 500)
    """
    power = 1
    while True:
        for step in (power, 2 * power, 5 * power):
            if most <= 5 * step:
                return step
        power *= 10


def _level_tenths(members: int, top: int) -> int:
    """Return the height of a number of members on the page, in tenths of a pixel from above."""
    room = (_HEIGHT - _TOP - _BOTTOM) * 10
    return (_HEIGHT - _BOTTOM) * 10 - members * room // top


def _grid_line(members: int, top: int) -> list[str]:
    y = _pixels(_level_tenths(members, top))
    return [
        f"<line x1='{_LEFT}' y1='{y}' x2='{_WIDTH - _RIGHT}' y2='{y}' stroke='#ddd'/>",
        f"<text x='{_LEFT - 8}' y='{y}' dy='4' text-anchor='end'>{members:,}</text>",
    ]


def _column(found: Bin, left_tenths: int, room_tenths: int, top: int) -> list[str]:
    level, foot = _level_tenths(found.members, top), (_HEIGHT - _BOTTOM) * 10
    is_same = found.low == found.high == 0
    colour = _SAME if is_same else _LOST if found.high is not None and found.high < 0 else _WON
    middle = left_tenths + room_tenths // 2
    x, y = _pixels(middle + 40), _pixels(foot + 140)
    return [
        f"<rect x='{_pixels(left_tenths + room_tenths // 10)}' y='{_pixels(level)}' "
        f"width='{_pixels(room_tenths * 8 // 10)}' height='{_pixels(foot - level)}' fill='{colour}'>"
        f"<title>{escape(found.label())}: {found.members:,}</title></rect>",
        f"<text x='{x}' y='{y}' font-size='11' text-anchor='end' transform='rotate(-40 {x} {y})'>"
        f"{escape(found.label())}</text>",
    ]


def _pixels(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"
