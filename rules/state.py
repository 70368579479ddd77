"""What the engine keeps of one member between facts, and how it is written down."""

from __future__ import annotations

from bisect import insort
from typing import Any

import msgspec
from msgspec import Struct

from ..ledger.calendar import FOREVER_US


class Lot(Struct, array_like=True, gc=False):
    """An open lot: points with the same cause and the same terms.

    Attributes:
        expires_us: FOREVER_US when it never expires.
        terms_rule: Label of the rule that set the expiry; '' when it needs no rule.
        pending_rule: Label of the rule that lets its points wait, '' if none does.
        origin: The absorbed member it came from or was earned by, '' if it is the member's own.
    """

    expires_us: int
    booked_us: int
    lot: int
    fact: int
    points: int
    pending: int
    usable_us: int
    terms_rule: str
    origin: str = ""
    pending_rule: str = ""

    def __lt__(self, other: Lot) -> bool:
        """Burn order: soonest expiry first, then oldest (told first, of one instant), never-expiring last."""
        return (self.expires_us, self.booked_us, self.fact, self.lot) < (
            other.expires_us,
            other.booked_us,
            other.fact,
            other.lot,
        )


class Alarm(Struct, array_like=True, gc=False):
    """A rule's timer that has not fired."""

    due_us: int
    phase: int
    rule: str
    key: str
    fact: int

    def __lt__(self, other: Alarm) -> bool:
        return (self.due_us, self.phase, self.rule, self.key) < (
            other.due_us,
            other.phase,
            other.rule,
            other.key,
        )


class Earned(Struct, array_like=True, gc=False):
    """What one award of a remembered fact came to.

    Attributes:
        weights: What each part of the order counts for; None: as the trace says.
        taken: Points taken back so far, whatever they were taken from.
        spared: Of these, what the member no longer had and was not asked for, or was forgiven.
        spared_by: The account it was booked against: 'reversed' or 'waived'.
        source: Of points that another member gave and that kept their terms: the fact they were earned by.
    """

    lot: int
    points: int
    account: str
    weights: tuple[int, ...] | None = None
    taken: int = 0
    spared: int = 0
    spared_by: str = ""
    source: int = 0


class Burned(Struct, array_like=True, gc=False):
    """What a remembered fact took from one lot, with the lot's terms: it may be gone when points come back.

    Attributes:
        lot: None for what became debt.
    """

    account: str
    points: int
    lot: int | None
    fact: int = 0
    booked_us: int = 0
    usable_us: int = 0
    expires_us: int = FOREVER_US
    terms_rule: str = ""
    origin: str = ""
    pending_rule: str = ""


class Taken(Struct, array_like=True, gc=False):
    """What a remembered fact took back of another, or gave back of what that had spent.

    Attributes:
        fact: The other fact.
        returned: How much more of each part of it came back; empty: all that was left.
        lots: By award, its lot and what was taken, piece by piece. A piece of the account 'expired' had
            expired and one of '' was not asked for: neither changed a balance.
        was_spent: What the other fact had spent was given back.
    """

    fact: int
    returned: tuple[int, ...] = ()
    lots: tuple[tuple[int, tuple[Burned, ...]], ...] = ()
    was_spent: bool = False


class Held(Struct, array_like=True, gc=False):
    """Points set apart from their lots by an open hold.

    Attributes:
        fact: The fact that placed it.
        order: What it is for, '' if that was not said.
        pieces: What it holds of which lot, in the order it was taken.
    """

    fact: int
    order: str
    pieces: tuple[Burned, ...]


class Trace(Struct, array_like=True, gc=False):
    """A remembered fact: what it earned and burned, so that it can be taken back.

    Attributes:
        key: The order or the reward it is about, '' if none.
        weights: Of a purchase: the amount of each line in minor units (1 each where all are free), or that of
            an order without lines.
        returned: How much of each has come back; empty: nothing.
        others: Members of the group who earned by the same fact.
        is_visit: Of a purchase: it counts as a visit.
        taken: What it took back of other facts, in the order it did.
        is_undone: That was undone.
        origin: The absorbed member whose fact it is, '' if it is the member's own.
    """

    fact: int
    topic: str
    key: str
    booked_us: int
    occurred_us: int
    currency: str = ""
    amount_minor: int = 0
    weights: tuple[int, ...] = ()
    returned: tuple[int, ...] = ()
    earned: tuple[Earned, ...] = ()
    burned: tuple[Burned, ...] = ()
    others: tuple[str, ...] = ()
    is_visit: bool = False
    is_reversed: bool = False
    is_restored: bool = False
    taken: tuple[Taken, ...] = ()
    is_undone: bool = False
    origin: str = ""


