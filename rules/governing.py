"""What is recorded about the programme: a ledger made, programmes applied, plugins trusted, time passed.

The file is longer than a room should be: what is recorded, and how it is read back, stand together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection

from ..ledger.calendar import instant_us, rfc3339
from ..ledger.errors import FactError, HistoryError, LoyaltyError, UsageError
from ..ledger.facts import Draft, Fact, FactType, Registry
from ..ledger.facts.envelope import draft
from ..ledger.facts.programme import ClockAdvanced, PluginsTrusted, ProgrammeActivated
from ..ledger.store.database import Database, open_database, upgrade_database
from ..ledger.store.log import Admission, Log
from ..ledger.store.reading import head_of, member_facts_since, programme_facts
from .catalogue import Catalogue, Pin
from .compile import Programme
from .engine import Engine
from .programme import ProgrammeFile, activation, admission, read_programme
from .trusting import chosen_catalogue, pin, pins_of

SOURCE = "loyalty"


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """A fact about the programme that a command recorded, or found recorded."""

    what: str
    topic: str
    position: int
    is_new: bool
    ledger: str

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "ledger": self.ledger, "type": self.topic, "position": self.position,
            "status": "created" if self.is_new else "duplicate", "what": self.what,
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        return [
            f"{self.what} ({'position' if self.is_new else 'already recorded at position'} {self.position:,})"
        ]


def create_ledger(
    url: str,
    catalogue: Catalogue,
    text: str,
    *,
    at: str,
    ledger_id: str,
    now_us: int,
    approver: str | None = None,
    trusting: Collection[str] = (),
) -> Recorded:
    """Make tables and head row, and put the first programme in force from the beginning of time.

    Args:
        url: The database; a SQLite file is made when it is missing.
        catalogue: The rules to choose from.
        text: The programme's TOML.
        at: Where the text is from, for errors.
        ledger_id: Part of every hash, for ever.
        now_us: The time.
        approver: Who approved the programme.
        trusting: Plugins of the catalogue that are accepted with it.

    Raises:
        UsageError, PluginError: the programme cannot be applied; nothing is made.
        LoyaltyError: the database holds a ledger already.
    """
    activated = activation(text, catalogue, at=at, approver=approver)
    upgrade_database(url)
    database = open_database(url)
    try:
        log = Log(database)
        with database.writing() as connection:
            log.create(connection, ledger_id=ledger_id, now_us=now_us)
            if trusting:
                _trust(log, connection, catalogue, trusting, now_us=now_us, approver=approver)
            return _append(
                log, connection, catalogue.registry, activated, now_us=now_us, what=_applied(activated)
            )
    finally:
        database.close()


def apply_programme(
    database: Database, catalogue: Catalogue, text: str, *, at: str, now_us: int, effective_us: int | None,
    approver: str | None = None, restates: bool = False,
) -> Recorded:  # fmt: skip
    """Put a programme in force from an instant on.

    Args:
        database: The ledger.
        catalogue: The rules to choose from.
        text: The programme's TOML.
        at: Where the text is from, for errors.
        now_us: The time.
        effective_us: From when it governs; None: from now on.
        approver: Who approved it.
        restates: Judge facts that are recorded already anew, those that occurred at *effective_us* or later.

    Raises:
        UsageError: no programme; its zone or currency is not the ledger's; it is back-dated beyond recorded
            facts and does not restate, or restates and nobody has approved it.
        PluginError: it asks for a rule that is not installed.
    """
    since_us = now_us if effective_us is None else effective_us
    if restates and not approver:
        raise UsageError(
            "restating what is booked already needs somebody who approves it", at=at, hint="--approver WHO"
        )
    activated = activation(
        text, catalogue, at=at, effective=rfc3339(since_us), approver=approver, restates=restates
    )
    file = read_programme(text, at=at)
    log = Log(database)
    with database.writing() as connection:
        head = log.lock(connection)
        known = _programmes(connection, catalogue.registry, head.position)
        check_like(file, known[0].file, at=at)
        done = _append(
            log, connection, catalogue.registry, activated, now_us=now_us, what=_applied(activated),
            again=_replaced(activated, known),
        )  # fmt: skip
        if done.is_new and effective_us is not None and effective_us < now_us and not restates:
            _check_dated(connection, effective_us, at=at)
        return done


def _replaced(activated: ProgrammeActivated, known: Sequence[RecordedProgramme]) -> str:
    """Return what sets an activation apart from an equal one that another has taken the place of since.

    Else going back to a programme of the same day would be taken for what is recorded already.
    """
    same_day = [row for row in known if row.data.effective == activated.effective]
    content = msgspec.json.encode(activated)
    is_known = any(msgspec.json.encode(row.data) == content for row in same_day[:-1])
    is_last = bool(same_day) and msgspec.json.encode(same_day[-1].data) == content
    if is_last:
        before = [row for row in same_day[:-1] if msgspec.json.encode(row.data) == content]
        return f" after {same_day[-2].position}" if before else ""
    return f" after {same_day[-1].position}" if is_known else ""


def _check_dated(connection: Connection, effective_us: int, *, at: str) -> None:
    """Refuse to date a programme back beyond facts: they would keep the one they had."""
    count = member_facts_since(connection, effective_us)
    if count:
        which = "1 recorded fact" if count == 1 else f"{count:,} recorded facts"
        raise UsageError(
            f"{which} occurred at or after {rfc3339(effective_us)!r}, under the programme before", at=at,
            hint="choose a later --from, or --restate to judge them anew",
        )  # fmt: skip


def advance_clock(database: Database, registry: Registry, *, to_us: int, now_us: int) -> Recorded:
    """Record that time passed up to an instant.

    Raises:
        UsageError: the instant is further ahead than the programme tolerates, or behind an earlier advance.
    """
    log = Log(database)
    with database.writing() as connection:
        log.lock(connection)
        tolerance_us = admission(_programmes(connection, registry, 2**62)[-1].file).tolerance_us
        if to_us > now_us + tolerance_us:
            raise UsageError(
                f"cannot advance to {rfc3339(to_us)!r}: it is {rfc3339(now_us)} now",
                hint="advance to an instant that has passed",
            )
        passed = [
            instant_us(fact.data.to)
            for fact in _read(connection, registry)
            if isinstance(fact.data, ClockAdvanced)
        ]
        if passed and to_us < max(passed):
            raise UsageError(
                f"cannot advance to {rfc3339(to_us)!r}: the clock is at {rfc3339(max(passed))}",
                hint="time only passes forward",
            )
        what = f"time passed up to {rfc3339(to_us)}"
        return _append(log, connection, registry, ClockAdvanced(to=rfc3339(to_us)), now_us=now_us, what=what)


def trust_plugins(
    database: Database, names: Sequence[str], *, folder: Path | None, now_us: int, reason: str | None = None,
    approver: str | None = None,
) -> Recorded:  # fmt: skip
    """Record that the code of these plugins, as it is now, is accepted for the whole history.

    They are imported first: what cannot be, or clashes with another plugin, is not accepted.

    Raises:
        PluginError: one of them is not installed, cannot be imported or clashes.
    """
    with database.reading() as connection:
        trusted = {(pinned.plugin, pinned.fingerprint) for pinned in pins_of(connection)}
    catalogue = chosen_catalogue(names, folder, trusted)
    log = Log(database)
    with database.writing() as connection:
        return _trust(log, connection, catalogue, names, now_us=now_us, reason=reason, approver=approver)


def _trust(
    log: Log, connection: Connection, catalogue: Catalogue, names: Collection[str], *, now_us: int,
    reason: str | None = None, approver: str | None = None,
) -> Recorded:  # fmt: skip
    pinned = tuple(pin(catalogue.plugins[name]) for name in sorted(set(names)))
    accepted = PluginsTrusted(plugins=pinned, reason=reason, approver=approver)
    what = f"trusted: {', '.join(p.plugin for p in pinned)}"
    return _append(log, connection, catalogue.registry, accepted, now_us=now_us, what=what)


def _append(
    log: Log, connection: Connection, registry: Registry, data: FactType, *, now_us: int, what: str,
    again: str = "",
) -> Recorded:  # fmt: skip
    # The same statement again is the same fact: its id comes from its content.
    content = hashlib.sha256(msgspec.json.encode(data) + again.encode()).hexdigest()[:32]
    occurred_us = now_us
    ready = draft(
        registry, event_id=f"{data.topic}/{content}", source=SOURCE, topic=data.topic, subject=None,
        occurred_us=occurred_us, data=data,
    )  # fmt: skip
    head = log.lock(connection)
    (outcome,) = log.append(connection, [ready], now_us=now_us)
    if outcome.error:
        raise outcome.error
    # A conflict here differs in nothing but the time it was said.
    return Recorded(
        what=what, topic=data.topic, position=outcome.position or 0, is_new=outcome.status == "created",
        ledger=head.ledger_id,
    )  # fmt: skip


def _applied(activated: ProgrammeActivated) -> str:
    since = f"from {activated.effective}" if activated.effective else "from the beginning of time"
    return f"programme {activated.programme!r} in force {since}"


# Reading


@dataclass(frozen=True, kw_only=True)
class RecordedProgramme:
    """An activation as recorded."""

    position: int
    data: ProgrammeActivated
    file: ProgrammeFile

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"position": self.position, **msgspec.to_builtins(self.data)}

    def lines(self) -> list[str]:
        """Return it for people: when it governs, its text, and what is pinned."""
        since = self.data.effective or "the beginning of time"
        pinned = [
            f"  {rule.label:<20} {rule.rule} version {rule.version}, plugin {rule.plugin}"
            for rule in self.data.rules
        ]
        return [
            f"{self.data.programme}: in force from {since}, recorded at position {self.position:,}", "",
            *self.data.text.rstrip().splitlines(), "", "pinned rules:", *pinned,
        ]  # fmt: skip


def history_lines(found: Sequence[RecordedProgramme]) -> list[str]:
    """Return one line for each activation."""
    return [
        f"{row.position:>9,}  {row.data.effective or 'the beginning':<22}  {row.data.programme}"
        f"  ({', '.join(f'{r.label}@{r.version}' for r in row.data.rules) or 'no rules'})"
        f"{f', approved by {row.data.approver}' if row.data.approver else ''}"
        f"{', restates what was recorded before' if row.data.restates else ''}"
        for row in found
    ]


def recorded_programmes(connection: Connection, registry: Registry) -> list[RecordedProgramme]:
    """Return every activation in the order of positions."""
    return _programmes(connection, registry, head_of(connection).position)


def programme_at(connection: Connection, registry: Registry, position: int) -> RecordedProgramme:
    """Return the activation recorded at a position.

    Raises:
        LoyaltyError: none is.
    """
    for row in recorded_programmes(connection, registry):
        if row.position == position:
            return row
    raise LoyaltyError(
        f"no programme was applied at position {position:,}", hint="loyalty programme history shows where"
    )


def programme_in_force(connection: Connection, registry: Registry, now_us: int) -> RecordedProgramme:
    """Return the activation that governs a fact that would occur and be recorded now.

    Raises:
        LoyaltyError: none does.
    """
    best: tuple[int, int] | None = None
    found = None
    for row in recorded_programmes(connection, registry):
        since = -1 if row.data.effective is None else instant_us(row.data.effective)
        if since <= now_us and (best is None or (since, row.position) > best):
            best, found = (since, row.position), row
    if found is None:
        raise LoyaltyError("no programme is in force", hint="loyalty programme apply FILE")
    return found


def current_admission(connection: Connection, catalogue: Catalogue) -> Admission:
    """Return what the last applied programme lets enter, and what would make the history unreadable."""
    rows = recorded_programmes(connection, catalogue.registry)
    admitted = admission(rows[-1].file) if rows else Admission()
    first = rows[0].file if rows else None
    accepted = {(pinned.plugin, pinned.fingerprint) for pinned in pins_of(connection)}

    def vet(draft: Draft, recorded_us: int) -> FactError | None:
        fact: Fact[Any] = catalogue.registry.fact_decoders()[draft.topic](draft.state)
        try:
            if isinstance(fact.data, ProgrammeActivated):
                fact.position = 1
                check_like(read_programme(fact.data.text, at=draft.event_id), first, at=draft.event_id)
                Programme(fact, catalogue, set())
            elif isinstance(fact.data, ClockAdvanced) and (
                instant_us(fact.data.to) > recorded_us + admitted.tolerance_us
            ):
                return FactError(f"time would pass into the future: {fact.data.to!r}", code="future")
            elif isinstance(fact.data, PluginsTrusted):
                return _untrusted(fact.data, accepted)
        except (LoyaltyError, ValueError) as error:
            what = error.what if isinstance(error, LoyaltyError) else str(error)
            return FactError(f"programme cannot be used here: {what}", code="unusable-programme")
        return None

    return admitted._replace(vet=vet)


def _untrusted(data: PluginsTrusted, accepted: Collection[Pin]) -> FactError | None:
    """Refuse to take a trust over from elsewhere: whose code runs here is said here."""
    for pinned in data.plugins:
        if (pinned.plugin, pinned.fingerprint) not in accepted:
            return FactError(
                f"plugin {pinned.plugin!r} {pinned.fingerprint[:12]}… is not trusted in this ledger",
                code="untrusted-plugin", hint=f"loyalty rules trust {pinned.plugin}, then retry",
            )  # fmt: skip
    return None


def check_like(file: ProgrammeFile, first: ProgrammeFile | None, *, at: str) -> None:
    """Refuse a zone or a currency that is not the ledger's."""
    for name in ("zone", "currency") if first else ():
        mine, theirs = getattr(file, name), getattr(first, name)
        if mine != theirs:
            raise UsageError(
                f"programme has {name} {mine!r}, but the ledger was made with {theirs!r}", at=at,
                hint=f"{name} is for ever; make another ledger for another one",
            )  # fmt: skip
    if first and file.policy.late != first.policy.late:
        raise UsageError(
            f"programme has late = {file.policy.late!r}, but the ledger was made with {first.policy.late!r}",
            at=at, hint="how late facts are booked is for ever; make another ledger for the other way",
        )  # fmt: skip


