"""What lies ahead on a ladder of tiers: a pure function of the member as it stands."""

from __future__ import annotations

from datetime import date

from loyalty_ledger.rules import Member
from loyalty_ledger.rules.outlook import Missing, Outlook

from .conditions import Conditions
from .params import TierParams
from .periods import later
from .windows import Windows


def outlook(
    params: TierParams, member: Member, today: date, *, stands: int, review_us: int | None, is_in_grace: bool
) -> Outlook:
    """Return until when a member's rung is safe, and what each rung above still takes.

    Args:
        params: The ladder's.
        member: Whom, as it stands.
        today: The local day it is looked at.
        stands: The number of its rung, 0 for the base.
        review_us: When the rung is reviewed next.
        is_in_grace: That review takes the rung unless its conditions are met again before.
    """
    windows, conditions = Windows(params), Conditions(params)
    sums = windows.on(member, today, today)[0].sums
    until = windows.last_day(member, today)
    above = [condition for condition in conditions.of(member.currency) if condition.number > stands]
    missing = tuple(
        Missing(
            rung=rung.name, until=until, benefits=rung.benefits, **conditions.missing(condition, sums, member)
        )
        for rung, condition in zip(params.rungs[stands:], reversed(above), strict=True)
    )
    review = None if review_us is None or not stands else member.local_date(review_us)
    if review and not is_in_grace and _is_yearly(params) and conditions.met(sums, member) >= stands:
        # The year that ends then gives the rung: it is reviewed again a year later.
        review = windows.next_year(member, review)
    return Outlook(
        rung=params.rungs[stands - 1].name if stands else params.base,
        safe_until=None if review is None else later(review, -1),
        is_in_grace=bool(stands) and is_in_grace,
        benefits=params.rungs[stands - 1].benefits if stands else (),
        missing=missing,
    )


def _is_yearly(params: TierParams) -> bool:
    return params.window in {"calendar year", "anniversary"} and not params.is_held
