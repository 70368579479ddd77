"""Where an answer comes from: ledger, position, and how far the views have read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, text

from ..errors import HistoryError


@dataclass(frozen=True, kw_only=True)
class Footer:
    """What an answer rests on.

    Attributes:
        ledger: The ledger's id.
        position: The last fact the views have read.
        head: The last fact recorded.
        generation: Number of the live generation of views.
    """

    ledger: str
    position: int
    head: int
    generation: int

    def line(self) -> str:
        """Return one line for the foot of a page."""
        lag = self.head - self.position
        behind = f", {lag:,} fact{'s' * (lag != 1)} behind: loyalty project run" if lag else ""
        return f"ledger {self.ledger[:8]}, position {self.position:,}, generation {self.generation}{behind}"

    def fields(self) -> dict[str, Any]:
        """Return the same for programs."""
        return {**asdict(self), "lag_facts": self.head - self.position}


def footer(connection: Connection) -> Footer:
    """Return what the live views rest on.

    Raises:
        HistoryError: nothing has been projected yet.
    """
    row = connection.execute(
        text(
            "SELECT h.ledger_id, h.position AS head, g.number, t.position FROM head h "
            "LEFT JOIN generations g ON g.status = 'live' LEFT JOIN tracking t ON t.name = 'views/' || g.slot"
        )
    ).one_or_none()
    if row is None:
        raise HistoryError("the database holds no ledger", hint="loyalty init --programme FILE")
    if row.number is None:
        raise HistoryError("nothing has been projected yet", hint="loyalty project run")
    return Footer(ledger=row.ledger_id, position=row.position or 0, head=row.head, generation=row.number)
