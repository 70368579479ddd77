"""One fact from the command line: ``loyalty record``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import FactError, LoyaltyError, UsageError
from ..facts import FactType, Registry
from ..facts.envelope import draft
from ..facts.strict_json import parse
from ..facts.types import field_types, takes_text
from ..store.admission import ADMIT_ALL, Admission
from ..store.database import Database
from ..store.log import Log

# What these say governs everybody's points: each is checked by a command that knows what it means.
_OWN_COMMANDS = {
    "programme.activated": "loyalty programme apply FILE",
    "clock.advanced": "loyalty advance --to TIME",
    "plugins.trusted": "loyalty rules trust PLUGIN",
}


@dataclass(frozen=True, kw_only=True)
class RecordedFact:
    """What became of the fact."""

    topic: str
    subject: str | None
    event_id: str
    status: str
    position: int

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "type": self.topic, "subject": self.subject, "id": self.event_id, "status": self.status,
            "position": self.position,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        about = f" about {self.subject}" if self.subject else ""
        where = "position" if self.status == "created" else "a duplicate: already recorded at position"
        return [f"{self.topic}{about}, id {self.event_id}, {where} {self.position:,}"]


def data_of(kind: type[FactType], fields: Sequence[str]) -> dict[str, Any]:
    """Return ``FIELD=VALUE`` words as data: text where the field takes text, JSON elsewhere.

    Raises:
        UsageError: a word has no ``=``, a field is given twice, or the type has a command of its own.
    """
    if kind.topic in _OWN_COMMANDS:
        raise UsageError(
            f"{kind.topic!r} is recorded by its own command, which checks it", hint=_OWN_COMMANDS[kind.topic]
        )
    types = field_types(kind)
    data: dict[str, Any] = {}
    for word in fields:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise UsageError(f"{word!r} is no FIELD=VALUE", hint="--set amount=12.34")
        if name in data:
            raise UsageError(f"field {name!r} is given twice", at=word, hint="give it once")
        data[name] = value if takes_text(types.get(name, str)) else _parsed(value)
    return data


def _parsed(value: str) -> Any:
    try:
        return parse(value.encode())
    except FactError:
        return value


def record_fact(
    database: Database, registry: Registry, *, topic: str, subject: str | None, data: dict[str, Any],
    occurred_us: int, event_id: str, source: str, now_us: int, actor: str | None = None,
    admission: Admission = ADMIT_ALL,
) -> RecordedFact:  # fmt: skip
    """Check one fact and append it.

    Raises:
        FactError: it is not as its type asks, dated in the future, or not admitted.
        LoyaltyError: another fact has its source and id.
    """
    ready = draft(
        registry, event_id=event_id, source=source, topic=topic, subject=subject, occurred_us=occurred_us,
        data=data, actor=actor,
    )  # fmt: skip
    with database.writing() as connection:
        (outcome,) = Log(database).append(connection, [ready], now_us=now_us, admission=admission)
    if outcome.error:
        raise outcome.error
    if outcome.status == "conflict":
        raise LoyaltyError(
            f"{source!r} has recorded {event_id!r} with other content: {', '.join(outcome.fields)}",
            at=f"position {outcome.position}", hint="give another --id, or leave it out",
        )  # fmt: skip
    return RecordedFact(
        topic=topic, subject=subject, event_id=event_id, status=outcome.status, position=outcome.position or 0
    )
