"""What an older system owed its members: lots with their own expiry, and debts."""

from __future__ import annotations

from loyalty_ledger.rules import (
    Accrue,
    BalanceOpened,
    Burn,
    Effect,
    Fact,
    Member,
    Rule,
    hookimpl,
    instant_us,
    on,
)


class OpeningBalance(Rule):
    """Open a lot for each lot of the older system, then book what the member owed there."""

    name, version, stage = "opening_balance", 1, "standing"
    is_alone = True

    @on(BalanceOpened)
    def open(self, opened: Fact[BalanceOpened], _member: Member) -> list[Effect]:
        """Book lots and debt against "opened". A lot without expiry gets the programme's terms."""
        came = f"brought from {opened.data.system}" if opened.data.system else "brought from an older system"
        effects: list[Effect] = []
        for lot in opened.data.lots:
            reason = f"{came}: {lot.origin}" if lot.origin else came
            if lot.earned:
                reason += f", earned {lot.earned[:10]}"
            expires_us = instant_us(lot.expires) if lot.expires else None
            effects.append(Accrue(points=lot.points, reason=reason, expires_us=expires_us, account="opened"))
        if opened.data.debt > 0:
            effects.append(Burn(points=opened.data.debt, reason=f"{came}: owed there", account="opened"))
        return effects


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [OpeningBalance]
