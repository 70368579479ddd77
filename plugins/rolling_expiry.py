"""Points that expire a fixed time after they were earned."""

from __future__ import annotations

from loyalty_ledger.rules import (
    DAY_US,
    FOREVER_US,
    Answer,
    Member,
    NewLot,
    Period,
    PeriodByRung,
    Rule,
    Terms,
    hookimpl,
    on,
)


class ExpiryParams(PeriodByRung, frozen=True, kw_only=True):
    """Parameters of ``rolling_expiry``: days or months, not both, from the fact.

    With *by_rung*, the rung is the one the member stands on when the points are given, before they move it.

    Attributes:
        rules: Labels of the rules whose points expire; empty: all.
    """

    rules: tuple[str, ...] = ()


class RollingExpiry(Rule):
    """What is left of a lot is gone a fixed time after the fact that earned it."""

    name, version, stage = "rolling_expiry", 1, "standing"
    Params = ExpiryParams
    params: ExpiryParams

    def __init__(self, params: ExpiryParams) -> None:
        super().__init__(params)
        self._period, self._by_rung = params.periods()
        is_plain = params.days is not None and params.end_of == "instant" and not params.by_rung
        self._plain_us = (params.days or 0) * DAY_US if is_plain else 0
        """Of days that are the same for everybody, in microseconds: there is nothing more to ask."""

    @on(NewLot)
    def expire(self, lot: NewLot, member: Member) -> Answer | Terms:
        """Set when the lot expires. A late fact's points count from when it happened."""
        if self.params.rules and lot.rule not in self.params.rules:
            return None
        if self._plain_us:
            return Terms(expires_us=lot.occurred_us + self._plain_us)
        period: Period | None = self._period
        if self._by_rung:
            period = self._by_rung.get(member.rung(self.params.ladder), period)
        return Terms(expires_us=FOREVER_US if period is None else period.end_us(lot.occurred_us, member.zone))


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [RollingExpiry]
