"""Points set apart for an order that is not final."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    DAY_US,
    FOREVER_US,
    Capture,
    Effect,
    Fact,
    Flag,
    Hold,
    HoldCaptured,
    HoldPlaced,
    HoldVoided,
    Keep,
    Member,
    Params,
    Rule,
    SetTimer,
    StopTimer,
    Timer,
    Void,
    hookimpl,
    instant_us,
    on,
)

_HOLD = "hold "


class HoldsParams(Params, frozen=True, kw_only=True):
    """Parameters of ``holds``.

    Attributes:
        days: Days of 24 hours after which a hold that names no end is given up.
        minimum: A command refuses to hold fewer points.
        window_days: For how many days a captured hold can be cancelled.
    """

    days: Annotated[int, Meta(ge=1, le=3_660)] = 7
    minimum: Annotated[int, Meta(ge=1)] = 1
    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365


class Holds(Rule):
    """Hold points, spend what is captured, give back the rest; a hold that is forgotten ends by itself.

    It keeps of a member "hold NAME": open, captured, voided or expired. A name is used once.
    """

    name, version, stage = "holds", 1, "standing"
    is_alone = True
    Params = HoldsParams
    params: HoldsParams

    def spending_days(self) -> int:
        """Return for how long what was captured can be cancelled."""
        return self.params.window_days

    @on(HoldPlaced)
    def place(self, placed: Fact[HoldPlaced], member: Member) -> Iterator[Effect]:
        """Set the points apart, as far as there are any."""
        asked, name = placed.data, placed.data.hold
        known = member.kept(_HOLD + name)
        if known is not None:
            yield Flag(flag="hold-taken", reason=f"hold {name} was placed again: it is {known}")
            return
        available = max(member.balance_points, 0)
        points = min(asked.points, available)
        member.note("{} points of {} available", asked.points, available)
        if points < asked.points:
            yield Flag(flag="hold-short", reason=f"hold {name} asks for {asked.points} points of {available}")
        if not points:
            return
        what = f" for order {asked.order}" if asked.order else ""
        yield Hold(hold=name, points=points, reason=f"held{what}", order=asked.order)
        yield Keep(key=_HOLD + name, value="open")
        until_us = placed.occurred_us + self.params.days * DAY_US
        if asked.until is not None:
            until_us = instant_us(asked.until)
        yield SetTimer(key=name, due_us=min(until_us, FOREVER_US - 1))

    @on(HoldCaptured)
    def capture(self, captured: Fact[HoldCaptured], member: Member) -> Iterator[Effect]:
        """Spend what is captured; the rest is free again."""
        name = captured.data.hold
        held = member.hold(name)
        if held is None:
            yield self._not_open(name, "captured", member)
            return
        points = captured.data.points or held.points
        if points > held.points:
            yield Flag(
                flag="capture-exceeds",
                reason=f"{points} points of hold {name} captured, it holds {held.points}",
            )
        reason = f"redeemed for order {held.order}" if held.order else f"redeemed by hold {name}"
        member.note("{} of {} points held", min(points, held.points), held.points)
        yield Capture(hold=name, points=min(points, held.points), reason=reason)
        yield from _closed(name, "captured")

    @on(HoldVoided)
    def void(self, voided: Fact[HoldVoided], member: Member) -> Iterator[Effect]:
        """Give the points back."""
        name = voided.data.hold
        if member.hold(name) is None:
            yield self._not_open(name, "voided", member)
            return
        yield Void(hold=name, reason=f"hold {name} voided")
        yield from _closed(name, "voided")

    def on_timer(self, timer: Timer, member: Member) -> Iterator[Effect]:
        """Give a forgotten hold's points back."""
        if member.hold(timer.key) is not None:
            yield Void(hold=timer.key, reason=f"hold {timer.key} expired")
        yield Keep(key=_HOLD + timer.key, value="expired")

    def _not_open(self, name: str, verb: str, member: Member) -> Flag:
        known = member.kept(_HOLD + name)
        why = f"it is {known}" if known not in (None, "open") else "no such hold is open"
        return Flag(flag="hold-not-open", reason=f"hold {name} was {verb}, but {why}")


def _closed(name: str, how: str) -> Iterator[Effect]:
    yield Keep(key=_HOLD + name, value=how)
    yield StopTimer(key=name)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Holds]
