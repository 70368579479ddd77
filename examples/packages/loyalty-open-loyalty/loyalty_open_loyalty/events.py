"""The rule ``open_loyalty_event``: points for what a member does once."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Fact,
    Keep,
    Member,
    MemberEnrolled,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    on,
)


class EventParams(Params, frozen=True, kw_only=True):
    """Parameters of ``open_loyalty_event``.

    Attributes:
        event: The account was created, or the first purchase was made.
        points_amount: Points for it.
        pos: Only first purchases at these points of sale; empty: all.
    """

    event: Literal["account_created", "first_purchase"]
    points_amount: Annotated[int, Meta(ge=1, le=1_000_000)]
    pos: tuple[str, ...] = ()


class OpenLoyaltyEvent(Rule):
    """Points for an account or the first purchase, once. It keeps "done": the position of that fact."""

    name, version, stage = "open_loyalty_event", 1, "earn"
    Params = EventParams
    params: EventParams

    @on(MemberEnrolled)
    def enrol(self, enrolled: Fact[MemberEnrolled], member: Member) -> Answer:
        """Award the points of an account."""
        return self._once(enrolled.position, member) if self.params.event == "account_created" else None

    @on(PurchaseRecorded)
    def buy(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the points of a first purchase; made elsewhere, it is the first all the same."""
        if self.params.event != "first_purchase":
            return None
        pos = self.params.pos
        is_elsewhere = pos and purchase.data.store not in pos
        return self._once(purchase.position, member, f"not at {', '.join(pos)}" if is_elsewhere else "")

    def _once(self, position: int, member: Member, refusal: str = "") -> Answer:
        done = member.kept("done")
        if done is not None:
            return NotQualified(reason=f"not the first: fact {done} was")
        is_done = Keep(key="done", value=position)
        if refusal:
            return [NotQualified(reason=refusal), is_done]
        told = self.params.event.replace("_", " ")
        return [Accrue(points=self.params.points_amount, reason=told), is_done]
