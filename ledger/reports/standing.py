"""Where a member stands, and what is open: ladders, complaints, actions, rewards, referrals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, text

from ..calendar import Zone, rfc3339
from .typesetting import counted, day, listed, minute, set_lines

_LEAD = 13
_MOST = 5
"""So many of each kind are shown to people; programs get all."""

_LADDERS = (
    "SELECT l.ladder, l.rung, l.old, l.number, l.since_us, l.position, l.fact, l.rule, m.reason "
    "FROM ladders l JOIN moves m ON m.member = l.member AND m.ladder = l.ladder AND m.number = l.number "
    "WHERE l.member = :member ORDER BY l.ladder"
)
_COMPLAINTS = (
    "SELECT complaint, status, category, opened_us, reopened_us, position FROM complaints "
    "WHERE member = :member AND status NOT IN ('resolved', 'followed up', 'retracted') "
    "ORDER BY opened_us, complaint"
)
_TIMERS = "SELECT key, due_us FROM timers WHERE member = :member ORDER BY due_us, key"
_ACTIONS = (
    "SELECT action, due_us, booked_us, reason, rule, position FROM actions "
    "WHERE member = :member AND status = 'open' "
    "ORDER BY CASE WHEN due_us IS NULL THEN 1 ELSE 0 END, due_us, booked_us, action"
)
_REWARDS = (
    "SELECT reward, kind, points, value_minor, currency, issued_us, expires_us, position FROM rewards "
    "WHERE member = :member AND status = 'issued' AND issued_us IS NOT NULL "
    "AND (expires_us IS NULL OR expires_us > :now_us) ORDER BY issued_us, reward"
)
_REFERRED = (
    "SELECT referred, status, made_us, joined_us, bought_us, position FROM referrals "
    "WHERE member = :member AND status <> 'retracted' ORDER BY made_us, referred"
)
_REFERRERS = (
    "SELECT member, status, made_us, joined_us, bought_us, position FROM referrals "
    "WHERE referred = :member AND status <> 'retracted' ORDER BY made_us, member"
)


class Ahead(Protocol):
    """What lies ahead on a ladder: rules know, reports only show it."""

    @property
    def ladder(self) -> str:
        """Its name."""

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""

    def lines(self) -> list[str]:
        """Return it for people, a sentence each."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """Rows of the views, by view; each only while it matters.

    Attributes:
        ladders: Where the member stands, with the move that led there.
        complaints: Those not resolved, with the deadlines that run, as (what, due_us).
        actions: Open ones, the most urgent first.
        rewards: Issued, not used, cancelled or expired.
        referred: Whom the member referred.
        referrers: Who referred the member.
        ahead: What lies ahead on ladders.
    """

    ladders: list[dict[str, Any]]
    complaints: list[dict[str, Any]]
    actions: list[dict[str, Any]]
    rewards: list[dict[str, Any]]
    referred: list[dict[str, Any]]
    referrers: list[dict[str, Any]]
    ahead: Sequence[Ahead] = ()

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "ladders": [_timed(row) for row in self.ladders],
            "ahead": [ahead.fields() for ahead in self.ahead],
            "complaints": [{**_timed(row), "deadlines": _due(row["deadlines"])} for row in self.complaints],
            "actions": [_timed(row) for row in self.actions],
            "rewards": [_timed(row) for row in self.rewards],
            "referred": [_timed(row) for row in self.referred],
            "referred_by": [_timed(row) for row in self.referrers],
        }  # fmt: skip

    def lines(self, zone: Zone) -> list[str]:
        """Return it for people; nothing where there is nothing."""
        lines = self._ladder_lines(zone) + self._complaint_lines(zone)
        for row in self.actions[:_MOST]:
            due = f", due {minute(row['due_us'], zone)}" if row["due_us"] is not None else ""
            lines += set_lines(f"{row['action']}{due}", lead=_lead("to do"))
        if len(self.actions) > _MOST:
            lines.append(f"{_lead('')}and {len(self.actions) - _MOST:,} more: loyalty actions list")
        for row in self.rewards[:_MOST]:
            until = f", good until {day(row['expires_us'], zone)}" if row["expires_us"] is not None else ""
            price = f" for {counted(row['points'], 'point')}" if row["points"] else ""
            lines += set_lines(f"{row['reward']}, {row['kind']}{price}{until}", lead=_lead("reward"))
        if len(self.rewards) > _MOST:
            lines.append(f"{_lead('')}and {len(self.rewards) - _MOST:,} more")
        return lines + self._referral_lines(zone)

    def _ladder_lines(self, zone: Zone) -> list[str]:
        found = {
            row["ladder"]: [f"{row['rung'] or 'none'} since {day(row['since_us'], zone)}: {row['reason']}"]
            for row in self.ladders
        }
        for ahead in self.ahead:
            found.setdefault(ahead.ladder, []).extend(ahead.lines())
        return [
            line for ladder in sorted(found) for number, words in enumerate(found[ladder])
            for line in set_lines(words, lead=_lead("" if number else ladder))
        ]  # fmt: skip

    def _complaint_lines(self, zone: Zone) -> list[str]:
        lines = []
        for row in self.complaints:
            opened = f" since {day(row['opened_us'], zone)}" if row["opened_us"] is not None else ""
            deadlines = [f"{what} by {minute(due_us, zone)}" for what, due_us in row["deadlines"]]
            words = [f"{row['complaint']} {row['status']}{opened}", row["category"] or "", *deadlines]
            lines += set_lines(", ".join(filter(None, words)), lead=_lead("complaint"))
        return lines

    def _referral_lines(self, zone: Zone) -> list[str]:
        lines = []
        for row in self.referrers:
            lines += set_lines(f"by {row['member']} on {day(row['made_us'], zone)}", lead=_lead("referred"))
        told = [f"{row['referred']} ({row['status']})" for row in self.referred[:_MOST]]
        if len(self.referred) > _MOST:
            told.append(f"{len(self.referred) - _MOST:,} more")
        return lines + (set_lines(listed(told), lead=_lead("brought")) if told else [])


def standing_of(connection: Connection, member: str, *, now_us: int, ahead: Sequence[Ahead] = ()) -> Standing:
    """Return where a member stands.

    Args:
        connection: Of a reading.
        member: Whom.
        now_us: The time: rewards that expired by now are of no use.
        ahead: What rules say lies ahead of it.
    """
    complaints = _rows(connection, _COMPLAINTS, member=member)
    timers = _rows(connection, _TIMERS, member=member) if complaints else []
    for row in complaints:
        # A deadline is a timer named by what must be done: "resolve C-1".
        row["deadlines"] = [
            (what, timer["due_us"]) for timer in timers
            for what, _, complaint in [timer["key"].partition(" ")] if complaint == row["complaint"]
        ]  # fmt: skip
    return Standing(
        ladders=_rows(connection, _LADDERS, member=member),
        complaints=complaints,
        actions=_rows(connection, _ACTIONS, member=member),
        rewards=_rows(connection, _REWARDS, member=member, now_us=now_us),
        referred=_rows(connection, _REFERRED, member=member),
        referrers=_rows(connection, _REFERRERS, member=member),
        ahead=ahead,
    )


def standing_line(connection: Connection, member: str, zone: Zone) -> str:
    """Return in one sentence what a member has and where it stands."""
    of = {"member": member}
    balance = connection.execute(
        text("SELECT points, pending FROM balances WHERE member = :member"), of
    ).one_or_none()
    words = [f"now {counted(balance.points if balance else 0, 'point')}"]
    if balance and balance.pending:
        words.append(f"{balance.pending:,} pending")
    rows = connection.execute(
        text("SELECT ladder, rung, since_us FROM ladders WHERE member = :member ORDER BY ladder"), of
    )
    words += [f"{row.ladder} {row.rung or 'none'} since {day(row.since_us, zone)}" for row in rows]
    return ", ".join(words)


def _rows(connection: Connection, sql: str, **params: Any) -> list[dict[str, Any]]:
    return [dict(row._mapping) for row in connection.execute(text(sql), params)]


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removesuffix("_us"): rfc3339(value) if name.endswith("_us") and value is not None else value
        for name, value in row.items() if name != "deadlines"
    }  # fmt: skip


def _due(deadlines: list[tuple[str, int]]) -> list[dict[str, str]]:
    return [{"what": what, "due": rfc3339(due_us)} for what, due_us in deadlines]


def _lead(label: str) -> str:
    return f"  {label:<{_LEAD - 4}}  "
