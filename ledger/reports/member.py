"""One member: what there is now (``member show``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from msgspec import Struct, json
from sqlalchemy import Connection, text

from ..calendar import Zone, instant_us, rfc3339
from ..errors import LoyaltyError
from ..facts.programme import ClockAdvanced
from ..units import decimals, money_text
from .expiring import Expiring, expiring_of
from .footer import Footer, footer
from .standing import Ahead, Standing, standing_of
from .typesetting import day, minute, set_lines, zone_of


@dataclass(frozen=True, kw_only=True)
class Spend:
    """A member's purchases in one currency."""

    currency: str
    purchases: int
    spend_minor: int
    first_us: int
    last_us: int


@dataclass(frozen=True, kw_only=True)
class MemberReport:
    """Balances, purchases, what expires when, where a member stands, and how current all that is.

    Attributes:
        zone: Whose days and times people read.
        clock_us: The latest instant that has passed for the member, by a fact or an advance.
        expiring: Every open lot, and what would take them all.
        overdue_points: What has expired by now and is still in the balance: nobody advanced the clock.
        set_aside: Why the member is in quarantine, or None.
    """

    member: str
    zone: Zone
    points: int
    pending: int
    held: int
    debt: int
    spend: list[Spend]
    expiring: Expiring
    clock_us: int | None
    overdue_points: int
    set_aside: str | None
    flags: list[str]
    standing: Standing
    footer: Footer

    @property
    def purchases(self) -> int:
        """Purchases in all currencies."""
        return sum(spend.purchases for spend in self.spend)

    def fields(self) -> dict[str, Any]:
        """Return the report for programs; the keys are an interface."""
        return {
            "member": self.member,
            "points": self.points,
            "pending": self.pending,
            "held": self.held,
            "debt": self.debt,
            "purchases": self.purchases,
            "spend": [
                {
                    "currency": s.currency, "purchases": s.purchases, "spend_minor": s.spend_minor,
                    "spend": _decimal(s.spend_minor, s.currency), "first": rfc3339(s.first_us),
                    "last": rfc3339(s.last_us),
                } for s in self.spend
            ],
            **self.expiring.fields(),
            "clock": None if self.clock_us is None else rfc3339(self.clock_us),
            "overdue_points": self.overdue_points,
            "set_aside": self.set_aside,
            "flags": self.flags,
            **self.standing.fields(),
            "footer": self.footer.fields(),
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return the report for people, at most 80 columns."""
        zone = self.zone
        clock = "" if self.clock_us is None else f"clock {minute(self.clock_us, zone)} {zone.name}"
        lines = [f"member {self.member}{clock:>{max(73 - len(self.member), 0)}}".rstrip(), ""]
        lines.append(f"  available  {self.points:>12,} points")
        for label, value in (("pending", self.pending), ("held", self.held), ("debt", self.debt)):
            if value:
                lines.append(f"  {label:<9}  {value:>12,} points")
        lines += [
            f"  purchases  {s.purchases:>12,}        {money_text(s.spend_minor, s.currency)}"
            f"  {day(s.first_us, zone)} to {day(s.last_us, zone)}"
            for s in self.spend
        ]
        lines += self.expiring.lines(zone)
        if self.overdue_points:
            lines.append(f"  overdue    {self.overdue_points:>12,} points  expired by now, not booked yet:")
            lines.append(f"{'':27}loyalty advance, then loyalty project run")
        if standing := self.standing.lines(zone):
            lines += ["", *standing]
        return [*lines, *self._remark_lines(), "", self.footer.line()]

    def _remark_lines(self) -> list[str]:
        lines = [""] if self.flags or self.set_aside else []
        if len(self.flags) > 5:
            lines.append(
                f"  flags      {len(self.flags):>12,}, of these the last (member history tells all):"
            )
        for flag in self.flags[-5:]:
            lines += set_lines(flag, lead="  flag       ")
        if self.set_aside:
            lines += set_lines(self.set_aside, lead="  SET ASIDE  ")
        return lines


def member_report(
    connection: Connection, member: str, *, now_us: int, ahead: Sequence[Ahead] = ()
) -> MemberReport:
    """Return what the views say of a member.

    Args:
        connection: Of a reading.
        member: Whom.
        now_us: The time: what is due by now and still in the views is overdue.
        ahead: What rules say lies ahead of the member on ladders.

    Raises:
        LoyaltyError: no fact names the member.
    """
    foot = footer(connection)
    of = {"member": member}
    balance = connection.execute(
        text("SELECT points, pending, held, debt FROM balances WHERE member = :member"), of
    ).one_or_none()
    if balance is None and not is_known(connection, member):
        raise unknown_member(member)
    clock_us = member_clock(connection, member)
    passed_us, expiring = max(now_us, clock_us or now_us), expiring_of(connection, member)
    flags = connection.execute(
        text("SELECT position, flag, reason FROM flags WHERE member = :member ORDER BY position"), of
    )
    return MemberReport(
        member=member,
        zone=zone_of(connection),
        points=balance.points if balance else 0,
        pending=balance.pending if balance else 0,
        held=balance.held if balance else 0,
        debt=balance.debt if balance else 0,
        spend=_spend(connection, member),
        expiring=expiring,
        clock_us=clock_us,
        overdue_points=expiring.overdue_points(passed_us),
        set_aside=set_aside(connection, member),
        flags=[f"{row.flag} at position {row.position:,}: {row.reason}" for row in flags],
        standing=standing_of(connection, member, now_us=passed_us, ahead=ahead),
        footer=foot,
    )


def _spend(connection: Connection, member: str) -> list[Spend]:
    rows = connection.execute(
        text(
            "SELECT currency, purchases, spend_minor, first_us, last_us FROM purchases "
            "WHERE member = :member ORDER BY currency"
        ), {"member": member},
    )  # fmt: skip
    return [Spend(**row._mapping) for row in rows]


def unknown_member(member: str) -> LoyaltyError:
    """Return the error that nobody is called so."""
    return LoyaltyError(f"no fact names member {member!r}", hint="ids are exact: loyalty member list")


def set_aside(connection: Connection, member: str) -> str | None:
    """Return why a member stands still, or None."""
    row = connection.execute(
        text("SELECT position, error FROM quarantine WHERE member = :member"), {"member": member}
    ).one_or_none()
    return f"at position {row.position:,}: {row.error}" if row else None


def is_known(connection: Connection, member: str) -> bool:
    """Return whether any fact names the member."""
    found = connection.execute(
        text(
            "SELECT 1 FROM facts WHERE stream = :stream UNION ALL "
            "SELECT 1 FROM fact_members WHERE member = :member LIMIT 1"
        ), {"stream": f"member/{member}", "member": member},
    )  # fmt: skip
    return found.first() is not None


def member_clock(connection: Connection, member: str) -> int | None:
    """Return the latest instant that has passed for a member: booked by a fact, or advanced to by anybody."""
    booked_us = connection.execute(
        text("SELECT clock_us FROM member_states WHERE member = :member"), {"member": member}
    ).scalar()
    advanced = connection.execute(
        text("SELECT state FROM facts WHERE stream = 'programme' AND topic = :topic"),
        {"topic": ClockAdvanced.topic},
    )
    passed = [instant_us(_advance(bytes(state)).data.to) for (state,) in advanced]
    return max(passed if booked_us is None else [*passed, int(booked_us)], default=None)


class _Advance(Struct):
    data: ClockAdvanced


_advance = json.Decoder(_Advance).decode


def _decimal(minor: int, currency: str) -> str:
    places = decimals(currency)
    whole, part = divmod(abs(minor), 10**places)
    sign = "-" if minor < 0 else ""
    return f"{sign}{whole}.{part:0{places}d}" if places else f"{sign}{whole}"
