"""Members who were set aside, folded again: after a rule was mended, or an operator has changed his mind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection

from ..errors import LoyaltyError, UsageError
from ..store.database import Database
from ..store.groups import groups_of
from ..views.quarantine import QuarantineRow, members_aside, rows_aside
from . import generations
from .catching_up import CatchUp
from .folding import Folder, parts_at
from .generations import Generation
from .lease import Hold, held
from .prefix import Decoders, Prefix
from .recipe import BATCH_FACTS, Clock, Progress, Recipe, Runner, calm_collector, unheard
from .refolding_groups import refold_group
from .set_asides import SetAside, earliest, set_asides
from .sheets import Sheets


class Retried(NamedTuple):
    """What became of a retry.

    Attributes:
        back: Who is folded again.
        still: Who is still set aside, and why now.
        position: Of the views.
        is_altered: The rules are not those the views were built by: what others have is older.
    """

    back: list[str]
    still: list[QuarantineRow]
    position: int
    is_altered: bool


def retry(
    database: Database, recipe: Recipe, *, members: Sequence[str], runner: Runner, clock: Clock,
    progress: Progress = unheard,
) -> Retried:  # fmt: skip
    """Fold members who are set aside from their facts once more, each group in one transaction.

    First the views are brought up to the last fact, unless the rules were altered since they were built.

    Args:
        database: Where.
        recipe: How.
        members: Whom; nobody for everybody who is set aside.
        runner: Who; one runner at a time.
        clock: Returns the time, microseconds since 1970.
        progress: Told how many of the groups are done, and how many there are.

    Raises:
        LoyaltyError: nothing was projected yet, another runner is at work, or the lease was lost.
        UsageError: a member named is not set aside.
    """
    with held(database, runner, clock) as hold, calm_collector():
        with database.writing() as connection:
            hold.renew(connection)
            generations.drop_unfinished(connection)
            generation = generations.live(connection)
            if generation is None:
                raise LoyaltyError("nothing has been projected yet", hint="loyalty project run")
            before = members_aside(connection, generation.slot)
            prefix = Prefix(recipe, Decoders(recipe.make_registry()), connection, generation.position)
        for member in members:
            if member not in before:
                raise UsageError(f"member {member!r} is not set aside", hint="loyalty quarantine list")
        is_altered = bool(generation.position) and prefix.fingerprint != generation.fingerprint
        if not is_altered:
            generation = CatchUp(database, recipe, hold, generation).run(
                batch_facts=BATCH_FACTS, progress=unheard
            )
        asked = set(members or before)
        _fold_again(database, recipe, hold, generation, asked=asked, progress=progress)
        with database.reading() as connection:
            still = [row for row in rows_aside(connection, generation.slot) if row.member in asked]
        gone = asked.difference(row.member for row in still)
        return Retried(sorted(gone), still, generation.position, is_altered)


def _fold_again(
    database: Database, recipe: Recipe, hold: Hold, generation: Generation, *, asked: set[str],
    progress: Progress,
) -> None:  # fmt: skip
    upto, slot = generation.position, generation.slot
    decoders, sheets = Decoders(recipe.make_registry()), Sheets(recipe.days(), recipe.make_views())
    with database.reading() as connection:
        prefix = Prefix(recipe, decoders, connection, upto)
        waiting = sorted(asked.intersection(members_aside(connection, slot)))
        groups = sorted(set(groups_of(connection, waiting, upto).values()))
    for number, group in enumerate(groups, start=1):
        with database.writing() as connection:
            hold.renew(connection)
            folder = Folder(prefix, decoders, upto, parts_at(connection), _asides(connection, generation))
            refold_group(connection, slot, group, folder, sheets)
        progress(number, len(groups))


def _asides(connection: Connection, generation: Generation) -> dict[str, SetAside]:
    """Return whom operators leave out: what was lifted is so at once, what is not in the views yet waits."""
    quarantine = members_aside(connection, generation.slot)
    return earliest(
        aside for aside in set_asides(connection)
        if aside.lifted is None
        and (aside.position <= generation.position or quarantine.get(aside.member) == aside.since)
    )  # fmt: skip
