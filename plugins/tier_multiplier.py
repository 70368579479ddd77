"""Extra points for those who stand high on a ladder."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Award,
    Fact,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rounding,
    Rule,
    divided,
    hookimpl,
    on,
    shares,
)

Percent = Annotated[int, Meta(ge=100, le=100_000)]
Rung = Annotated[str, Meta(min_length=1, max_length=255)]


class MultiplierParams(Params, frozen=True, kw_only=True):
    """Parameters of ``tier_multiplier``.

    Attributes:
        ladder: The ladder's name: the label of the rule that moves members on it.
        percent: By rung, what 100 points become: 125 gives a quarter more. Other rungs earn nothing extra.
        rounding: Of the extra points: down, half-up or up.
    """

    percent: dict[Rung, Percent]
    ladder: Annotated[str, Meta(pattern="^[a-z][a-z0-9_]{0,63}$")] = "tier"
    rounding: Rounding = "down"

    def __post_init__(self) -> None:
        if not self.percent:
            raise ValueError("percent must name a rung, such as {Silver = 125}")


class TierMultiplier(Rule):
    """More of what the purchase has earned, by the rung the member had before it."""

    name, version, stage = "tier_multiplier", 1, "multiply"
    Params = MultiplierParams
    params: MultiplierParams

    def __init__(self, params: MultiplierParams) -> None:
        super().__init__(params)
        self._ladder, self._percent = params.ladder, params.percent
        self._reasons = {rung: f"{rung}: {percent - 100} % more" for rung, percent in params.percent.items()}

    @on(PurchaseRecorded)
    def multiply(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the extra points."""
        awards = member.awards
        if not awards:
            return None
        rung = member.rung(self._ladder)
        percent = self._percent.get(rung or "")
        if percent is None:
            return NotQualified(reason=f"no multiplier for {rung or 'a member without a rung'}")
        earned = member.earned_points
        points = min(divided(earned * (percent - 100), 100, self.params.rounding), MOST)
        member.note(
            "{} points × {} %, rounded {} = {} points", earned, percent - 100, self.params.rounding, points
        )
        lines = None if all(award.lines is None for award in awards) else _lines(purchase.data, awards)
        return Accrue(points=points, reason=self._reasons[rung or ""], lines=lines)


def _lines(order: PurchaseRecorded, awards: tuple[Award, ...]) -> tuple[int, ...] | None:
    """Return what each line has earned, so that a returned line takes its own extra points with it."""
    amounts = [max(line.amount_minor, 0) for line in order.lines]
    if not any(amounts):
        return None
    earned = [0] * len(amounts)
    for award in awards:
        for number, part in enumerate(shares(award.points, award.lines or amounts)):
            earned[number] += part
    return tuple(earned)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [TierMultiplier]
