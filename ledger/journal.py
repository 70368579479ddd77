"""The journal: what a fold yields, the only thing views are built from.

An entry moves points between the accounts of one member (*points*, *pending*, *held*) and one account of the
programme (*account*, *contra*). Its postings sum to zero. It cites one fact, one rule and at most one lot:

- what is left of a lot is the sum of the entries that cite it;
- a debt is the (negative) sum of the entries that cite no lot.
"""

from __future__ import annotations

from typing import NamedTuple

ACCOUNTS = ("issued", "redeemed", "expired", "reversed", "adjusted", "transferred", "waived", "opened")
"""The programme's accounts; the fields of the roll-forward. '' stands for none: a move within the member."""


class Entry(NamedTuple):
    """One balanced entry, in the columns of the table ``journal``.

    Attributes:
        member: Whose.
        entry: Number within the member's journal, from 1, without gaps.
        position: The fact that made it known.
        booked_us: When it counts: never before the entry that stands before it.
        fact: The fact it answers; a timer's entry cites the fact that set the timer.
        rule: The rule's label@version.
        programme: Position of the activation whose parameters were used.
        reason: In words.
        lot: Number of the lot it moves, within the member's; None: it makes or pays a debt.
        points: What the member can spend, more or (negative) less.
        pending: Points not usable yet.
        held: Points set apart.
        account: The programme's account on the other side, '' for a move within the member.
        contra: What that account gets; the four sum to zero.
        usable_us: Set by the entry that opens a lot or changes its terms.
        expires_us: Likewise; None: never, or no change.
        is_late: Whether its fact came late.
    """

    member: str
    entry: int
    position: int
    booked_us: int
    fact: int
    rule: str
    programme: int
    reason: str
    lot: int | None
    points: int
    pending: int
    held: int
    account: str
    contra: int
    usable_us: int | None
    expires_us: int | None
    is_late: bool

    @property
    def balance(self) -> int:
        """The sum of all postings: zero, or the entry is wrong."""
        return self.points + self.pending + self.held + self.contra
