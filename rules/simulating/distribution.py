"""How the members' differences are spread: whole bins of a round width, and what lies beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from .gathering import Gathered

_BINS = 16
_STEPS = (1, 2, 5)


@dataclass(frozen=True, kw_only=True)
class Bin:
    """Members whose points in all change by *low* to *high*, both inclusive; None: no end on this side."""

    low: int | None
    high: int | None
    members: int
    points: int

    def label(self) -> str:
        """Return the bin in words.

        >>> Bin(low=1, high=50, members=2, points=9).label(), Bin(low=0, high=0, members=2, points=0).label()
        ('+1 to +50', 'no change')
        >>> Bin(low=None, high=-51, members=1, points=-90).label()
        '-51 and less'
        """
        if self.low == self.high == 0:
            return "no change"
        if self.low is None:
            return f"{self.high:+,} and less"
        if self.high is None:
            return f"{self.low:+,} and more"
        return f"{self.low:+,} to {self.high:+,}" if self.low != self.high else f"{self.low:+,}"

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"low": self.low, "high": self.high, "members": self.members, "points": self.points}


def distribution(gathered: Gathered) -> list[Bin]:
    """Return the bins from the largest loss to the largest gain.

    The bins are of one width, a round number, and cover all but the first and the last hundredth of the
    members for whom something changes; "no change" is a bin of its own. Every bin between the first and
    the last is there, empty ones too.
    """
    changes = {False: 0, True: 0}
    for change, members in gathered.changes():
        changes[change != 0] += members
    same = Bin(low=0, high=0, members=changes[False], points=0)
    changing = changes[True]
    if not changing:
        return [same] if same.members else []
    low = gathered.nth_change(changing // 100)
    high = gathered.nth_change(changing - 1 - changing // 100)
    width = _width(low, high, most=min(_BINS, max(changing, 2)))
    first, last = _number(low, width), _number(high, width)
    counted: dict[int, list[int]] = {number: [0, 0] for number in range(first, last + 1)}
    for change, members in gathered.changes():
        if change:
            number = _kept_within(_number(change, width), first, last)
            sums = counted.setdefault(number, [0, 0])
            sums[0] += members
            sums[1] += members * change
    found = [_bin(number, width, (first, last), *sums) for number, sums in sorted(counted.items())]
    losing = sum(number < 0 for number in counted)
    return [*found[:losing], same, *found[losing:]]


def _kept_within(number: int, first: int, last: int) -> int:
    """Return the bin of a change: what lies beyond *first* or *last* shares one, gains and losses apart."""
    if number >= 0:
        return min(max(number, first - 1), max(last + 1, 0))
    return max(min(number, last + 1), min(first - 1, -1))


def _bin(number: int, width: int, within: tuple[int, int], members: int, points: int) -> Bin:
    """Return a bin: the outermost have no end, one between the others and no change reaches up to that."""
    first, last = within
    low: int | None
    high: int | None
    if number >= 0:
        low = 1 if number < first else number * width + 1
        high = None if number > last else (number + 1) * width
    else:
        low = None if number < first else number * width
        high = -1 if number > last else (number + 1) * width - 1
    return Bin(low=low, high=high, members=members, points=points)


def _width(low: int, high: int, *, most: int) -> int:
    """Return the smallest round width of which *most* bins cover *low* to *high*.

    >>> _width(1, 16, most=16), _width(1, 17, most=16), _width(-700, 800, most=16)
    (1, 2, 100)
    """
    for power in count():
        for step in _STEPS:
            width: int = step * 10**power
            if _number(high, width) - _number(low, width) < most:
                return width
    raise AssertionError


def _number(change: int, width: int) -> int:
    """Return the bin of a change other than 0: 0 begins at +1, -1 ends at -1.

    >>> [_number(change, 5) for change in (-6, -5, -1, 1, 5, 6)]
    [-2, -1, -1, 0, 0, 1]
    """
    return (change - 1) // width if change > 0 else -1 - (-change - 1) // width
