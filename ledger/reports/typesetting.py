"""How pages are set: days and minutes of a zone, lines of at most 80 columns, no letter ever cut off."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from textwrap import wrap

from msgspec import Struct, json
from sqlalchemy import Connection, text

from ..calendar import FOREVER_US, Zone

WIDTH = 80


class _Activation(Struct):
    text: str


class _Event(Struct):
    data: _Activation


_event = json.Decoder(_Event).decode


def zone_of(connection: Connection) -> Zone:
    """Return the zone of the programme applied last: the days on a page are its days."""
    state = connection.execute(
        text(
            "SELECT state FROM facts WHERE stream = 'programme' AND topic = 'programme.activated' "
            "ORDER BY position DESC LIMIT 1"
        )
    ).scalar()
    return Zone("UTC" if state is None else tomllib.loads(_event(bytes(state)).data.text)["zone"])


def day(instant_us: int, zone: Zone) -> str:
    """Return the local day of an instant."""
    return zone.local_date(instant_us).isoformat()


def minute(instant_us: int, zone: Zone) -> str:
    """Return the local minute of an instant, or ``never``."""
    if instant_us >= FOREVER_US:
        return "never"
    return zone.local(instant_us).replace(tzinfo=None).isoformat(" ", "minutes")


def set_lines(words: str, *, lead: str = "", width: int = WIDTH) -> list[str]:
    """Return *words* behind *lead*, wrapped; the lines after the first are indented as far."""
    lines = wrap(words, width, initial_indent=lead, subsequent_indent=" " * len(lead), break_on_hyphens=False)
    return lines or [lead.rstrip()]


def counted(number: int, noun: str) -> str:
    """Return a number of things.

    >>> counted(1, "fact"), counted(2000, "entry")
    ('1 fact', '2,000 entries')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun != "day" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"


def listed(words: Iterable[str]) -> str:
    """Return words as people list them.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
