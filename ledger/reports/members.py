"""All members at a glance: what each has and where each stands (``member list``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, text

from ..calendar import Zone, rfc3339
from ..errors import LoyaltyError
from ..store.bulk import stream_rows
from .footer import Footer, footer
from .typesetting import counted, day, zone_of

_MOST = 28
"""A name of more letters pushes its own row aside, not the whole table."""


@dataclass(frozen=True, kw_only=True)
class MemberList:
    """A table that is read row by row: a hundred thousand members need no memory.

    Attributes:
        rungs: By ladder, the most letters of a rung: one column each.
        totals: Of all members asked for, whatever the limit.
    """

    rungs: dict[str, int]
    width: int
    totals: dict[str, int]
    limit: int | None
    zone: Zone
    footer: Footer
    _connection: Connection
    _sql: str
    _params: dict[str, Any]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield the members, sorted, as programs read them."""
        for member, points, pending, last_us, is_aside, *rungs in stream_rows(
            self._connection, self._sql, self._params
        ):
            yield {
                "member": member,
                "points": points,
                "pending": pending,
                "ladders": dict(zip(self.rungs, (rung or None for rung in rungs), strict=True)),
                "last_purchase": None if last_us is None else rfc3339(last_us),
                "last_purchase_day": None if last_us is None else day(last_us, self.zone),
                "is_set_aside": bool(is_aside),
            }

    def rest(self) -> dict[str, Any]:
        """Return what programs read beside the rows."""
        return {"totals": self.totals, "footer": self.footer.fields()}

    def lines(self) -> Iterator[str]:
        """Yield the table for people."""
        has_pending = bool(self.totals["pending"])
        head = f"{'member':<{self.width}}{'balance':>12}" + f"{'pending':>10}" * has_pending
        head += "".join(f"  {ladder:<{self._column(ladder)}}" for ladder in self.rungs)
        yield f"{head}  last purchase"
        for row in self.rows():
            line = f"{row['member']:<{self.width}}{row['points']:>12,}"
            line += (f"{row['pending']:>10,}" if row["pending"] else f"{'':10}") * has_pending
            for ladder, rung in row["ladders"].items():
                line += f"  {rung or '':<{self._column(ladder)}}"
            aside = "  SET ASIDE" * row["is_set_aside"]
            yield f"{line}  {row['last_purchase_day'] or '':<10}{aside}".rstrip()
        yield from ("", *self._total_lines(has_pending=has_pending), "", self.footer.line())

    def _total_lines(self, *, has_pending: bool) -> list[str]:
        totals = self.totals
        members = counted(totals["members"], "member")
        line = f"{members:<{self.width}}{totals['points']:>12,}" + f"{totals['pending']:>10,}" * has_pending
        lines = [line]
        if totals["in_debt"]:
            lines.append(f"{totals['in_debt']:,} in debt, {totals['debt']:,} points together")
        if totals["set_aside"]:
            lines.append(f"{totals['set_aside']:,} set aside: loyalty quarantine list")
        if self.limit is not None and self.limit < totals["members"]:
            lines.append(f"the first {self.limit:,} are shown; the totals are of all")
        return lines

    def _column(self, ladder: str) -> int:
        return max(len(ladder), self.rungs[ladder])


def member_list(
    connection: Connection, *, standing: Mapping[str, str] | None = None, limit: int | None = None
) -> MemberList:
    """Return the table of members.

    Args:
        connection: Of a reading; the rows come from it while they are read.
        standing: By ladder, the rung a member must stand on; None for everybody.
        limit: The most rows.

    Raises:
        LoyaltyError: there is no such ladder, or nobody has ever stood on that rung.
    """
    foot, standing = footer(connection), standing or {}
    rungs = {
        row.ladder: row.letters for row in connection.execute(
            text("SELECT ladder, max(length(rung)) AS letters FROM ladders GROUP BY ladder ORDER BY ladder")
        )
    }  # fmt: skip
    for ladder, rung in standing.items():
        _check(connection, rungs, ladder, rung)
    source, params = _source(list(rungs), standing)
    totals = connection.execute(
        text(
            "SELECT count(*) AS members, sum(coalesce(b.points, 0)) AS points, "
            "sum(coalesce(b.pending, 0)) AS pending, sum(coalesce(b.debt, 0)) AS debt, "
            "sum(CASE WHEN b.debt > 0 THEN 1 ELSE 0 END) AS in_debt, count(q.member) AS set_aside, "
            f"max(length(m.member)) AS letters {source}"
        ), params,
    ).one()  # fmt: skip
    columns = "".join(f", l{number}.rung" for number in range(len(rungs)))
    bound = "" if limit is None else " LIMIT :limit"
    return MemberList(
        rungs=rungs,
        width=max(min(totals.letters or 0, _MOST), 16),
        totals={
            name: int(getattr(totals, name) or 0)
            for name in ("members", "points", "pending", "debt", "in_debt", "set_aside")
        },
        limit=limit,
        zone=zone_of(connection),
        footer=foot,
        _connection=connection,
        _sql="SELECT m.member, coalesce(b.points, 0), coalesce(b.pending, 0), "  # noqa: S608 - our own words
        "(SELECT max(last_us) FROM purchases p WHERE p.member = m.member), q.member IS NOT NULL"
        f"{columns} {source} ORDER BY m.member{bound}",
        _params=params if limit is None else {**params, "limit": limit},
    )


def _source(ladders: list[str], standing: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Return the joined tables, and who is asked for, with the parameters of both."""
    joins = [
        "FROM (SELECT member FROM member_states UNION SELECT member FROM quarantine) m",
        "LEFT JOIN balances b ON b.member = m.member LEFT JOIN quarantine q ON q.member = m.member",
    ]
    params: dict[str, Any] = {}
    conditions = []
    for number, ladder in enumerate(ladders):
        params[f"ladder_{number}"] = ladder
        joins.append(
            f"LEFT JOIN ladders l{number} ON l{number}.member = m.member "
            f"AND l{number}.ladder = :ladder_{number}"
        )
        if ladder in standing:
            params[f"rung_{number}"] = standing[ladder]
            conditions.append(f"l{number}.rung = :rung_{number}")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return " ".join(joins) + where, params


def _check(connection: Connection, rungs: Mapping[str, int], ladder: str, rung: str) -> None:
    if ladder not in rungs:
        names = ", ".join(rungs) or "none: no rule has moved anybody"
        raise LoyaltyError(f"no ladder {ladder!r}", hint=f"ladders are {names}")
    known = connection.execute(
        text("SELECT DISTINCT rung FROM moves WHERE ladder = :ladder ORDER BY rung"), {"ladder": ladder}
    ).scalars().all()  # fmt: skip
    if rung not in known:
        raise LoyaltyError(
            f"nobody has stood on {rung!r} of ladder {ladder!r}", hint=f"its rungs are {', '.join(known)}"
        )
