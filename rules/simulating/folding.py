"""Every group folded twice, once under what is recorded and once under the candidate."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import tee, zip_longest
from typing import NamedTuple

from ...ledger.projection.folding import Folder, Group, parts_at
from ...ledger.projection.prefix import Decoders, Prefix
from ...ledger.projection.recipe import Recipe
from ...ledger.projection.shards import Plan, Shard, groups_in
from ...ledger.store.database import Database
from ...ledger.store.reading import RawFact
from .comparing import Compared, Side, compared

_TOLD_FACTS = 5_000


class Recipes(NamedTuple):
    """How facts become rows, on either side; pickled for other processes."""

    recorded: Recipe
    candidate: Recipe


class Piece(NamedTuple):
    """What one piece came to.

    Attributes:
        members: Those who are reported.
        facts: How many were folded, each of them twice.
        clock_us: The latest clock of all who were folded under what is recorded; None: of nobody.
    """

    members: list[Compared]
    facts: int
    clock_us: int | None


def fold_piece(
    database: Database, recipes: Recipes, plan: Plan, shard: Shard, *, reported: frozenset[str] | None,
    progress: Callable[[int], None],
) -> Piece:  # fmt: skip
    """Fold one piece on both sides.

    Args:
        database: Only read here.
        recipes: How.
        plan: The whole.
        shard: The piece.
        reported: Whom to return; None: everybody.
        progress: Told from time to time how many facts more are done.

    Raises:
        HistoryError: a stored fact cannot be read.
        RuleError: a rule failed where it had not failed before.
    """
    decoders = Decoders(recipes.recorded.make_registry())
    found: list[Compared] = []
    facts, told, clock_us = 0, 0, None
    with database.reading() as connection:
        folders = [
            Folder(
                Prefix(recipe, decoders, connection, plan.upto),
                decoders,
                plan.upto,
                parts_at(connection),
                plan.asides,
            )
            for recipe in recipes
        ]
        for members, rows in groups_in(connection, plan, shard):
            recorded, candidate = _both(folders, members, rows)
            facts += recorded.facts
            if recorded.clock_us is not None:
                clock_us = max(recorded.clock_us, recorded.clock_us if clock_us is None else clock_us)
            found += [
                row
                for row in compared(members, recorded, candidate)
                if reported is None or row.member in reported
            ]
            if facts - told >= _TOLD_FACTS:
                progress(facts - told)
                told = facts
    progress(facts - told)
    return Piece(found, facts, clock_us)


def _both(folders: list[Folder], members: Group, rows: Iterable[RawFact]) -> tuple[Side, Side]:
    """Fold a group on both sides, part by part, so that a long history takes no more memory than others."""
    sides = Side(), Side()
    harvests = [
        folder.harvests(members, {}, stream, after=0)
        for folder, stream in zip(folders, tee(rows), strict=True)
    ]
    for pair in zip_longest(*harvests):
        for side, harvest in zip(sides, pair, strict=True):
            if harvest is not None:
                side.add(harvest)
    return sides
