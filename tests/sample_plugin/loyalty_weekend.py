"""Extra points for shopping on Saturday and Sunday, in the programme's own time zone."""

from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Fact,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    hookimpl,
    on,
)


class WeekendParams(Params, frozen=True, kw_only=True):
    """percent: extra points on what the purchase earned, fractions dropped."""

    percent: Annotated[int, Meta(ge=1, le=1000)] = 50


class WeekendBonus(Rule):
    """Extra points for shopping on Saturday and Sunday."""

    name, version, stage = "weekend_bonus", 1, "multiply"
    Params = WeekendParams

    @on(PurchaseRecorded)
    def extra(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if member.local_date(purchase.occurred_us).weekday() < 5:
            return NotQualified(reason="not a weekend")
        points = member.earned_points * self.params.percent // 100
        member.note("{} points × {} %", member.earned_points, self.params.percent)
        return Accrue(points=points, reason="weekend bonus")


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [WeekendBonus]