def make_engine(connection: Connection, catalogue: Catalogue) -> Engine:
    """Return the fold under everything recorded about the programme.

    Raises:
        PluginError: the history needs a plugin that is missing or altered.
    """
    return Engine(_read(connection, catalogue.registry), catalogue)


def _programmes(connection: Connection, registry: Registry, upto: int) -> list[RecordedProgramme]:
    return [
        RecordedProgramme(
            position=fact.position,
            data=fact.data,
            file=_recorded_file(fact),
        )
        for fact in _read(connection, registry)
        if isinstance(fact.data, ProgrammeActivated) and fact.position <= upto
    ]


def _recorded_file(fact: Fact[ProgrammeActivated]) -> ProgrammeFile:
    at = f"programme.activated at position {fact.position}"
    try:
        return read_programme(fact.data.text, at=at)
    except UsageError as error:
        raise HistoryError(
            f"recorded programme cannot be read: {error.what}", at=at, hint="restore a backup made before it"
        ) from error


def _read(connection: Connection, registry: Registry) -> list[Fact[Any]]:
    decoders = registry.fact_decoders()
    facts = []
    for row in programme_facts(connection, head_of(connection).position):
        fact: Fact[Any] = decoders[row.topic](row.state)
        fact.position, fact.occurred_us = row.position, row.occurred_us
        facts.append(fact)
    return facts
