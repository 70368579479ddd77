"""What lies ahead of a member on a ladder: what the rungs above still take, and until when its own is safe.

A rule that can tell has a method ``outlook(member, today)`` that returns an :class:`Outlook`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from ..ledger.units import money_text
from .member import Member


class Missing(Struct, frozen=True, kw_only=True):
    """What a rung still takes: each of these alone is enough, 0 where it is there already.

    Attributes:
        rung: The rung.
        points: Points still to be earned.
        spend_minor: Money still to be spent, in minor units.
        visits: Visits still to be made.
        balance: Points still missing on the balance.
        until: The last day on which what counts today still does; None: there is no such day.
        benefits: What the rung would bring.
    """

    rung: str
    points: int | None = None
    spend_minor: int | None = None
    visits: int | None = None
    balance: int | None = None
    until: date | None = None
    benefits: tuple[str, ...] = ()

    def told(self, currency: str) -> str:
        """Return it in words."""
        if 0 in (self.points, self.spend_minor, self.visits, self.balance):
            return f"{self.rung}: reached, with the next purchase or review"
        until = f" until {self.until}" if self.until else ""
        return f"{self.rung}: {' or '.join(self._parts(currency))} more{until}"

    def _parts(self, currency: str) -> Iterator[str]:
        if self.points is not None:
            yield _counted(self.points, "point")
        if self.spend_minor is not None:
            yield money_text(self.spend_minor, currency)
        if self.visits is not None:
            yield _counted(self.visits, "visit")
        if self.balance is not None:
            yield f"{_counted(self.balance, 'point')} on the balance"

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "rung": self.rung, "points": self.points, "spend_minor": self.spend_minor, "visits": self.visits,
            "balance": self.balance, "until": self.until and self.until.isoformat(),
            "benefits": list(self.benefits),
        }  # fmt: skip


class Outlook(Struct, frozen=True, kw_only=True):
    """What a ladder's rule says of a member's future, if nothing more happens.

    Attributes:
        rung: Where the member stands.
        safe_until: The last day on which it does for sure; None: no review takes the rung.
        is_in_grace: The conditions fail already.
        benefits: What the rung brings.
        missing: For each rung above, the next one first.
    """

    rung: str
    safe_until: date | None = None
    is_in_grace: bool = False
    benefits: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()

    def told(self, currency: str) -> list[str]:
        """Return it in words, a sentence each."""
        lines = [f"{self.rung} brings {', '.join(self.benefits)}"] if self.benefits else []
        if self.safe_until:
            kept = "kept in grace until" if self.is_in_grace else "safe until"
            lines.append(f"{self.rung} {kept} {self.safe_until}")
        return lines + [missing.told(currency) for missing in self.missing]

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "rung": self.rung, "safe_until": self.safe_until and self.safe_until.isoformat(),
            "is_in_grace": self.is_in_grace, "benefits": list(self.benefits),
            "missing": [missing.fields() for missing in self.missing],
        }  # fmt: skip


@runtime_checkable
class Foresees(Protocol):
    """A rule that can tell what lies ahead."""

    def outlook(self, member: Member, today: date) -> Outlook:
        """Return what lies ahead of a member, as things stand on a local day."""
        ...


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'s' * (number != 1)}"
