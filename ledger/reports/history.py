"""A member's timeline as a story: facts in words, under each what it led to (``member history``)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from msgspec import Struct, json
from sqlalchemy import Connection

from ..calendar import FOREVER_US, Zone, rfc3339
from ..errors import UsageError
from ..fold import MoveRow
from ..journal import Entry
from .footer import footer
from .member import is_known, set_aside, unknown_member
from .standing import standing_line
from .timeline import ActionStep, FactStep, FlagStep, Step, timeline
from .typesetting import WIDTH, day, listed, minute, set_lines, zone_of
from .wording import about, in_words

_DATE, _REF, _WORDS = 10, 8, 39
_MARGIN = _DATE + _REF + 3
HEAD = f"{'date':<{_DATE}} {'fact':>{_REF}}  {'what happened':<{_WORDS}}{'points':>9}{'balance':>10}"


class Evidence(Struct):
    """What decided a move: facts by position, and figures."""

    facts: list[int]
    figures: dict[str, int | str]


evidence_of = json.Decoder(Evidence).decode


def history_lines(
    connection: Connection, member: str, *, since: str | None = None, limit: int | None = None
) -> Iterator[str]:
    """Yield the story for people, at most 80 columns, as it is read.

    Args:
        connection: Of a reading; the steps come from it while they are read.
        member: Whom.
        since: Only what counts from this local day on, YYYY-MM-DD.
        limit: Only the last so many facts, and what came with them.

    Raises:
        LoyaltyError: no fact names the member.
        UsageError: *since* is no day.
    """
    foot, zone = footer(connection), zone_of(connection)
    if not is_known(connection, member):
        raise unknown_member(member)
    since_us, setter = _since_us(since, zone), None
    yield f"member {member:<38}{'times of ' + zone.name:>34}".rstrip()
    for step in timeline(connection, member, upto=foot.position, since_us=since_us, limit=limit):
        if setter is None:
            setter = _Setter(member, zone)
            carried = step.balance - (step.item.points if step.kind == "entry" else 0)
            yield from ("", HEAD)
            if since_us is not None or limit is not None:
                yield f"{'':{_MARGIN}}{'before':<{_WORDS}}{'':9}{carried:>10,}"
        yield from setter.lines(step)
    if setter is None:
        yield from ("", "nothing happened" + ("" if since is None else f" since {since}"))
    yield from ("", *set_lines(standing_line(connection, member, zone)))
    if aside := set_aside(connection, member):
        yield from ("", *set_lines(aside, lead="SET ASIDE  "))
    yield from ("", foot.line())


def history_fields(
    connection: Connection, member: str, *, since: str | None = None, limit: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the steps for programs.

    Args:
        connection: Of a reading; the steps come from it while they are read.
        member: Whom.
        since: Only what counts from this local day on, YYYY-MM-DD.
        limit: Only the last so many facts, and what came with them.

    Raises:
        LoyaltyError: no fact names the member.
        UsageError: *since* is no day.
    """
    foot = footer(connection)
    if not is_known(connection, member):
        raise unknown_member(member)
    since_us = _since_us(since, zone_of(connection))
    for step in timeline(connection, member, upto=foot.position, since_us=since_us, limit=limit):
        yield step_fields(step)


def _since_us(since: str | None, zone: Zone) -> int | None:
    try:
        return None if since is None else zone.start_us(date.fromisoformat(since))
    except ValueError as error:
        raise UsageError(f"no day: {since!r}", at="--since", hint="write 2026-01-31") from error


class _Setter:
    """Sets one step after the other; knows which day stands above, and what was just said."""

    def __init__(self, member: str, zone: Zone) -> None:
        self._member, self._zone = member, zone
        self._day = ""
        self._fact = 0
        self._said = ""

    def lines(self, step: Step) -> list[str]:
        item = step.item
        match item:
            case FactStep():
                return self._fact_lines(item)
            case Entry():
                return self._entry_lines(item, step)
            case MoveRow():
                ref = f"{item.ladder}:{item.number}"
                words = move_words(item)
                if len(ref) > _REF:
                    ref, words = "move", f"{ref} {words}"
                return self._set(step, ref, words)
            case FlagStep():
                self._said = item.reason
                return self._set(step, "flag", f"{item.flag}: {item.reason}")
            case ActionStep():
                due = f", due {minute(item.due_us, self._zone)}" if item.due_us is not None else ""
                why = "" if item.reason == self._said else f": {item.reason}"
                return self._set(step, "to do", f"{item.action}{due}{why}")
        raise AssertionError(step.kind)

    def _fact_lines(self, item: FactStep) -> list[str]:
        self._day, self._fact = day(item.occurred_us, self._zone), item.position
        words = about(item.topic, item.told.subject, item.told.data, self._member)
        late = " (LATE)" if item.is_late else ""
        return set_lines(words + late, lead=f"{self._day} {item.position:>{_REF}}  ")

    def _entry_lines(self, item: Entry, step: Step) -> list[str]:
        words, points = item.reason, f"{item.points:+,}"
        if item.pending and not item.points:
            points = f"({item.pending:+,})"
            words += f", pending until {minute(item.usable_us, self._zone)}" if item.usable_us else ""
        if item.lot is not None and item.points + item.pending <= 0:
            words += f", lot {item.lot}"
        first, *rest = self._set(step, f"#{item.entry}", words, width=_MARGIN + _WORDS - 1)
        return [f"{first:<{_MARGIN + _WORDS}}{points:>9}{step.balance:>10,}", *rest]

    def _set(self, step: Step, ref: str, words: str, *, width: int = WIDTH) -> list[str]:
        booked = day(step.at_us, self._zone)
        is_under = step.position == self._fact and not step.is_timed
        shown, self._day = ("" if booked == self._day and is_under else booked), booked
        indent = "  " if is_under else ""
        return set_lines(words, lead=f"{shown:<{_DATE}} {ref:>{_REF}}  {indent}", width=width)


def move_words(move: MoveRow) -> str:
    """Return a move in words: from where to where, why, and by which facts if by more than one."""
    facts = [str(fact) for fact in evidence_of(move.evidence).facts]
    by = f"; facts {listed(facts)}" if len(facts) > 1 else ""
    return f"{move.old} -> {move.rung or 'none'} ({move.reason}{by})".lstrip()


def step_fields(step: Step) -> dict[str, Any]:
    """Return a step for programs; the keys are an interface."""
    item = step.item
    match step.kind:
        case "fact":
            fields = {
                "position": item.position, "type": item.topic, "subject": item.told.subject,
                "id": item.told.id, "source": item.told.source, "actor": item.told.actor,
                "occurred": rfc3339(item.occurred_us), "is_late": item.is_late,
                "what": in_words(item.topic, item.told.data), "data": item.told.data,
            }  # fmt: skip
        case "move":
            fields = {**timed_fields(item), "evidence": json.decode(item.evidence)}
        case "flag":
            fields = {"position": item.position, "rule": item.rule, "flag": item.flag, "reason": item.reason}
        case _:
            fields = timed_fields(item)
    return {"kind": step.kind, **fields, "balance": step.balance}


def timed_fields(row: Any) -> dict[str, Any]:
    """Return a row for programs, instants as RFC 3339."""
    fields: dict[str, Any] = dict(row._asdict())
    for name in [name for name in fields if name.endswith("_us")]:
        value = fields.pop(name)
        fields[name.removesuffix("_us")] = None if value is None else _instant(value)
    if "is_late" in fields:
        fields["is_late"] = bool(fields["is_late"])
    return fields


def _instant(at_us: int) -> str:
    return "never" if at_us >= FOREVER_US else rfc3339(at_us)
