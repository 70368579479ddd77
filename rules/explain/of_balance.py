"""The balance: by the programme's accounts, and in the lots that are left, each with the fact it is from."""

from __future__ import annotations

from collections.abc import Sequence

from ...ledger.calendar import FOREVER_US
from ...ledger.journal import Entry
from ...ledger.reports.typesetting import minute, set_lines
from .layout import told_fact
from .story import Story

_MOST = 10
_WORDS = {
    "issued": "earned by rules", "redeemed": "spent, less what came back", "expired": "not spent in time",
    "reversed": "taken back by returns and retractions", "adjusted": "given or taken by a person",
    "transferred": "from and to other members", "waived": "debts forgiven", "opened": "brought along",
}  # fmt: skip


def by_account(entries: Sequence[Entry]) -> dict[str, int]:
    """Return the member's points by the programme's account they came from or went to."""
    sums: dict[str, int] = {}
    for entry in entries:
        if entry.account:
            sums[entry.account] = sums.get(entry.account, 0) - entry.contra
    return sums


def balance_lines(story: Story) -> list[str]:
    """Return what the balance is made of."""
    lines = []
    for account, points in by_account(story.entries).items():
        count = sum(entry.account == account for entry in story.entries)
        entries = "1 entry" if count == 1 else f"{count:,} entries"
        lines.append(f"  {account:<12}{points:>+12,}  {_WORDS.get(account, ''):<40}{entries:>12}")
    pending, held = (sum(getattr(e, name) for e in story.entries) for name in ("pending", "held"))
    for name, points, words in (("pending", pending, "not available yet"), ("held", held, "set apart")):
        if points:
            lines.append(f"  {name:<12}{-points:>+12,}  {words}")
    balance = sum(entry.points for entry in story.entries)
    return [*lines, f"  {'available':<12}{balance:>12,}  points"] if lines else []


def lot_lines(story: Story) -> list[str]:
    """Return in which lots the points are, the next to be spent first."""
    debt = sum(entry.points for entry in story.lots.get(None, ()))
    left = [
        (_expires_us(entries), entries[0].booked_us, lot, points, entries[0])
        for lot, entries in story.lots.items()
        if lot is not None and (points := sum(e.points + e.pending + e.held for e in entries))
    ]
    left.sort(key=lambda found: (*found[:2], found[4].fact, found[2]))
    lines = []
    for expires_us, _, lot, points, opening in left[:_MOST]:
        expires = "never expires" if expires_us >= FOREVER_US else f"expires {minute(expires_us, story.zone)}"
        words = f"lot {lot}, {expires}: entry {opening.entry}, {told_fact(story, opening.fact)}"
        lines += set_lines(words, lead=f"  {points:>10,}  in ")
    if len(left) > _MOST:
        rest = sum(points for _, _, _, points, _ in left[_MOST:])
        lines.append(f"  {rest:>10,}  in {len(left) - _MOST:,} lots more")
    if debt:
        lines.append(f"  {debt:>10,}  owed")
    return lines


def _expires_us(entries: Sequence[Entry]) -> int:
    return next((e.expires_us for e in reversed(entries) if e.expires_us is not None), FOREVER_US)
