"""What expires when: every open lot of a member, what must wait, and what would take everything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, text

from ..calendar import FOREVER_US, Zone, rfc3339
from .typesetting import day, minute

EXPIRE_ALL = "expire all points"
"""The key by which a rule says that its timer lets everything expire."""
_MOST = 12
"""So many instants are shown one by one, what follows by month; programs get every lot."""

_LOTS = (
    "SELECT lot, fact, rule, booked_us, usable_us, expires_us, points, pending, held FROM lots "
    "WHERE member = :member AND (points <> 0 OR pending <> 0 OR held <> 0)"
)
_TIMERS = "SELECT due_us, rule FROM timers WHERE member = :member AND key = :key ORDER BY due_us, rule"


@dataclass(frozen=True, kw_only=True)
class Expiring:
    """The open lots of a member in burn order, and the timers of rules that let all of them expire.

    Attributes:
        lots: Rows of the view; *expires_us* is FOREVER_US for those that never expire, and *usable_us* for
            those that wait for a rule to release them.
        timers: (due_us, rule) of timers that let everything expire.
    """

    lots: list[dict[str, Any]]
    timers: list[tuple[int, str]]

    @property
    def by_instant(self) -> list[tuple[int, int]]:
        """(expires_us, points) of every lot that expires, soonest first, summed by instant."""
        return _summed((lot["expires_us"], _left(lot)) for lot in self.lots if lot["expires_us"] < FOREVER_US)

    @property
    def never_points(self) -> int:
        """Points of lots that never expire."""
        return sum(_left(lot) for lot in self.lots if lot["expires_us"] == FOREVER_US)

    @property
    def waiting(self) -> list[tuple[int, int]]:
        """(usable_us, points) of what is pending, soonest first, summed by instant."""
        return _summed((lot["usable_us"], lot["pending"]) for lot in self.lots if lot["pending"])

    def overdue_points(self, now_us: int) -> int:
        """Return what has expired by now and is still in the balance: nobody advanced the clock.

        What is held does not expire before it comes back.
        """
        is_all = any(due_us <= now_us for due_us, _ in self.timers)
        due = [lot for lot in self.lots if is_all or lot["expires_us"] <= now_us]
        return sum(lot["points"] + lot["pending"] for lot in due)

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "open_lots": len(self.lots),
            "expiring": [{"expires": rfc3339(at), "points": points} for at, points in self.by_instant],
            "never_expiring": self.never_points,
            "waiting": [{"usable": _stamp(at), "points": points} for at, points in self.waiting],
            "all_expire": [{"expires": rfc3339(at), "rule": rule} for at, rule in self.timers],
            "lots": [
                {
                    **{name: lot[name] for name in ("lot", "fact", "rule", "points", "pending", "held")},
                    "booked": rfc3339(lot["booked_us"]), "usable": _stamp(lot["usable_us"]),
                    "expires": _stamp(lot["expires_us"]),
                } for lot in self.lots
            ],
        }  # fmt: skip

    def lines(self, zone: Zone) -> list[str]:
        """Return it for people, soonest first, never last."""
        lines = [f"  open lots  {len(self.lots):>12,}"]
        for at, points in self.waiting:
            words = "when released" if at == FOREVER_US else f"from {minute(at, zone)}"
            lines.append(f"  usable     {points:>12,} points  {words}")
        shown = [(f"on {minute(at, zone)}", points, at) for at, points in self.by_instant[:_MOST]]
        shown += [(f"later, in {day(at, zone)[:7]}", points, at) for at, points in self.by_instant[_MOST:]]
        all_on = [at for at, _ in self.timers] if self.lots else []
        for words, same in groupby(shown, itemgetter(0)):
            rows = list(same)
            while all_on and all_on[0] <= rows[0][2]:
                lines.append(_all_line(all_on.pop(0), zone))
            lines.append(f"  expiring   {sum(points for _, points, _ in rows):>12,} points  {words}")
        lines += [_all_line(at, zone) for at in all_on]
        if shown and self.never_points:
            lines.append(f"             {self.never_points:>12,} points  never")
        return lines


def expiring_of(connection: Connection, member: str) -> Expiring:
    """Return the open lots of a member and what would take them all.

    Args:
        connection: Of a reading.
        member: Whom.
    """
    lots = [dict(row._mapping) for row in connection.execute(text(_LOTS), {"member": member})]
    for lot in lots:
        if lot["expires_us"] is None:
            lot["expires_us"] = FOREVER_US
    timers = connection.execute(text(_TIMERS), {"member": member, "key": EXPIRE_ALL})
    return Expiring(
        lots=sorted(lots, key=itemgetter("expires_us", "booked_us", "lot")),
        timers=[(int(row.due_us), row.rule) for row in timers],
    )


def _all_line(at: int, zone: Zone) -> str:
    return f"  expiring   {'all':>12} points  on {minute(at, zone)}, unless active before"


def _left(lot: dict[str, Any]) -> int:
    return int(lot["points"] + lot["pending"] + lot["held"])


def _summed(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    sums: dict[int, int] = {}
    for at, points in pairs:
        sums[at] = sums.get(at, 0) + points
    return sorted(sums.items())


def _stamp(instant_us: int) -> str | None:
    return None if instant_us == FOREVER_US else rfc3339(instant_us)
