"""Members set aside because a rule failed, or by an operator (``quarantine list``)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from textwrap import wrap
from typing import Any

from sqlalchemy import Connection, text

from ..projection.set_asides import set_asides
from ..store.reading import facts_of
from .footer import Footer, footer


@dataclass(frozen=True, kw_only=True)
class SetAside:
    """A member whose view stands still since *position*.

    Attributes:
        by: "rule" when a rule failed, "operator", or "connection" with a member who is set aside.
        topic: Type of the fact at that position that the member has part in; None: there is none.
        waiting_facts: How many facts about the member are not in the views for that reason.
        set_aside: Position of the operator's ``member.set_aside``, or None.
    """

    member: str
    position: int
    rule: str
    error: str
    by: str
    topic: str | None
    waiting_facts: int
    set_aside: int | None

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return it for people."""
        rule = f", rule {self.rule}" if self.rule else ""
        waiting = f"{self.waiting_facts:,} fact{'s' * (self.waiting_facts != 1)} waiting"
        lift = [] if self.set_aside is None else [f"  to lift it: loyalty retract {self.set_aside}"]
        return [
            f"{self.member:<20} position {self.position:,}{rule}, {waiting}",
            *wrap(self.error, 80, initial_indent="  ", subsequent_indent="  "), *lift,
        ]  # fmt: skip


def quarantined(connection: Connection) -> list[SetAside]:
    """Return everybody set aside in the live views.

    Raises:
        HistoryError: nothing has been projected yet.
    """
    foot = footer(connection)
    rows = connection.execute(text("SELECT member, position, rule, error FROM quarantine ORDER BY member"))
    asides = {(row.member, row.since): row.position for row in set_asides(connection)}
    return [_explained(connection, row, asides, foot) for row in rows]


def _explained(
    connection: Connection, row: Any, asides: dict[tuple[str, int], int], foot: Footer
) -> SetAside:
    waiting = {
        fact.position: fact.topic
        for fact in facts_of(connection, (row.member,), after=row.position - 1, upto=foot.position)
    }
    by_operator = row.error.startswith("an operator set ")
    return SetAside(
        **row._mapping, by="operator" if by_operator else "rule" if row.rule else "connection",
        topic=waiting.get(row.position), waiting_facts=len(waiting),
        set_aside=asides.get((row.member, row.position)) if by_operator else None,
    )  # fmt: skip
