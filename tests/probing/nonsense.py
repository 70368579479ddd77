"""Answers that make no sense, built from the effects' own fields, one field at a time.

``SENSE`` holds an answer of each kind that makes sense where ``test_nonsense_answers.py`` asks; each piece of
nonsense replaces one of its fields. What a field may be is said by ``RANGES`` and by its type.
"""

from __future__ import annotations

import enum
import itertools
import typing
from collections.abc import Callable, Iterator, Mapping
from types import UnionType
from typing import Any, Literal, NamedTuple

import msgspec

from loyalty_ledger.ledger.units import INT64_MAX, MOST
from loyalty_ledger.rules import (
    DAY_US,
    Accrue,
    Burn,
    Capture,
    Count,
    Effect,
    Expire,
    Extend,
    Flag,
    Hold,
    Keep,
    Limit,
    Merge,
    Move,
    NotQualified,
    Recommend,
    Reinstate,
    Release,
    Restore,
    Reverse,
    SetTimer,
    Settle,
    StopTimer,
    Terms,
    Transfer,
    Undo,
    Unmerge,
    Void,
    Wait,
)
from probing.aliens import (
    ALIENS,
    BOOLS,
    DICTS,
    IN_A_TUPLE,
    NUMBERS,
    OUT_OF_TIME,
    TEXTS,
    TUPLES,
    SlyText,
)

LATER_US = 40_000 * DAY_US
FAR = 2**62
"""A position that nothing has yet."""


class Place(enum.Enum):
    """What differs from member to member."""

    FIRST = "the position of the first purchase"
    OTHER = "another member of the group"


class Case(NamedTuple):
    """A piece of nonsense, and the words that an error must have to say where it is."""

    name: str
    path: str
    answer: Callable[[dict[Place, Any]], Any]


SENSE: dict[type[Effect], dict[str, Any]] = {
    Accrue: {"points": 5, "reason": "x"},
    Limit: {"points": 5, "reason": "x"},
    Terms: {"expires_us": LATER_US},
    Burn: {"points": 5, "reason": "x"},
    Reverse: {"fact": Place.FIRST, "reason": "x", "returned": (500, 0)},
    Wait: {"order": "o9"},
    Restore: {"fact": Place.FIRST, "reason": "x"},
    Undo: {"fact": Place.FIRST, "reason": "x"},
    Hold: {"hold": "new", "points": 5, "reason": "x"},
    Capture: {"hold": "open", "points": 1, "reason": "x"},
    Void: {"hold": "open", "reason": "x"},
    Transfer: {"to": Place.OTHER, "points": 5, "reason": "x"},
    Merge: {"absorbed": Place.OTHER, "reason": "x"},
    Unmerge: {"absorbed": Place.OTHER, "merge": 1, "reason": "x"},
    Extend: {"expires_us": LATER_US, "reason": "x"},
    Release: {"fact": 1, "reason": "x"},
    Reinstate: {"points": 5, "reason": "x"},
    Expire: {"reason": "x"},
    Move: {"rung": "gold", "reason": "x", "evidence": (1,), "figures": {"points": 5}},
    Recommend: {"action": "call", "reason": "x"},
    Settle: {"action": "call", "outcome": "x"},
    Keep: {"key": "k", "value": 5},
    SetTimer: {"key": "k", "due_us": LATER_US},
    StopTimer: {"key": "k"},
    Count: {"counter": "c"},
    Flag: {"flag": "f", "reason": "x"},
    NotQualified: {"reason": "x"},
}

RANGES: dict[str, tuple[int, int]] = {
    "Accrue.points": (0, MOST), "Limit.points": (0, INT64_MAX), "Burn.points": (1, MOST),
    "Hold.points": (1, 10), "Capture.points": (1, 2), "Transfer.points": (1, MOST),
    "Reinstate.points": (1, 8),
    "Reverse.fact": (2, FAR), "Restore.fact": (2, FAR), "Undo.fact": (2, FAR), "Release.fact": (1, FAR),
    "Unmerge.merge": (1, INT64_MAX), "Extend.lot": (1, INT64_MAX),
    "SetTimer.phase": (0, 99), "Count.by": (-INT64_MAX, INT64_MAX), "Keep.value": (-INT64_MAX, INT64_MAX),
}  # fmt: skip
EMPTY_IS_FINE = {"Move.rung"}
NAMES_A_MEMBER = {"Transfer.to", "Merge.absorbed"}
"""Unmerge refuses a stranger with a flag: what a person recorded is no fault of the rule."""


