"""What a command is, and how it is asked."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import msgspec

from ...ledger.facts import FactType
from .standing import Standing


class Asked(NamedTuple):
    """How a command is asked.

    Attributes:
        now_us: The time.
        occurred_us: The instant it is for; what is due by then has happened.
        source: CloudEvents source.
        spare_id: Names the fact when neither the asker nor the command does.
        event_id: Names the fact for ever, with *source*: the same again is answered as a duplicate.
        actor: Who asks.
    """

    now_us: int
    occurred_us: int
    source: str
    spare_id: str = ""
    event_id: str | None = None
    actor: str | None = None


class AlreadyDone(NamedTuple):
    """What was asked for has been recorded at a position, under whatever id."""

    position: int


@dataclass(frozen=True, kw_only=True)
class Command(ABC):
    """Something asked about one member, decided on all that is recorded of its group.

    Attributes:
        member: Whose stream the fact goes to.
        topic: Of the fact it records.
        rule: Name of the rule that gives the fact its meaning, if it needs one.
        is_once: It can be done only once: again, for another reason or by another actor, it is a duplicate.
        another: What to give instead when its id is taken.
    """

    member: str
    topic: ClassVar[str]
    rule: ClassVar[str | None] = None
    is_once: ClassVar[bool] = False
    another: ClassVar[str] = "give another --id"

    @abstractmethod
    def wanted(self) -> FactType | dict[str, Any]:
        """Return the data of the fact as asked for.

        Raises:
            Refusal: it is wrong in itself.
        """

    def others(self) -> tuple[str, ...]:
        """Return the other members that the fact names: they are decided on together."""
        return ()

    def own_id(self, _standing: Standing) -> str | None:
        """Return the id of the fact by what it is about, if that can be recorded only once."""
        return None

    def id_alone(self) -> str | None:
        """Return the id of a fact that is recorded without folding the member; None: it is folded."""
        return None

    @abstractmethod
    def judged(self, standing: Standing, wanted: Any) -> FactType | AlreadyDone:
        """Return what may be recorded of what is wanted, or where it stands already.

        Raises:
            Refusal: it may not.
        """

    def compared(self, recorded: Any) -> dict[str, Any]:
        """Return, of the data of a fact with its id, what makes it the same request."""
        return {name: getattr(recorded, name) for name in recorded.__struct_fields__}

    def undone(self, _standing: Standing, _position: int) -> str | None:
        """Return how what was recorded at a position has been undone since, if it has."""
        return None

    @abstractmethod
    def fields(self, recorded: Any) -> dict[str, Any]:
        """Return what it is about, for programs."""

    @abstractmethod
    def told(self, recorded: Any) -> str:
        """Return what it did, in words that may stand behind "already"."""

    def left(self, balance_points: int) -> str:
        """Return what it leaves, for the same sentence."""
        return f", who has {balance_points:,} points now"


def own_id(what: str, *about: str | int) -> str:
    """Return the id of a fact that can be recorded only once: one for each *about*."""
    return f"{what}/{hashlib.sha256(msgspec.json.encode(about)).hexdigest()[:32]}"
