"""What points are worth in money: as recorded, or as asked."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from sqlalchemy import Connection

from ...ledger.errors import UsageError
from ...ledger.facts.programme import PointValueSet
from ...ledger.store.reading import head_of, programme_facts
from ...ledger.units import decimals, divided, money_text
from ..catalogue import Catalogue
from ..governing import recorded_programmes

_MOST_DIGITS = 12


class PointWorth(NamedTuple):
    """*points* points are worth *value_minor* minor units of *currency*."""

    points: int
    value_minor: int
    currency: str

    def minor(self, points: int) -> int:
        """Return what points are worth, in minor units, half a unit up.

        >>> PointWorth(100, 1, "USD").minor(250)
        3
        """
        return divided(points * self.value_minor, self.points, "half-up")

    def words(self) -> str:
        """Return the worth as people say it."""
        each = "a point" if self.points == 1 else f"{self.points:,} points"
        return f"{money_text(self.value_minor, self.currency)} for {each}"

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return self._asdict()


def point_worth(connection: Connection, catalogue: Catalogue, asked: str | None) -> PointWorth | None:
    """Return what points are worth, or None if nobody knows.

    Args:
        connection: Of a reading.
        catalogue: The installed plugins.
        asked: What one point is worth in the ledger's currency, such as 0.005; None: as the latest
            ``point_value.set`` says.

    Raises:
        UsageError: *asked* is no amount.
    """
    if asked is None:
        return _recorded(connection, catalogue)
    programmes = recorded_programmes(connection, catalogue.registry)
    currency = programmes[0].file.currency
    try:
        worth = Decimal(asked)
    except InvalidOperation:
        worth = Decimal("NaN")
    if not worth.is_finite() or worth < 0 or abs(worth.adjusted()) > _MOST_DIGITS:
        raise UsageError(
            f"no amount: {asked!r}", at="--point-value", hint="write what one point is worth, such as 0.005"
        )
    value_minor, points = worth.scaleb(decimals(currency)).as_integer_ratio()
    return PointWorth(points, value_minor, currency)


def _recorded(connection: Connection, catalogue: Catalogue) -> PointWorth | None:
    decoders, latest, found = catalogue.registry.fact_decoders(), (0, 0), None
    for row in programme_facts(connection, head_of(connection).position):
        at = row.occurred_us, row.position
        if row.topic == PointValueSet.topic and (found is None or at > latest):
            value: PointValueSet = decoders[row.topic](row.state).data
            latest, found = at, PointWorth(value.points, value.value_minor, value.currency)
    return found if found and found.points else None
