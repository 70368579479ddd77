"""The CloudEvents 1.0 envelope: how a fact enters, how it is stored, how it is read back.

A :class:`Draft` is a fact that has passed every check and has no position yet; its ``state`` is the canonical
JSON that is hashed, stored and exported. A :class:`Fact` is one as the fold reads it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec
from msgspec import UNSET, Struct, UnsetType

from ..calendar import DAY_US, EARLIEST_US, LATEST_US, instant_us, rfc3339
from ..errors import FactError
from ..faults import fault_text
from ..units import check_currency
from .registry import Registry
from .strict_json import parse
from .sugar import has_times, to_canonical_data
from .types import FactType, Name, Text, check_numbers

D_co = TypeVar("D_co", covariant=True, bound=FactType)
_CONTEXT = (
    "specversion",
    "id",
    "source",
    "type",
    "subject",
    "time",
    "actor",
    "datacontenttype",
    "dataschema",
    "data",
)


class Envelope(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """The CloudEvents attributes in their canonical order (CloudEvents 1.0.2, sections 3.1 and 3.2)."""

    specversion: str
    id: Name
    source: Name
    type: Name
    subject: Name | UnsetType = UNSET
    time: str
    actor: Name | UnsetType = UNSET
    dataschema: Text | UnsetType = UNSET
    data: msgspec.Raw


class Draft(NamedTuple):
    """A checked fact on its way in."""

    event_id: str
    source: str
    topic: str
    stream: str
    occurred_us: int
    actor: str | None
    members: tuple[str, ...]
    """Members named beside the one whose stream it is."""
    state: bytes


class Fact(Struct, Generic[D_co], kw_only=True, gc=False):
    """A stored fact as rules read it.

    *position* and *occurred_us* come from the store, the rest from its bytes.

    Attributes:
        data: What it says, by its type: ``loyalty schema TYPE`` shows every field.
        id: Its name where it comes from; with *source* it names the fact for ever.
        source: Where it comes from.
        subject: Whom it is about: a member, a staff member, or '' for nobody.
        time: When it happened, as stored: RFC 3339, UTC.
        actor: Who recorded it.
        topic: Its type: ``purchase.recorded``.
        position: Its place in the log, from 1: in the order in which facts became known.
        occurred_us: When it happened, microseconds since 1970.
        is_late: It occurred before the member's clock; set by the engine.
    """

    data: D_co
    id: str
    source: str
    subject: str = ""
    time: str = ""
    actor: str | None = None
    topic: str = msgspec.field(default="", name="type")
    position: int = msgspec.field(default=0, name="-position")
    occurred_us: int = msgspec.field(default=0, name="-occurred_us")
    is_late: bool = msgspec.field(default=False, name="-is_late")


def stream_of(about: str, subject: str) -> str:
    """Return the stream of a fact: ``member/1023``, ``staff/7`` or ``programme``."""
    return about if about == "programme" else f"{about}/{subject}"


def member_of(stream: str) -> str | None:
    """Return the member whose stream this is, or None."""
    return stream[7:] if stream.startswith("member/") else None


_encode = msgspec.json.Encoder(decimal_format="string").encode
_decode_envelope = msgspec.json.Decoder(Envelope).decode


def draft(
    registry: Registry, *, event_id: str, source: str, topic: str, subject: str | None, occurred_us: int,
    data: FactType | dict[str, Any], actor: str | None = None, dataschema: str | None = None,
) -> Draft:  # fmt: skip
    """Check one fact and return it in canonical form.

    Args:
        registry: The known types of facts.
        event_id: CloudEvents ``id``; with *source* it names the fact for ever.
        source: CloudEvents ``source``.
        topic: CloudEvents ``type``.
        subject: The member or staff member; None for facts about the programme.
        occurred_us: When it happened.
        data: Typed data, or a mapping that is checked against the type.
        actor: Who recorded it.
        dataschema: CloudEvents ``dataschema``, kept as given.

    Raises:
        FactError: with a stable code, naming the field and the value.
    """
    kind = registry.type_of(topic)
    if isinstance(data, FactType):
        if type(data) is not kind:
            raise FactError(f"data is of {type(data).__name__}, not {topic}", code="invalid")
        # A struct that code has made was never looked at.
        fields: dict[str, Any] = msgspec.to_builtins(data)
    else:
        fields = data
    return checked_draft(
        kind, convert(kind, fields), event_id=event_id, source=source, topic=topic, subject=subject,
        occurred_us=occurred_us, actor=actor, dataschema=dataschema,
    )  # fmt: skip


def checked_draft(
    kind: type[FactType], typed: FactType, *, event_id: str, source: str, topic: str, subject: str | None,
    occurred_us: int, actor: str | None = None, dataschema: str | None = None,
) -> Draft:  # fmt: skip
    """Return the fact in canonical form; *typed* is what :func:`convert` returned.

    Raises:
        FactError: the envelope is not as the type asks.
    """
    currency = getattr(typed, "currency", None)
    if currency is not None:
        check_currency(currency)
    if kind.about == "programme":
        if subject:
            raise FactError(
                f"{topic} is about the programme and has no subject, got {subject!r}", code="subject"
            )
        subject = None
    elif not subject:
        raise FactError(f"{topic} needs a subject: the {kind.about}'s id", code="missing-field")
    if not EARLIEST_US <= occurred_us <= LATEST_US:
        raise FactError(f"time is outside the years 1 to 9999: {occurred_us} µs", code="bad-time")
    time = _time_text(occurred_us)
    # The data is encoded with its envelope, in one go.
    envelope = Envelope(
        specversion="1.0", id=event_id, source=source, type=topic, subject=subject or UNSET, time=time,
        actor=actor or UNSET, dataschema=dataschema or UNSET, data=typed,  # type: ignore[arg-type]
    )  # fmt: skip
    _check_names(event_id, source, subject, actor)
    others = _others(typed.members(), subject if kind.about == "member" else None)
    return Draft(
        event_id,
        source,
        topic,
        stream_of(kind.about, subject or ""),
        occurred_us,
        actor,
        others,
        _encode(envelope),
    )


def _others(named: tuple[str, ...], subject: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(member for member in named if member != subject)) if named else ()


@lru_cache(maxsize=4096)
def _day_text(day: int) -> str:
    return rfc3339(day * DAY_US)[:11]


def _time_text(instant: int) -> str:
    """Return what ``rfc3339`` does, the text of a day made once."""
    day, rest_us = divmod(instant, DAY_US)
    seconds, micros = divmod(rest_us, 1_000_000)
    if micros:
        return rfc3339(instant)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{_day_text(day)}{hour:02d}:{minute:02d}:{second:02d}Z"


_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def _check_names(event_id: str, source: str, subject: str | None, actor: str | None) -> None:
    joined = f"{event_id}{source}{subject or ''}{actor or ''}"
    if event_id and source and actor != "" and len(joined) <= 255 and not _CONTROL.search(joined):
        return
    for name, value in (("id", event_id), ("source", source), ("subject", subject), ("actor", actor)):
        if value is not None:
            _check_name(name, value)


def _check_name(field: str, value: str) -> None:
    if not 1 <= len(value) <= 255 or _CONTROL.search(value):
        raise FactError(f"{field} is no plain text of 1 to 255 characters: {value[:60]!r}", code="bad-text")


def convert(kind: type[FactType], fields: dict[str, Any]) -> FactType:
    """Return *fields* as typed data; a money field ``x_minor`` may be given as a decimal ``x``.

    Raises:
        FactError: naming the field.
    """
    given = to_canonical_data(kind, fields)
    try:
        typed = msgspec.convert(given, kind)
        check_numbers(typed)
        _encode(typed).decode()  # refuses lone surrogates
    except (msgspec.ValidationError, ValueError) as error:
        if isinstance(error, FactError):
            raise
        raise _validation(kind.topic, fault_text(str(error), given)) from error
    return typed


def _validation(topic: str, text: str) -> FactError:
    code = "invalid"
    if "unknown field" in text:
        code = "unknown-field"
    elif "missing required field" in text:
        code = "missing-field"
    elif "out of range" in text or "<= 9223372036854775807" in text or ">= -9223372036854775808" in text:
        code = "out-of-range"
    return FactError(f"{topic}: {text}", code=code, hint=f"loyalty schema {topic} shows every field")


def read_event(registry: Registry, line: bytes) -> Draft:
    """Check one CloudEvents JSON object and return it in canonical form.

    Bytes that are canonical already (such as an export's) are recognised by encoding them again; anything
    else is read strictly: duplicate keys, NaN, unknown fields and inexact numbers are refused.

    Raises:
        FactError: with a stable code.
    """
    try:
        envelope = _decode_envelope(line)
        kind = registry.type_of(envelope.type)
        typed = registry.decode_data(envelope.type, envelope.data)
        subject = envelope.subject or None
        ready = checked_draft(
            kind, typed, event_id=envelope.id, source=envelope.source, topic=envelope.type, subject=subject,
            occurred_us=instant_us(envelope.time), actor=envelope.actor or None,
            dataschema=envelope.dataschema or None,
        )  # fmt: skip
        if ready.state == line and check_numbers(typed) and not has_times(kind):
            return ready
    except (msgspec.DecodeError, FactError, ValueError):
        pass
    return _read_strictly(registry, line)


def _read_strictly(registry: Registry, line: bytes) -> Draft:
    event = parse(line)
    if not isinstance(event, dict):
        raise FactError("a fact is a JSON object", code="not-json", hint="one CloudEvents object a line")
    for name in event:
        if name not in _CONTEXT:
            raise FactError(
                f"unknown field {name!r} in the envelope",
                code="unknown-field",
                hint=f"CloudEvents attributes are {', '.join(_CONTEXT)}",
            )
    for name in ("specversion", "id", "source", "type", "time", "data"):
        if name not in event:
            raise FactError(
                f"fact has no {name!r}", code="missing-field", hint="loyalty schema shows every field"
            )
    _check_context(event)
    return draft(
        registry, event_id=event["id"], source=event["source"], topic=event["type"],
        subject=event.get("subject"), occurred_us=instant_us(event["time"]), data=event["data"],
        actor=event.get("actor"), dataschema=event.get("dataschema"),
    )  # fmt: skip


def _check_context(event: dict[str, Any]) -> None:
    for name, value in event.items():
        if name != "data" and not isinstance(value, str):
            raise FactError(f"{name} is no text: {value!r}", code="invalid")
    if event["specversion"] != "1.0":
        raise FactError(f"specversion is {event['specversion']!r}, not '1.0'", code="invalid")
    if event.get("datacontenttype", "application/json") != "application/json":
        raise FactError(
            f"datacontenttype is {event['datacontenttype']!r}, not 'application/json'", code="invalid"
        )
    if not isinstance(event["data"], dict):
        raise FactError(f"data is no JSON object: {event['data']!r}", code="invalid")


__all__ = ["Decimal", "Draft", "Envelope", "Fact", "convert", "draft", "member_of", "read_event", "stream_of"]
