"""A new generation beside the live one, at the same position: equal, or who differs and by how much."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Table, and_, func, select

from ..store.bulk import stream_rows
from ..tables import VIEWS
from .digests import digest_of_slot, overall_digest

_SHOWN = 20
FOLD_OWN = frozenset({"timers", "member_states"})
"""Views that say how a fold goes on, not what members have: they differ whenever the rules do."""


class MemberDifference(NamedTuple):
    """A member whose rows differ.

    Attributes:
        before: Available points in the live generation.
        after: Available points in the new one.
    """

    member: str
    before: int
    after: int


class Difference(NamedTuple):
    """How a new generation differs from the live one.

    Attributes:
        views: The views that differ.
        members: How many members differ in them.
        shown: Some of these members, in code-point order.
        before: Available points of all these members in the live generation.
        after: The same in the new one.
        digest: Names exactly this difference: accept it by this.
    """

    views: tuple[str, ...]
    members: int
    shown: tuple[MemberDifference, ...]
    before: int
    after: int
    digest: str


def compare_slots(
    connection: Connection, old: str, new: str, names: Iterable[str], *, pulse: Callable[[], None]
) -> Difference | None:
    """Compare the views *names* of two slots; return None if they are equal.

    Args:
        connection: Of a reading.
        old: The live slot.
        new: The other one.
        names: Views.
        pulse: Called between the views, each of which may take a while.
    """
    names = tuple(names)
    views = []
    for name in names:
        if not _is_equal(connection, VIEWS[name][old], VIEWS[name][new]):
            views.append(name)
        pulse()
    if not views:
        return None
    shown: list[MemberDifference] = []
    count = before = after = 0
    for row in stream_rows(connection, _differing(views, old, new)) if set(views) != {"daily"} else ():
        count += 1
        before += row[1]
        after += row[2]
        if count <= _SHOWN:
            shown.append(MemberDifference(*row))
    both = {f"{slot}/{name}": digest for slot, mark in (("before", old), ("after", new))
            for name, digest in digest_of_slot(connection, mark, names).items()}  # fmt: skip
    return Difference(tuple(views), count, tuple(shown), before, after, overall_digest(both))


def _is_equal(connection: Connection, old: Table, new: Table) -> bool:
    """As many rows on either side as there are pairs: one pass along the key, without sorting."""
    same = and_(
        *(
            old.c[column.name].is_not_distinct_from(column)
            if column.nullable
            else old.c[column.name] == column
            for column in new.columns
        )
    )
    counts = [connection.execute(select(func.count()).select_from(table)).scalar() for table in (old, new)]
    if counts[0] != counts[1]:
        return False
    return connection.execute(select(func.count()).select_from(old.join(new, same))).scalar() == counts[0]


def _differing(views: Iterable[str], old: str, new: str) -> str:
    parts = [
        f"SELECT member FROM (SELECT * FROM {name}__{one} EXCEPT SELECT * FROM {name}__{other}) AS rows"  # noqa: S608
        for name in views if name != "daily" for one, other in ((old, new), (new, old))
    ]  # fmt: skip
    return (
        f"SELECT d.member, coalesce(b.points, 0), coalesce(a.points, 0) FROM ({' UNION '.join(parts)}) AS d"  # noqa: S608
        f" LEFT JOIN balances__{old} AS b ON b.member = d.member"
        f" LEFT JOIN balances__{new} AS a ON a.member = d.member ORDER BY d.member"
    )
