"""A simulation from its beginning to its end."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple, cast

from sqlalchemy import Connection

from ...ledger.projection.prefix import Decoders, Prefix
from ...ledger.projection.recipe import Progress, Recipe, calm_collector
from ...ledger.store.bulk import fetch_rows
from ...ledger.store.database import Database
from ...ledger.store.lists import among, as_list
from ...ledger.store.merkle import root_of
from ...ledger.store.reading import Head, head_of
from ..compile import History
from ..engine import Engine
from .candidate import POSITION, Candidate
from .comparing import Measure
from .distribution import distribution
from .folding import Piece, Recipes, fold_piece
from .gathering import Gathered, gathering
from .scope import Scope, scope_of
from .simulation import Ground, Simulation, Totals
from .workers import fold_apart
from .worth import PointWorth


class Asked(NamedTuple):
    """What is to be simulated.

    Attributes:
        candidate: The programme that is tried.
        members: Only these; empty: all.
        sample: Only so many, drawn; None: all.
        top: How many winners, losers and members set aside to name.
        worth: What points are worth; None: unknown.
        by: What decides who wins.
    """

    candidate: Candidate
    members: tuple[str, ...] = ()
    sample: int | None = None
    top: int = 10
    worth: PointWorth | None = None
    by: Measure = "balance"


class Simulated(NamedTuple):
    """The answer, and every member behind it."""

    simulation: Simulation
    gathered: Gathered


class _Setting(NamedTuple):
    head: Head
    scope: Scope
    histories: tuple[History, History]
    fingerprints: tuple[str, str]
    unheard: dict[str, int]


@contextmanager
def simulated(
    database: Database, recorded: Recipe, asked: Asked, *, processes: int, progress: Progress
) -> Iterator[Simulated]:
    """Fold the history on both sides, compare, and yield what came of it; the members are gone afterwards.

    Args:
        database: Only read.
        recorded: How facts become rows under what is recorded.
        asked: The candidate, and who.
        processes: How many fold at a time.
        progress: Told how many facts are done, and how many there are.

    Raises:
        LoyaltyError: somebody asked for is unknown, a process died, or there is no room.
        PluginError: the history needs a plugin that is missing or altered.
        RuleError: a rule failed where it had not failed before.
    """
    recipes = Recipes(recorded, asked.candidate.recipe(recorded))
    with database.reading() as connection:
        setting = _setting(connection, recipes, asked, processes)
    totals, facts, clocks = Totals(), 0, []
    pieces = _pieces(database, recipes, setting.scope, processes, progress)
    with gathering(asked.by) as gathered, calm_collector(), closing(pieces):
        for piece in pieces:
            gathered.add(piece.members)
            for row in piece.members:
                totals.add(row)
            facts += piece.facts
            clocks += [] if piece.clock_us is None else [piece.clock_us]
        ground = Ground(
            ledger=setting.head.ledger_id, position=setting.head.position,
            root=root_of(setting.head.frontier, setting.head.position).hex(),
            clock_us=max(clocks, default=None), facts=facts, known=setting.scope.known,
            fingerprints=setting.fingerprints,
        )  # fmt: skip
        yield Simulated(_answer(asked, setting, totals, gathered, ground), gathered)


def _answer(
    asked: Asked, setting: _Setting, totals: Totals, gathered: Gathered, ground: Ground
) -> Simulation:
    return Simulation(
        candidate=asked.candidate.name,
        recorded=tuple(programme.name for programme in setting.histories[0].programmes),
        since_us=asked.candidate.since_us, only=len(asked.members) or None, sample=asked.sample,
        by=asked.by, totals=totals, kinds=gathered.counts(), worth=asked.worth, unheard=setting.unheard,
        winners=gathered.winners(asked.top), losers=gathered.losers(asked.top),
        asides=gathered.aside(asked.top), bins=distribution(gathered), ground=ground,
    )  # fmt: skip


def _setting(connection: Connection, recipes: Recipes, asked: Asked, processes: int) -> _Setting:
    head = head_of(connection)
    decoders = Decoders(recipes.recorded.make_registry())
    recorded, candidate = (Prefix(recipe, decoders, connection, head.position) for recipe in recipes)
    histories = cast(Engine, recorded.fold).history, cast(Engine, candidate.fold).history
    scope = scope_of(
        connection, upto=head.position, processes=processes, members=asked.members, sample=asked.sample
    )
    unheard = _unheard(connection, histories, asked.candidate.since_us, head.position)
    return _Setting(head, scope, histories, (recorded.fingerprint, candidate.fingerprint), unheard)


def _unheard(
    connection: Connection, histories: tuple[History, History], since_us: int | None, upto: int
) -> dict[str, int]:
    """Return the facts that lose their rule: how many, by topic."""
    own = next(programme for programme in histories[1].programmes if programme.position == POSITION)
    heard = {topic for programme in histories[0].programmes for topic in programme.topics()}
    topics = sorted(heard - own.topics())
    if not topics:
        return {}
    sql = (
        f"SELECT topic, count(*) FROM facts WHERE topic {among(connection, 'topics')} AND position <= :upto"  # noqa: S608
        " AND occurred_us >= :since GROUP BY topic"
    )
    since = -(2**63) if since_us is None else since_us
    params = {"topics": as_list(connection, topics), "upto": upto, "since": since}
    return dict(sorted((topic, count) for topic, count in fetch_rows(connection, sql, params)))


def _pieces(
    database: Database, recipes: Recipes, scope: Scope, processes: int, progress: Progress
) -> Generator[Piece, None, None]:
    plan = scope.plan
    if processes > 1 and len(plan.shards) > 1:
        pieces = fold_apart(database, recipes, plan, reported=scope.reported, processes=processes)
        with closing(pieces):
            for number, piece in enumerate(pieces, start=1):
                progress(plan.upto * number // len(plan.shards), plan.upto)
                yield piece
        return
    count = _counter(progress, plan.upto)
    for shard in plan.shards:
        yield fold_piece(database, recipes, plan, shard, reported=scope.reported, progress=count)


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    return count
