"""Lots that a person lets live longer, and expired points that a person gives anew."""

from __future__ import annotations

from collections.abc import Iterator

from loyalty_ledger.rules import (
    Answer,
    Effect,
    Extend,
    Fact,
    Flag,
    Member,
    PointsExtended,
    PointsReinstated,
    Reinstate,
    Rule,
    hookimpl,
    instant_us,
    on,
)


class Extension(Rule):
    """Extend what would expire before, never shorten; reinstate no more than has expired."""

    name, version, stage = "extension", 1, "standing"
    is_alone = True

    @on(PointsExtended)
    def extend(self, extended: Fact[PointsExtended], member: Member) -> Answer:
        """Let one lot, or all that would expire before, live until the new instant.

        What is held, or spent and comes back, lives until then, too.
        """
        asked, expires_us = extended.data, instant_us(extended.data.expires)
        lots = [lot for lot in member.lots if asked.lot in (None, lot.lot)]
        if asked.lot is not None and not lots:
            return Flag(flag="no-lot", reason=f"lot {asked.lot} was extended, but is not open")
        sooner = [lot for lot in lots if lot.expires_us < expires_us]
        points = sum(lot.points + lot.pending for lot in sooner)
        if sooner:
            member.note(
                "{} of {} open lots expire before {}: {} points",
                len(sooner),
                len(lots),
                asked.expires,
                points,
            )
        else:
            member.note("nothing expires before {}", asked.expires)
        reason = _told(asked, f"extended until {member.local_date(expires_us)}")
        return Extend(expires_us=expires_us, lot=asked.lot, reason=reason)

    @on(PointsReinstated)
    def reinstate(self, reinstated: Fact[PointsReinstated], member: Member) -> Iterator[Effect]:
        """Give expired points anew, as far as any have expired."""
        asked, gone = reinstated.data, member.expired_points
        points = min(asked.points, gone)
        member.note("{} points of {} that have expired", asked.points, gone)
        if points:
            expires_us = None if asked.expires is None else instant_us(asked.expires)
            reason = _told(asked, "expired points reinstated")
            yield Reinstate(points=points, expires_us=expires_us, reason=reason)
        if points < asked.points:
            reason = f"{asked.points} points were reinstated, {gone} had expired"
            yield Flag(flag="reinstated-less", reason=reason)


def _told(asked: PointsExtended | PointsReinstated, what: str) -> str:
    """Return the reason for a statement: what was done, why, and who approved."""
    why = f": {asked.reason}" if asked.reason else ""
    return f"{what}{why}{f' (approved by {asked.approver})' if asked.approver else ''}"


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Extension]
