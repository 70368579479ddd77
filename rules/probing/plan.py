"""What the processes of a check tell each other: what to fold, and what came of it."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct


class Target(Struct, frozen=True, kw_only=True):
    """What is checked.

    Attributes:
        name: The plugin's name, as findings cite it.
        path: A rule file or the folder of a package; None: an installed plugin.
    """

    name: str
    path: str | None = None


class Task(Struct, frozen=True, kw_only=True):
    """What a check was asked for.

    Attributes:
        programme: The TOML text of a programme to check the rules under; None: one made up for each rule.
        leave_out: Rules that did not come to an end before, as name@version.
        recorded: File with histories of a ledger.
    """

    target: Target
    programme: str | None = None
    programme_at: str = ""
    leave_out: tuple[str, ...] = ()
    recorded: str | None = None


class Told(Struct, array_like=True, gc=False):
    """A fact of a history, as stored."""

    position: int
    occurred_us: int
    topic: str
    state: bytes


class History(Struct, array_like=True):
    """The facts of one group of members.

    Attributes:
        is_extreme: Its numbers are at the limits of what a fact can hold.
    """

    members: tuple[str, ...]
    facts: list[Told]
    is_extreme: bool = False


class World(Struct, array_like=True):
    """Histories that share one log, and how time was advanced in it."""

    advances: list[Told]
    histories: list[History]
    last: int


class Setting(Struct, array_like=True):
    """Rules with parameters, and the histories they are asked about.

    Attributes:
        rules: The rules under check: by label, name@version.
        activated: The programme, ``ProgrammeActivated`` as JSON.
        words: The parameters, for people.
        is_wild: A parameter is beyond what its type says anything about.
    """

    rules: dict[str, str]
    activated: bytes
    words: str
    world: int
    histories: list[int]
    is_wild: bool = False


class Finding(Struct, frozen=True, kw_only=True):
    """Something a probe has found.

    Attributes:
        probe: Its name.
        rule: name@version, or the plugin's name.
        what: What is wrong.
        at: Which fact of which member, and under which parameters.
        here: What was answered first.
        there: What was answered the other time.
        hint: What to try.
        times: How often it was seen.
        is_remark: Good to know, and no fault.
    """

    probe: str
    rule: str
    what: str
    at: str | None = None
    here: str | None = None
    there: str | None = None
    hint: str | None = None
    times: int = 1
    is_remark: bool = False


class Plan(Struct):
    """Everything that is folded, the same in every process."""

    rules: list[str]
    settings: list[Setting]
    worlds: list[World]
    findings: list[Finding]


class Call(Struct, array_like=True, gc=False):
    """A rule was asked: at which fact of the history (its number and position), what, and what it said."""

    number: int
    position: int
    rule: str
    about: str
    member: str
    answers: list[str]


class Trace(Struct, array_like=True):
    """What came of one history under one setting."""

    calls: list[Call]
    notes: list[str]
    state: str = ""
    failure: str = ""


class Result(Struct):
    """What a process found. Keys are "setting/history"."""

    traces: dict[str, Trace] = {}
    again: dict[str, Trace] = {}
    states: dict[str, dict[str, bytes]] = {}
    findings: list[Finding] = []
    defaults: dict[str, dict[str, str]] = {}


def cut_of(setting: int, history: int, facts: int) -> int:
    """Return behind how many facts a history is interrupted and resumed; it differs from one to the next."""
    return facts * (1 + (setting + history) % 4) // 5


_encode = msgspec.msgpack.Encoder().encode


def write(value: Struct, file: Path) -> None:
    """Write what another process reads; it appears whole or not at all."""
    part = file.with_suffix(".part")
    part.write_bytes(_encode(value))
    part.replace(file)


def read_plan(file: Path) -> Plan:
    """Return a plan from its file."""
    return msgspec.msgpack.decode(file.read_bytes(), type=Plan)


def read_result(file: Path) -> Result:
    """Return a result from its file."""
    return msgspec.msgpack.decode(file.read_bytes(), type=Result)