def _of_type(path: str, declared: Any) -> Iterator[Any]:  # noqa: C901 - one branch a type
    """Return nonsense for a field of a declared type."""
    options = typing.get_args(declared) if typing.get_origin(declared) in {UnionType, typing.Union} else ()
    kinds = set(options or (declared,))
    if type(None) not in kinds:
        yield None
    if bool not in kinds:
        yield from BOOLS
    if int in kinds:
        yield from _numbers(path)
    else:
        yield from NUMBERS
    if str in kinds:
        yield from (text for text in TEXTS if text or path not in EMPTY_IS_FINE)
        if path in NAMES_A_MEMBER or path.endswith(".member"):
            yield from ("zoe", " ann", "ANN", "ann ", "*")
    else:
        yield from ("5", "x", "", "\ud800")
    for kind in kinds:
        if typing.get_origin(kind) is Literal:
            yield from ("Issued", "issued ", "DEBT", "lines,order", SlyText("issued"), "half_up")
        if typing.get_origin(kind) is tuple:
            yield from _in_tuple(path)
        if typing.get_origin(kind) is Mapping:
            yield from _in_dict()
    if not any(typing.get_origin(kind) is tuple for kind in kinds):
        yield from TUPLES
    if not any(typing.get_origin(kind) is Mapping for kind in kinds):
        yield from DICTS
    yield from ALIENS


def _numbers(path: str) -> Iterator[Any]:
    if path.endswith("_us"):
        yield from OUT_OF_TIME
        return
    least, most = RANGES[path]
    yield from (least - 1, most if most == FAR else most + 1, -(2**63), 2**63, 2**64, 10**400, 10**5000)


def _in_tuple(path: str) -> Iterator[Any]:
    """Return tuples of the right length with one piece of nonsense, and some of the wrong length."""
    for part in IN_A_TUPLE:
        yield from ((1, part), (part, 1))
    if path == "Move.evidence":
        yield from ((0,), (FAR,), (1,) * 20_000)
    else:
        yield from ((), (5,), (5, 5, 5))


def _in_dict() -> Iterator[Any]:
    for part in (*IN_A_TUPLE, ""):
        if part not in ("5", -1):
            yield {"points": part}
    yield from ({5: 5}, {None: 5}, {"": 5}, {"\0": 5}, {b"x": 5}, {("x",): 5}, {SlyText("x"): 5})
    yield {f"figure {number}": number for number in range(20_000)}


def cases(kind: type[Effect]) -> list[Case]:
    """Return every case of an effect, one of each field in turn: the first sixty touch them all."""
    by_field = []
    for field in msgspec.structs.fields(kind):
        path = f"{kind.__name__}.{field.name}"
        if field.name == "member" and kind is Terms:
            values = iter(("ann", "zoe", Place.OTHER, *BOOLS, *NUMBERS, *ALIENS))
        else:
            values = _of_type(path, field.type)
        by_field.append([_case(kind, field.name, path, number, value) for number, value in enumerate(values)])
    found = [case for row in itertools.zip_longest(*by_field) for case in row if case is not None]
    if kind is Limit:
        found.append(_case(Limit, "member", "Limit.member", 99, Place.OTHER))
    return found


def _case(kind: type[Effect], field: str, path: str, number: int, value: Any) -> Case:
    return Case(
        f"{path} {number}", path, lambda places: kind(**placed({**SENSE[kind], field: value}, places))
    )


def placed(fields: dict[str, Any], places: dict[Place, Any]) -> dict[str, Any]:
    """Return an effect's fields with what differs from member to member."""
    return {name: places[value] if type(value) is Place else value for name, value in fields.items()}
