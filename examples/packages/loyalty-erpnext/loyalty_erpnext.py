"""ERPNext's collection tiers: what a customer has spent in all decides how much money makes a point."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

from msgspec import Meta, Struct

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Changed,
    Fact,
    Member,
    Move,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rule,
    hookimpl,
    minor_units,
    money_text,
    on,
)

Day = Annotated[str, Meta(pattern=r"^(\d{4}-\d\d-\d\d)?$")]


class Tier(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A collection rule.

    Attributes:
        tier_name: The tier, a rung of the ladder that has the rule's label.
        collection_factor: What must be spent for one point, in major units.
        min_spent: What must have been spent in all to be in the tier, the invoice at hand included.
    """

    tier_name: Annotated[str, Meta(min_length=1, max_length=100)]
    collection_factor: Decimal
    min_spent: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if not self.collection_factor.is_finite() or self.collection_factor <= 0:
            raise ValueError(f"collection_factor must be more than 0, got {self.collection_factor}")
        if not self.min_spent.is_finite() or self.min_spent < 0:
            raise ValueError(f"min_spent must be 0 or more, got {self.min_spent}")


class CollectionParams(Params, frozen=True, kw_only=True):
    """Parameters of ``erpnext_collection``.

    Attributes:
        collection_rules: One for a single tier program, several for one of multiple tiers, in any order.
        from_date: The first day of the program; "": always.
        to_date: Its last day; "": for ever.
        loyalty_means: Means of payment that are points: what they pay earns nothing.
    """

    collection_rules: Annotated[tuple[Tier, ...], Meta(min_length=1, max_length=50)]
    from_date: Day = ""
    to_date: Day = ""
    loyalty_means: tuple[str, ...] = ("points",)

    def __post_init__(self) -> None:
        for name in ("tier_name", "min_spent"):
            found = [getattr(tier, name) for tier in self.collection_rules]
            if len(set(found)) < len(found):
                raise ValueError(f"two collection rules have the same {name}")
        for day in filter(None, (self.from_date, self.to_date)):
            date.fromisoformat(day)


class ErpnextCollection(Rule):
    """Points for invoices at the factor of the customer's tier, and the tier itself."""

    name, version, stage = "erpnext_collection", 1, "earn"
    Params = CollectionParams
    params: CollectionParams

    def __init__(self, params: CollectionParams) -> None:
        super().__init__(params)
        self._from_the_highest = sorted(params.collection_rules, key=lambda tier: -tier.min_spent)

    def fits(self, currency: str) -> None:
        """Refuse amounts that the currency cannot hold."""
        for tier in self.params.collection_rules:
            minor_units(tier.collection_factor, currency)
            minor_units(tier.min_spent, currency)

    def sums_days(self) -> int:
        """What was spent in all decides."""
        return 0

    @on(PurchaseRecorded)
    def collect(self, invoice: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award one point for every whole collection factor of what was not paid with points."""
        order, currency = invoice.data, member.currency
        if order.currency != currency:
            return NotQualified(reason=f"the invoice is in {order.currency}")
        refusal = self._not_in_force(member.local_date(invoice.occurred_us))
        if refusal:
            return NotQualified(reason=refusal)
        spent_minor = member.total.spend_minor + order.amount_minor
        tier = self._tier(spent_minor, currency)
        if tier is None:
            return NotQualified(reason=f"{money_text(spent_minor, currency)} spent in all reach no tier")
        eligible_minor = max(order.amount_minor - self._paid_with_points_minor(order), 0)
        factor_minor = minor_units(tier.collection_factor, currency)
        points = min(eligible_minor // factor_minor, MOST)
        eligible, factor = money_text(eligible_minor, currency), money_text(factor_minor, currency)
        member.note("{} spent in all: {}", money_text(spent_minor, currency), tier.tier_name)
        member.note("{} / {} = {} points, fraction dropped", eligible, factor, points)
        return Accrue(points=points, reason=f"{tier.tier_name}: 1 point for {factor} of {eligible}")

    @on(Changed)
    def assign(self, changed: Changed, member: Member) -> Answer:  # noqa: ARG002 - what is spent now decides
        """Put the customer into the tier of what was spent in all, net of returns."""
        spent_minor = member.total.spend_minor
        tier = self._tier(spent_minor, member.currency)
        reason = f"{money_text(spent_minor, member.currency)} spent in all"
        return Move(rung=tier.tier_name if tier else "", reason=reason, figures={"spent_minor": spent_minor})

    def _tier(self, spent_minor: int, currency: str) -> Tier | None:
        reached = (
            tier for tier in self._from_the_highest if minor_units(tier.min_spent, currency) <= spent_minor
        )
        return next(reached, None)

    def _not_in_force(self, day: date) -> str:
        params = self.params
        if params.from_date and day < date.fromisoformat(params.from_date):
            return f"before {params.from_date}"
        if params.to_date and day > date.fromisoformat(params.to_date):
            return f"over since {params.to_date}"
        return ""

    def _paid_with_points_minor(self, order: PurchaseRecorded) -> int:
        return sum(part.amount_minor for part in order.payments if part.means in self.params.loyalty_means)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [ErpnextCollection]
