"""Say that a fact was wrong: it stays, what it did is reversed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from ...ledger.facts import member_of
from ...ledger.facts.correction import FactRetracted
from ...ledger.facts.membership import MemberSetAside
from ...ledger.store.bulk import fetch_rows
from ...ledger.store.reading import head_of
from .command import AlreadyDone, Command
from .refusal import Refusal
from .standing import Standing


@dataclass(frozen=True, kw_only=True)
class Retract(Command):
    """Retract the fact at a position of the member's own stream, once; made by :func:`retraction`."""

    position: int
    what: str
    reason: str
    approver: str | None = None

    topic = FactRetracted.topic
    rule = "clawback"
    is_once = True

    def wanted(self) -> FactRetracted:
        """Return the retraction."""
        return FactRetracted(retracted=self.position, reason=self.reason, approver=self.approver)

    def own_id(self, _standing: Standing) -> str | None:
        """Return the id of the one retraction of the fact."""
        return f"retract/{self.position}"

    def judged(self, standing: Standing, wanted: FactRetracted) -> FactRetracted | AlreadyDone:
        """Return the retraction unless there is one."""
        for fact in standing.recorded(self.topic):
            if fact.data.retracted == self.position:
                return AlreadyDone(fact.position)
        return wanted

    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return which fact."""
        return {"retracted": recorded.retracted}

    def told(self, recorded: Any) -> str:
        """Return which fact."""
        return f"retracted fact {recorded.retracted:,} ({self.what}) of {self.member}"


@dataclass(frozen=True, kw_only=True)
class Lift(Retract):
    """Retract what set a member aside; nobody needs to fold the member for that, and perhaps nobody can."""

    def id_alone(self) -> str:
        """Return the id of the one retraction of the fact."""
        return f"retract/{self.position}"

    def told(self, recorded: Any) -> str:
        """Return whom it concerns."""
        return f"{self.member} is no longer set aside by fact {recorded.retracted:,}"

    def left(self, _balance_points: int) -> str:
        """Return what it takes to bring the member back."""
        return " once the views are brought up to date: loyalty project run"


def retraction(connection: Connection, position: int, *, reason: str, approver: str | None = None) -> Retract:
    """Return the command that retracts the fact at a position.

    Raises:
        Refusal: no-fact; not-retractable, since it is about no member; or is-retraction.
    """
    last = head_of(connection).position
    rows = fetch_rows(connection, "SELECT stream, topic FROM facts WHERE position = :p", {"p": position})
    if not rows:
        raise Refusal(
            f"there is no fact at position {position}: the log ends at {last}", code="no-fact",
            hint="loyalty member history ID shows the positions",
        )  # fmt: skip
    stream, topic = rows[0]
    member = member_of(stream)
    if member is None:
        raise Refusal(
            f"fact {position} is about no member and cannot be retracted: {topic!r}",
            code="not-retractable",
            hint="record what holds from now on",
        )
    if topic == FactRetracted.topic:
        raise Refusal(
            f"fact {position} is a retraction itself", code="is-retraction", hint="record the fact anew"
        )
    kind = Lift if topic == MemberSetAside.topic else Retract
    return kind(member=member, position=position, what=topic, reason=reason, approver=approver)
