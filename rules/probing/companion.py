"""The company a rule is checked in: something that earns, burns, returns, expires and moves on ladders."""

from __future__ import annotations

from ...ledger.calendar import DAY_US
from ...ledger.facts import Fact
from ...ledger.facts.points import PointsRedeemed
from ...ledger.facts.purchase import PurchaseRecorded, PurchaseReturned
from ...ledger.units import MOST
from ..effects import Accrue, Burn, Move, NewLot, Reverse, Terms
from ..hookspecs import hookimpl
from ..member import Member
from ..rule import Answer, Params, Rule, on

LABEL = "base"
_DAYS = 400


class CompanionParams(Params, frozen=True, kw_only=True):
    """Parameters of the companion.

    Attributes:
        leaves: Topics, or "new lot", that it leaves to the rule under check.
        ladders: Ladders it moves members on, from rung to rung with every third purchase.
    """

    leaves: tuple[str, ...] = ()
    ladders: tuple[str, ...] = ()
    rungs: tuple[str, ...] = ()


class Companion(Rule):
    """A small programme in one rule, so that a rule of any stage has something to answer."""

    name, version, stage, priority = "probe_companion", 1, "earn", 0
    Params = CompanionParams
    params: CompanionParams

    def orders_days(self) -> int:
        """Returns are exercised."""
        return _DAYS

    def sums_days(self) -> int:
        """Sums are exercised."""
        return _DAYS

    @on(PurchaseRecorded)
    def earn(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Give a point for every hundred minor units; move on."""
        ladders, rungs, total = self.params.ladders, self.params.rungs, member.total.visits
        moves = [
            Move(rung=rungs[(total // 3 + place) % len(rungs)], reason="purchases", ladder=ladder)
            for place, ladder in enumerate(ladders) if total % 3 == 0
        ]  # fmt: skip
        points = min(purchase.data.amount_minor // 100, MOST // 100)
        return [*moves, Accrue(points=points, reason="a point for each hundred")]

    @on(PointsRedeemed)
    def burn(self, spent: Fact[PointsRedeemed], _: Member) -> Answer:
        """Spend them."""
        if PointsRedeemed.topic in self.params.leaves:
            return None
        return Burn(points=min(spent.data.points, MOST // 100), reason="redeemed")

    @on(PurchaseReturned)
    def take_back(self, returned: Fact[PurchaseReturned], member: Member) -> Answer:
        """Take back all an order has earned."""
        order = member.order(returned.data.order)
        if order is None or order.is_returned or PurchaseReturned.topic in self.params.leaves:
            return None
        return Reverse(fact=order.fact, reason="returned")

    @on(NewLot)
    def expire(self, new: NewLot, _: Member) -> Answer:
        """Let every second lot expire after 90 days."""
        if "new lot" in self.params.leaves or new.fact % 2:
            return None
        return Terms(expires_us=new.occurred_us + 90 * DAY_US)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer it."""
    return [Companion]
