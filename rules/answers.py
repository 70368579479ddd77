"""What a rule's answer must be made of: whole numbers, instants and words that every database can keep."""

from __future__ import annotations

import re
from functools import lru_cache

from ..ledger.calendar import EARLIEST_US, FOREVER_US, LATEST_US
from ..ledger.errors import LoyaltyError
from ..ledger.units import INT64_MAX

_MOST_CHARACTERS = 2000
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


def shown(value: object) -> str:
    """Return what a stranger's object looks like, the same in every process."""
    try:
        text = repr(value)
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
    return _UNPRINTABLE.sub("?", _ADDRESS.sub("", text[:1000]))[:300]


def one_of(value: object, what: str, known: tuple[str, ...]) -> None:
    """Refuse what is none of the known words.

    Raises:
        NonsenseError: naming what was answered and what is known.
    """
    if value not in known:
        raise NonsenseError(f"answered {what} {shown(value)}, not one of {', '.join(known)}")
