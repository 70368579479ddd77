"""What a rule's answer must be made of: whole numbers, instants and words that every database can keep."""

from __future__ import annotations

import re
from collections.abc import Coroutine, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import suppress
from functools import lru_cache
from reprlib import Repr
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from ..ledger.calendar import EARLIEST_US, FOREVER_US, LATEST_US
from ..ledger.errors import LoyaltyError
from ..ledger.units import INT64_MAX

MOST_EFFECTS = 10_000
"""An answer with more is taken for one that never ends."""
_MOST_CHARACTERS = 2000
_UNORDERED = (str, bytes, bytearray, memoryview, Mapping, AbstractSet)
"""Python goes through these, too; but nobody means their parts, or each process has another order."""
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


class NonsenseError(Exception):
    """An answer that is none: the engine makes it a RuleError that names rule, member and position."""


def whole(value: object, what: str, least: int = 0, most: int = INT64_MAX) -> int:
    """Return a whole number within bounds.

    Raises:
        NonsenseError: it is none, or a bool, or out of bounds.
    """
    if type(value) is not int or not least <= value <= most:
        raise NonsenseError(f"answered {what} {shown(value)}, not a whole number from {least} to {most}")
    return value


def instant(value: object, what: str) -> int:
    """Return an instant that people can be shown, or FOREVER_US.

    Raises:
        NonsenseError: it is none, or outside the years 1 to 9999.
    """
    if type(value) is not int or not (EARLIEST_US <= value <= LATEST_US or value == FOREVER_US):
        raise NonsenseError(f"answered {what} {shown(value)}, not microseconds in the years 1 to 9999")
    return value


def words(value: object, what: str) -> str:
    """Return a text without control characters.

    Raises:
        NonsenseError: it is none, or empty, or too long.
    """
    if type(value) is not str or not _is_plain(value):
        raise NonsenseError(f"answered {what} {shown(value)}, not plain text up to {_MOST_CHARACTERS} long")
    return value


@lru_cache(maxsize=4096)
def _is_plain(text: str) -> bool:
    # Neither database keeps a lone surrogate, PostgreSQL keeps no NUL.
    return 1 <= len(text) <= _MOST_CHARACTERS and not _UNPRINTABLE.search(text)


def yes_or_no(value: object, what: str) -> bool:
    """Return a bool.

    Raises:
        NonsenseError: it is none.
    """
    if type(value) is not bool:
        raise NonsenseError(f"answered {what} {shown(value)}, not True or False")
    return value


def each(answer: Any) -> Iterable[Any]:
    """Return what a rule has answered one by one: a list, a tuple or whatever yields them.

    Raises:
        NonsenseError: it is none of these, now; or has no end, when it comes to that.
    """
    kind = type(answer)
    if kind is list or kind is tuple:
        if len(answer) > MOST_EFFECTS:
            raise NonsenseError(f"answered {len(answer)} effects, more than {MOST_EFFECTS}")
        return answer  # type: ignore[no-any-return]
    if isinstance(answer, _UNORDERED) or not isinstance(answer, Iterable):
        if isinstance(answer, Coroutine):
            answer.close()
        raise NonsenseError(f"answered {shown(answer)}, which is no effect and no list of effects")
    return _bounded(answer)


def _bounded(answer: Iterable[Any]) -> Iterator[Any]:
    try:
        for number, effect in enumerate(answer):
            if number == MOST_EFFECTS:
                raise NonsenseError(f"answered more than {MOST_EFFECTS} effects")
            yield effect
    finally:
        # A generator that is left half-way may refuse to end, on stderr.
        with suppress(Exception):
            answer.close()  # type: ignore[attr-defined]


class _Shown(Repr):
    """Short, and sets in order: what is shown is stored, and must be the same in every process."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = 300

    def repr_set(self, x: AbstractSet[Any], level: int) -> str:
        parts = sorted(self.repr1(part, level - 1) for part in x) if level > 0 else ["..."]
        return f"{{{', '.join(parts)}}}"

    repr_frozenset = repr_set

    def repr_instance(self, x: Any, level: int) -> str:
        if level <= 0 or not isinstance(x, Struct):
            return super().repr_instance(x, level)
        fields = ((name, getattr(x, name)) for name in x.__struct_fields__)
        return f"{type(x).__name__}({', '.join(f'{name}={self.repr1(y, level - 1)}' for name, y in fields)})"

    def repr1(self, x: Any, level: int) -> str:
        text = super().repr1(x, level)
        # A subclass looks like what it pretends to be.
        is_pretending = isinstance(x, (str, int)) and type(x) not in {str, int, bool}
        return f"{text} of type {type(x).__name__}" if is_pretending else text


_shown = _Shown()


def positions(value: object, what: str, most: int) -> tuple[int, ...]:
    """Return positions of facts up to *most*.

    Raises:
        NonsenseError: it is no tuple of them.
    """
    if type(value) is not tuple or len(value) > MOST_EFFECTS:
        raise NonsenseError(f"answered {what} {shown(value)}, not a tuple of at most {MOST_EFFECTS}")
    return tuple([whole(fact, f"{what}[{number}]", 1, most) for number, fact in enumerate(value)])


def figures(value: object, what: str) -> dict[str, int | str]:
    """Return numbers and texts by name.

    Raises:
        NonsenseError: it is no dict of them.
    """
    if not isinstance(value, (dict, MappingProxyType)) or len(value) > MOST_EFFECTS:
        raise NonsenseError(f"answered {what} {shown(value)}, not a dict of at most {MOST_EFFECTS}")
    found: dict[str, int | str] = {}
    for name, figure in value.items():
        where = f"{what}[{words(name, what)!r}]"
        found[name] = whole(figure, where, -INT64_MAX) if type(figure) is int else words(figure, where)
    return found


def shown(value: object) -> str:
    """Return what a stranger's object looks like, the same in every process."""
    try:
        text = _shown.repr(value)
    except Exception:  # noqa: BLE001 - a stranger's repr, or an int too long to print
        text = f"a {type(value).__name__}"
    return _printable(text)


def said(error: BaseException) -> str:
    """Return a stranger's error message, the same in every process."""
    try:
        text = error.what if isinstance(error, LoyaltyError) else str(error)
    except Exception:  # noqa: BLE001 - a stranger's exception
        text = "no message"
    return _printable(text)


def _printable(text: str) -> str:
    return printable(_ADDRESS.sub("", text[:1000]))[:300]


def printable(text: str) -> str:
    """Return a text of which every terminal and database can take each character."""
    return _UNPRINTABLE.sub("?", text)


def one_of(value: object, what: str, known: tuple[str, ...]) -> None:
    """Refuse what is none of the known words.

    Raises:
        NonsenseError: naming what was answered and what is known.
    """
    if type(value) is not str or value not in known:
        raise NonsenseError(f"answered {what} {shown(value)}, not one of {', '.join(known)}")
