"""A rebuild in pieces: ranges of members and groups of linked members, each folded from the first fact."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy import Connection

from ..store.bulk import fetch_rows
from ..store.database import Database
from ..store.groups import linked_members
from ..store.reading import RawFact, facts_by_member, facts_of
from ..views.daily import DailyRow
from .folding import Folder, Group, parts_at
from .prefix import Decoders, Prefix
from .recipe import Recipe
from .set_asides import Asides
from .sheets import Sheets

FLUSH_ROWS = 20_000
_SHARD_FACTS = 250_000
_SAMPLES = 2_000


class Shard(NamedTuple):
    """A piece: the members from *low* on and below *high* who stand alone, and some groups.

    With *low* equal to *high* it is the groups alone.
    """

    low: str | None
    high: str | None
    groups: tuple[Group, ...]


class Plan(NamedTuple):
    """All pieces.

    Attributes:
        shards: In the order of their members.
        linked: The members left out of the ranges: they come with their groups.
        upto: Facts up to this position.
        asides: Whom operators set aside, the same in every process.
    """

    shards: list[Shard]
    linked: frozenset[str]
    upto: int
    asides: Asides


Write = Callable[[Callable[[Connection, str], None]], None]
"""Lets a change of a slot happen in one transaction."""


def plan_shards(connection: Connection, *, upto: int, processes: int, asides: Asides) -> Plan:
    """Split the members into pieces of about equally many facts: enough to keep every process at work."""
    linked = linked_members(connection, upto)
    alone = {(member,) for member in _named_without_stream(connection, upto) if member not in linked}
    groups = sorted({*linked.values(), *alone})
    count = max(-(-upto // _SHARD_FACTS), 2 * processes if processes > 1 else 1)
    bounds = _bounds(connection, upto, count)
    lows, highs = [None, *bounds], [*bounds, None]
    shards = [
        Shard(low, high, tuple(groups[number :: len(lows)]))
        for number, (low, high) in enumerate(zip(lows, highs, strict=True))
    ]
    return Plan(shards, frozenset(member for group in groups for member in group), upto, asides)


def fold_shard(
    database: Database,
    recipe: Recipe,
    plan: Plan,
    shard: Shard,
    *,
    write: Write,
    progress: Callable[[int], None],
) -> dict[str, DailyRow]:
    """Fold one piece.

    Args:
        database: Only read here.
        recipe: How.
        plan: The whole.
        shard: The piece.
        write: Called for rows by the ten thousand.
        progress: Told from time to time how many facts more are done.

    Returns:
        The sums of the view *daily*, by day, to be added to those of the other pieces.
    """
    sheets = Sheets(recipe.days(), recipe.make_views())
    decoders = Decoders(recipe.make_registry())
    done = 0
    with database.reading() as connection:
        prefix = Prefix(recipe, decoders, connection, plan.upto)
        folder = Folder(prefix, decoders, plan.upto, parts_at(connection), plan.asides)

        def fold(members: Group, facts: Iterable[RawFact]) -> None:
            nonlocal done
            is_written = False
            for harvest in folder.harvests(members, {}, facts, after=0):
                done += harvest.facts
                if is_written:
                    write(partial(sheets.write_more, harvest))
                else:
                    sheets.add(harvest)
                    if sheets.size < FLUSH_ROWS:
                        continue
                    write(sheets.write_new)
                    is_written = True
                progress(done)
                done = 0

        for members, facts in groups_in(connection, plan, shard):
            fold(members, facts)
    write(sheets.write_new)
    progress(done)
    return sheets.daily.clear()


def groups_in(connection: Connection, plan: Plan, shard: Shard) -> Iterator[tuple[Group, Iterable[RawFact]]]:
    """Yield the groups of a piece, each with its facts: use them up before asking for the next group."""
    if shard.low is None or shard.low != shard.high:
        rows = facts_by_member(connection, upto=plan.upto, low=shard.low, high=shard.high)
        for stream, facts in groupby(rows, key=itemgetter(1)):
            member = stream[7:]
            if member not in plan.linked:
                yield (member,), facts
    for group in shard.groups:
        yield group, facts_of(connection, group, upto=plan.upto)


def _named_without_stream(connection: Connection, upto: int) -> list[str]:
    """Return members named by facts of nobody's stream: a range of streams does not hold those facts."""
    sql = "SELECT DISTINCT member FROM fact_members WHERE member = subject AND position <= :upto"
    return [row[0] for row in fetch_rows(connection, sql, {"upto": upto})]


def _bounds(connection: Connection, upto: int, count: int) -> list[str]:
    step = max(upto // _SAMPLES, 1)
    positions = ", ".join(map(str, range(1, upto + 1, step)))
    if count < 2 or not positions:
        return []
    rows = fetch_rows(connection, f"SELECT stream FROM facts WHERE position IN ({positions})")  # noqa: S608 - integers
    members = sorted(row[0][7:] for row in rows if row[0].startswith("member/"))
    picked = [members[len(members) * number // count] for number in range(1, count)] if members else []
    return sorted(set(picked))
