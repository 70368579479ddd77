"""What a rule may answer. Effects are plain values; the engine alone applies them.

The file is longer than a room should be: it is a list, one effect after the other.

Every effect may name another *member* of the group; without one it is for the member the fact is about.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

from msgspec import Struct

from ..ledger.units import Rounding
from .sums import Sums


class Effect(Struct, frozen=True, kw_only=True, gc=False):
    """The common part of every effect.

    Attributes:
        member: Another member of the group whom it is for; None: the member the rule was asked about.
    """

    member: str | None = None


class Accrue(Effect, frozen=True, gc=False):
    """Give points: one new lot.

    Attributes:
        points: 0 or more; 0 books nothing and is only explained.
        reason: In words, for the member's statement.
        usable_us: From when they can be spent; None: at once, or as another rule's terms say.
        expires_us: When what is left of them is gone; None: as another rule's terms say, else never.
        account: The programme's account that gives them.
        lines: What each line of the order counts for, one number a line; None: its amount. So much of the
            points goes when the line is returned.
    """

    points: int
    reason: str
    usable_us: int | None = None
    expires_us: int | None = None
    account: Literal["issued", "opened", "adjusted"] = "issued"
    lines: tuple[int, ...] | None = None


class Limit(Effect, frozen=True, gc=False):
    """Cut what this fact earns; the last awards give first. Stage ``cap`` only.

    Attributes:
        points: At most so many, 0 or more.
    """

    points: int
    reason: str


class Terms(Effect, frozen=True, gc=False):
    """Answer to a :class:`NewLot`: its terms. The first rule that says something has said it.

    Attributes:
        usable_us: From when its points can be spent; None leaves it open.
        expires_us: When what is left of them is gone, ``FOREVER_US`` for never; None leaves it open.
    """

    usable_us: int | None = None
    expires_us: int | None = None


class Burn(Effect, frozen=True, gc=False):
    """Spend points from the member's lots in burn order. What no lot covers becomes debt.

    Attributes:
        points: 1 or more.
        account: The programme's account that receives them.
    """

    points: int
    reason: str
    account: Literal["redeemed", "adjusted", "opened"] = "redeemed"


class Reverse(Effect, frozen=True, gc=False):
    """Take back what a remembered fact earned: all of it, or its share of what has come back so far.

    Taken are the points due by now less those taken before: first from what is left of their own lot, then
    from what of it has expired (which changes no balance), then in burn order. All of it takes what other
    members of the group earned by that fact, too, and what the fact counted for in sums.

    Attributes:
        fact: Its position.
        returned: How much of each part of the order (``Traced.weights``) has come back by now; None: all.
        by: Each award's own "lines", or the share of the whole "order".
        rounding: Of what is due back of an award, all its lines together.
        beyond: What the member no longer has becomes "debt"; "clamp": is not taken; "waive": is booked as
            debt and forgiven.
    """

    fact: int
    reason: str
    returned: tuple[int, ...] | None = None
    by: Literal["lines", "order"] = "lines"
    rounding: Rounding = "half-up"
    beyond: Literal["debt", "clamp", "waive"] = "debt"


class Wait(Effect, frozen=True, gc=False):
    """Let the fact at hand wait for a purchase of an order: then all rules are asked about it once more.

    Attributes:
        order: The order.
    """

    order: str


class Restore(Effect, frozen=True, gc=False):
    """Give the points that a remembered fact burned back to the lots they came from, with their own expiry.

    Once for each fact. What had become debt pays that debt, or is a new lot if it has been paid since.

    Attributes:
        fact: Its position.
    """

    fact: int
    reason: str


class Undo(Effect, frozen=True, gc=False):
    """Undo what a remembered fact took back or gave back: what Reverse and Restore did in answer to it.

    Points taken go back to where they were taken from, with their own expiry; points given back are spent
    again. Members of the group whom it reached are reached again. Once for each fact.

    Attributes:
        fact: Its position.
    """

    fact: int
    reason: str


class Hold(Effect, frozen=True, gc=False):
    """Set points apart from the member's lots, in burn order: they can neither be spent nor expire.

    Attributes:
        hold: Its name, of no open hold of the member.
        points: 1 or more, and no more than can be spent.
        order: What it is for.
    """

    hold: str
    points: int
    reason: str
    order: str | None = None


class Capture(Effect, frozen=True, gc=False):
    """Spend points of an open hold, as a redemption for its order; the rest goes back to its lots.

    Attributes:
        hold: Its name.
        points: 1 or more, and no more than it holds.
    """

    hold: str
    points: int
    reason: str


class Void(Effect, frozen=True, gc=False):
    """Give up an open hold: its points go back to their lots, with their own expiry.

    Attributes:
        hold: Its name.
    """

    hold: str
    reason: str


class Transfer(Effect, frozen=True, gc=False):
    """Give points to another member of the group, in burn order; what no lot covers becomes debt.

    Attributes:
        points: 1 or more.
        to: Who gets them: a lot for each lot they came from, of its age and with its expiry.
        restarts: The receiver's lots get the terms of points earned now instead.
    """

    to: str
    points: int
    reason: str
    restarts: bool = False


class Merge(Effect, frozen=True, gc=False):
    """Take over another member: its lots, its debt, its remembered facts, its sums, and its facts to come.

    Its open holds are given up first. What rules remember of it, where it stands and its timers rest.

    Attributes:
        absorbed: The other member.
    """

    absorbed: str
    reason: str


class Unmerge(Effect, frozen=True, gc=False):
    """Let an absorbed member be its own again: what is left of its lots goes back, and what it counted for.

    Its own are the lots it brought and those its facts have earned since. What was spent of them stays spent.
    Refused, with a flag, when that fact has not taken it over, or it is no other card of the member.

    Attributes:
        absorbed: The absorbed member.
        merge: The fact by which it was taken over.
    """

    absorbed: str
    merge: int
    reason: str


class Extend(Effect, frozen=True, gc=False):
    """Let lots live longer: those that would expire before; never shorter.

    Attributes:
        expires_us: Until when.
        lot: Only this one; None: all that are open.
    """

    expires_us: int
    reason: str
    lot: int | None = None


class Release(Effect, frozen=True, gc=False):
    """Make the pending points that a fact has earned usable now.

    Attributes:
        fact: Its position.
    """

    fact: int
    reason: str


class Reinstate(Effect, frozen=True, gc=False):
    """Give expired points anew, in a lot of its own.

    Attributes:
        points: 1 or more, and no more than have expired (``Member.expired_points``).
        expires_us: None: never.
    """

    points: int
    reason: str
    expires_us: int | None = None


class Expire(Effect, frozen=True, gc=False):
    """Let all open lots expire now; what is held stays held."""

    reason: str


class Move(Effect, frozen=True, gc=False):
    """Put the member on another rung of a ladder. A move to where the member stands is none.

    Attributes:
        rung: Its name.
        reason: In words, for the member's history.
        ladder: The ladder's name; None: the label of the rule.
        evidence: Positions of the facts that decided, beside the one at hand.
        figures: The numbers that decided, by name.
    """

    rung: str
    reason: str
    ladder: str | None = None
    evidence: tuple[int, ...] = ()
    figures: Mapping[str, int | str] = {}


class Recommend(Effect, frozen=True, gc=False):
    """Recommend that a person does something: open until a fact ``action.done`` names it.

    Attributes:
        action: What to do; its name within the member's actions.
        reason: Why.
        due_us: Until when; None: no date.
    """

    action: str
    reason: str
    due_us: int | None = None


class Settle(Effect, frozen=True, gc=False):
    """Say that an action the rule has recommended is done, by what has happened since.

    Attributes:
        action: Its name.
        outcome: What came of it.
    """

    action: str
    outcome: str


class Keep(Effect, frozen=True, gc=False):
    """Remember something in the rule's own memory of the member (``Member.kept``).

    Attributes:
        key: Its name within that memory.
        value: What to keep; None forgets it.
    """

    key: str
    value: int | str | None


class SetTimer(Effect, frozen=True, gc=False):
    """Wake the rule's ``on_timer`` later. One timer a key: setting it again moves it.

    Attributes:
        key: Its name within the rule's timers of the member.
        due_us: When. What is due already fires at once.
        phase: Order among what is due at one instant, 2 to 99; points become usable and lots expire before.
    """

    key: str
    due_us: int
    phase: int = 5


class StopTimer(Effect, frozen=True, gc=False):
    """Forget a timer that has not fired.

    Attributes:
        key: Its name.
    """

    key: str


class Count(Effect, frozen=True, gc=False):
    """Add to one of the rule's named counters of the member (``Member.counter``).

    Attributes:
        counter: Its name within the rule's memory.
        by: How much; negative numbers take away.
    """

    counter: str
    by: int = 1


class Flag(Effect, frozen=True, gc=False):
    """Leave a remark that a person should see.

    Attributes:
        flag: A short word for the kind of remark: "overdrawn".
    """

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


class Changed(Struct, frozen=True, gc=False):
    """The member's sums (``Member.total``, ``Member.sums``) have changed.

    Attributes:
        fact: Position of the fact that did it.
        occurred_us: When that happened.
        booked_us: When it counts for the member.
        today: The local day of that.
        day: The local day it counts on: of a return, that of the purchase.
        more: What was added; negative numbers were taken away.
        has_losses: Some of it may have been taken away, whatever the sum says: the facts of two members were
            joined, or parted.
    """

    fact: int
    occurred_us: int
    booked_us: int
    today: date
    day: date
    more: Sums
    has_losses: bool = False

    @property
    def is_gain(self) -> bool:
        """Nothing was taken away."""
        return min(self.more) >= 0 and not self.has_losses


class Timer(Struct, frozen=True, gc=False):
    """A timer that is due, as ``on_timer`` receives it.

    Attributes:
        key: The name under which the rule has set it.
        due_us: When it was due: the instant it counts at, too.
        fact: Position of the fact on which it was set.
    """

    key: str
    due_us: int
    fact: int
