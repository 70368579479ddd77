"""Points that one member gives to another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    Effect,
    Fact,
    Flag,
    Member,
    Params,
    PointsTransferred,
    Rule,
    Transfer,
    hookimpl,
    on,
)


class TransfersParams(Params, frozen=True, kw_only=True):
    """Parameters of ``transfers``.

    Attributes:
        expiry: Points "keep" the expiry of the lots they come from; "restart": it is that of points earned
            when they are given.
        minimum: A command refuses to give fewer points.
        window_days: For how many days a transfer can be retracted.
    """

    expiry: Literal["keep", "restart"] = "keep"
    minimum: Annotated[int, Meta(ge=1)] = 1
    window_days: Annotated[int, Meta(ge=1, le=36_600)] = 365


class Transfers(Rule):
    """Move points from lot to lot; what the giver does not have becomes its debt, and a flag."""

    name, version, stage = "transfers", 1, "standing"
    is_alone = True
    Params = TransfersParams
    params: TransfersParams

    def spending_days(self) -> int:
        """Return for how long transfers are remembered."""
        return self.params.window_days

    @on(PointsTransferred)
    def give(self, given: Fact[PointsTransferred], member: Member) -> Iterator[Effect]:
        """Burn the points here and open them there."""
        points, receiver = given.data.points, member.other(given.data.to)
        if receiver is None or receiver.id == member.id:
            yield Flag(flag="transfer-to-self", reason=f"{points} points were given to the same member")
            return
        available = max(member.balance_points, 0)
        member.note("{} points of {} available", points, available)
        restarts = self.params.expiry == "restart"
        reason = f"given by {member.id} to {receiver.id}"
        yield Transfer(to=receiver.id, points=points, reason=reason, restarts=restarts)
        if points > available:
            yield Flag(flag="overdrawn", reason=f"gave {points} points, {available} were available")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Transfers]
