"""What a rule may answer. Effects are plain values; the engine alone applies them.

Every effect may name another *member* of the group; without one it is for the member the fact is about.
"""

from __future__ import annotations

from msgspec import Struct


class Effect(Struct, frozen=True, kw_only=True, gc=False):
    """The common part of every effect."""

    member: str | None = None


class Accrue(Effect, frozen=True, gc=False):
    """Give points: one new lot.

    Attributes:
        points: 0 or more; 0 books nothing and is only explained.
        reason: In words, for the member's statement.
        usable_us: From when they can be spent; None: at once, or as another rule's terms say.
        expires_us: When what is left of them is gone; None: as another rule's terms say, else never.
    """

    points: int
    reason: str
    usable_us: int | None = None
    expires_us: int | None = None


class Limit(Effect, frozen=True, gc=False):
    """Cut what this fact earns to at most *points*; the last awards give first. Stage ``cap`` only."""

    points: int
    reason: str


class Terms(Effect, frozen=True, gc=False):
    """Answer to a :class:`NewLot`: from when it is usable and when it expires. None leaves it open."""

    usable_us: int | None = None
    expires_us: int | None = None


class Burn(Effect, frozen=True, gc=False):
    """Spend points from the member's lots in burn order. What no lot covers becomes debt."""

    points: int
    reason: str


class SetTimer(Effect, frozen=True, gc=False):
    """Wake the rule's ``on_timer`` at *due_us*. One timer a key: setting it again moves it."""

    key: str
    due_us: int
    phase: int = 5


class StopTimer(Effect, frozen=True, gc=False):
    """Forget a timer that has not fired."""

    key: str


class Count(Effect, frozen=True, gc=False):
    """Add to one of the rule's named counters."""

    counter: str
    by: int = 1


class Flag(Effect, frozen=True, gc=False):
    """Leave a remark that a person should see."""

    flag: str
    reason: str


class NotQualified(Effect, frozen=True, gc=False):
    """Say why the rule gives nothing. Kept only when explaining."""

    reason: str


class NewLot(Struct, frozen=True, gc=False):
    """A lot about to be opened: rules that listen to it may answer with :class:`Terms`.

    Attributes:
        points: Its points.
        rule: Label of the rule that gives them.
        fact: Position of the fact that earned them.
        occurred_us: When that happened; terms count from here, also for a late fact.
    """

    points: int
    rule: str
    fact: int
    occurred_us: int


class Timer(Struct, frozen=True, gc=False):
    """A timer that is due, as ``on_timer`` receives it."""

    key: str
    due_us: int
    fact: int
