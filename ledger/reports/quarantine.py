"""Members set aside because a rule failed (``quarantine list``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

from sqlalchemy import Connection, text

from .footer import footer


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A member whose view stands still since *position*."""

    member: str
    position: int
    rule: str
    error: str

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it for people."""
        return [
            f"{self.member:<20} position {self.position:,}, rule {self.rule}",
            *wrap(self.error, 80, initial_indent="  ", subsequent_indent="  "),
        ]


def quarantined(connection: Connection) -> list[SetAside]:
    """Return everybody set aside in the live views.

    Raises:
        HistoryError: nothing has been projected yet.
    """
    footer(connection)
    rows = connection.execute(text("SELECT member, position, rule, error FROM quarantine ORDER BY member"))
    return [SetAside(**row._mapping) for row in rows]