class Rung(Struct, array_like=True, gc=False):
    """Where a member stands on a ladder, and after how many moves."""

    rung: str
    moves: int


class MemberState(Struct, array_like=True, gc=False):
    """Everything the fold knows of a member.

    Attributes:
        position: The last fact or advance that changed it.
        clock_us: The latest instant booked.
        points: Available; negative is debt.
        lots: Open lots in burn order (soonest expiry).
        alarms: Timers in the order they fire.
        memory: What rules remember, by label, then name: numbers that count, numbers and texts that are kept.
        traces: Remembered facts in the order they were booked.
        expired: By lot of a remembered fact, what of it expired and has not been taken back.
        days: Rows of :mod:`sums`: a day's ordinal, then what the member had come to by its end.
        rungs: By ladder.
        holds: Open holds by name.
        gone_points: What has expired, less what was given anew or taken back since.
        waiting: Facts that wait for the purchase of an order: their types and themselves as JSON.
        told: Where late facts are restated, all facts told: position, instant, type and themselves as JSON.
        links: Where late facts are restated, the members that facts told so far have connected this one with.
        lot_names: Where something was restated, the lots' numbers by the fact and the rule that opened them.
        lots_ahead: How many numbers of lots the journal is ahead of such a fold, since the last time.
        absorbed_by: The member that has taken this one over, '' if none has: it has no points then.
        absorbed_at: The fact by which it has.
        absorbed_sums: What its sums came to then.
    """

    format: int = 2
    position: int = 0
    clock_us: int = -FOREVER_US
    entries: int = 0
    lots_made: int = 0
    points: int = 0
    pending: int = 0
    held: int = 0
    lots: list[Lot] = []
    alarms: list[Alarm] = []
    memory: dict[str, dict[str, int | str]] = {}
    traces: list[Trace] = []
    expired: dict[str, int] = {}
    days: list[list[int]] = []
    rungs: dict[str, Rung] = {}
    holds: dict[str, Held] = {}
    gone_points: int = 0
    absorbed_by: str = ""
    absorbed_at: int = 0
    absorbed_sums: tuple[int, ...] = (0, 0, 0, 0)
    waiting: dict[str, list[tuple[str, bytes]]] = {}
    told: list[tuple[int, int, str, bytes]] = []
    links: list[str] = []
    lot_names: dict[str, int] = {}
    lots_ahead: int = 0

    def due_us(self) -> int:
        """Return the next instant at which something is due, or FOREVER_US."""
        due = FOREVER_US
        if self.absorbed_by:
            return due
        if self.lots:
            due = self.lots[0].expires_us
            if self.pending:
                due = min(due, *(lot.usable_us for lot in self.lots if lot.pending))
        if self.alarms and self.alarms[0].due_us < due:
            due = self.alarms[0].due_us
        return due

    def add_lot(self, lot: Lot) -> None:
        """Put a lot in its place."""
        lots = self.lots
        if not lots or lots[-1] < lot:
            lots.append(lot)
        else:
            insort(lots, lot)

    def set_alarm(self, alarm: Alarm) -> None:
        """Set or move the timer of a rule's key."""
        self.stop_alarm(alarm.rule, alarm.key)
        insort(self.alarms, alarm)

    def stop_alarm(self, rule: str, key: str) -> None:
        """Forget the timer of a rule's key, if there is one."""
        self.alarms = [alarm for alarm in self.alarms if (alarm.rule, alarm.key) != (rule, key)]


_encode = msgspec.msgpack.Encoder(order="deterministic").encode
_decode = msgspec.msgpack.Decoder(MemberState).decode


def dump(state: MemberState) -> bytes:
    """Return the state as bytes; equal states give equal bytes."""
    return _encode(state)


def load(written: bytes) -> MemberState:
    """Return the state from its bytes."""
    return _decode(written)


def any_value(value: Any) -> Any:
    """Return a value as plain JSON types, Decimals as text."""
    return msgspec.to_builtins(value, str_keys=True)
