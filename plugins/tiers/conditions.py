"""What each rung takes, in the programme's currency, and how sums are told."""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import NamedTuple

from loyalty_ledger.rules import Member, Sums, minor_units, money_text

from .params import METRICS, TierParams

_NEVER = 2**63


class Condition(NamedTuple):
    """Number of a rung, and the least of each of which one is enough."""

    number: int
    points: int
    spend_minor: int
    visits: int
    balance: int


class Conditions:
    """The conditions of a ladder's rungs."""

    def __init__(self, params: TierParams) -> None:
        self._rungs, self._counts_adjustments = params.rungs, params.counts_adjustments
        self._has_balance = params.has_balance
        self._told = [
            metric for metric in METRICS if any(getattr(r, metric) is not None for r in params.rungs)
        ]
        self._found: dict[str, list[Condition]] = {}

    def of(self, currency: str) -> list[Condition]:
        """Return the conditions, the highest rung first.

        Raises:
            ValueError: an amount is finer than the currency, or too large for it.
        """
        found = self._found.get(currency)
        if found is None:
            one = minor_units(1, currency)
            found = self._found[currency] = [
                Condition(
                    number, rung.points or _NEVER, ceil(Fraction(rung.spend) * one) if rung.spend else _NEVER,
                    rung.visits or _NEVER, rung.balance or _NEVER,
                )
                for number, rung in reversed(list(enumerate(self._rungs, start=1)))
            ]  # fmt: skip
        return found

    def met(self, sums: Sums, member: Member) -> int:
        """Return the highest rung of which some condition is met, 0 for none."""
        points, _, spend, visits = sums
        if self._counts_adjustments:
            points += sums.adjusted
        balance = member.balance_points if self._has_balance else 0
        for number, least_points, least_minor, least_visits, least_balance in self.of(member.currency):
            if (
                points >= least_points
                or spend >= least_minor
                or visits >= least_visits
                or balance >= least_balance
            ):
                return number
        return 0

    def points(self, sums: Sums) -> int:
        """Return the points that count."""
        return sums.points + (sums.adjusted if self._counts_adjustments else 0)

    def figures(self, sums: Sums, member: Member) -> dict[str, int | str]:
        """Return the numbers that decide, by name."""
        found: dict[str, int | str] = {
            "points": self.points(sums), "spend_minor": sums.spend_minor, "visits": sums.visits,
        }  # fmt: skip
        return found | ({"balance": member.balance_points} if self._has_balance else {})

    def told(self, sums: Sums, member: Member) -> str:
        """Return the numbers the ladder looks at, in words."""
        words = {
            "points": f"{self.points(sums):,} points",
            "spend": money_text(sums.spend_minor, member.currency),
            "visits": "1 visit" if sums.visits == 1 else f"{sums.visits:,} visits",
            "balance": f"a balance of {member.balance_points:,}",
        }
        return ", ".join(words[metric] for metric in self._told)

    def missing(self, condition: Condition, sums: Sums, member: Member) -> dict[str, int]:
        """Return what is missing of each condition of a rung; any of them is enough."""
        has = {
            "points": self.points(sums), "spend_minor": sums.spend_minor, "visits": sums.visits,
            "balance": member.balance_points,
        }  # fmt: skip
        least = condition._asdict()
        return {name: max(least[name] - now, 0) for name, now in has.items() if least[name] < _NEVER}
