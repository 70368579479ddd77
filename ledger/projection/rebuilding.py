"""A rebuild: a new generation beside the live one, compared, caught up and swapped in one transaction.

Killed at any moment it leaves the old generation serving; the next start forgets what was half-built.
"""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection

from ..errors import FindingsError
from ..store.database import Database
from ..tables import VIEWS
from . import generations
from .catching_up import CatchUp
from .comparing import FOLD_OWN, Difference, compare_slots
from .generations import Generation
from .lease import Hold, held
from .prefix import Decoders, Prefix
from .recipe import BATCH_FACTS, Clock, Progress, Recipe, Runner, calm_collector, unheard
from .refolding import Refold
from .set_asides import set_asides


class Rebuilt(NamedTuple):
    """What became of a rebuild.

    Attributes:
        generation: The new generation.
        difference: How it differs from the one before, or None.
        is_live: It is the one that is read now; if not, the difference has to be accepted.
    """

    generation: Generation
    difference: Difference | None
    is_live: bool


def rebuild(
    database: Database, recipe: Recipe, *, runner: Runner, clock: Clock, from_journal: bool = False,
    processes: int = 1, accept: str | None = None, batch_facts: int = BATCH_FACTS,
    progress: Progress = unheard,
) -> Rebuilt:  # fmt: skip
    """Fold the whole history anew, compare with what is live, and let everybody read the new rows.

    Args:
        database: Where.
        recipe: How.
        runner: Who; one runner at a time.
        clock: Returns the time, microseconds since 1970.
        from_journal: Fold nothing: rewrite lots, balances and daily figures from the journal alone.
        processes: How many fold at a time.
        accept: Digest of a difference that was shown before and shall be.
        batch_facts: Facts a transaction, for those that arrive meanwhile.
        progress: Told how many facts are done, and how many there are.

    Raises:
        FindingsError: the same rules gave other rows, and *accept* does not name the difference; members
        are
            named, and the old generation is still live.
        LoyaltyError: another runner is at work, the lease was lost, or a process died twice.
        RuleError: a rule failed where it had not failed before.
    """
    with held(database, runner, clock) as hold, calm_collector():
        with database.writing() as connection:
            hold.renew(connection)
            generations.drop_unfinished(connection)
            serving = generations.live(connection)
            waits = serving is not None and _waits(connection, recipe, serving)
        if serving is not None and waits:
            # Who is set aside behind its position is left out of both, or they could not be compared.
            serving = CatchUp(database, recipe, hold, serving).run(batch_facts=batch_facts, progress=progress)
        with database.writing() as connection:
            hold.renew(connection)
            building = generations.begin(connection, now_us=clock())
        refold = Refold(database, recipe, hold, building)
        if from_journal:
            building = refold.from_journal(serving)
        else:
            building = refold.from_facts(serving, processes=processes, progress=progress)
        found = _compared(database, hold, serving, building)
        if found is not None and serving is not None and accept != found.digest:
            with database.writing() as connection:
                hold.renew(connection)
                generations.drop_unfinished(connection)
            if serving.fingerprint == building.fingerprint:
                raise _differs(found, serving)
            return Rebuilt(building, found, is_live=False)
        if not from_journal:
            building = CatchUp(database, recipe, hold, building).run(
                batch_facts=batch_facts, progress=progress
            )
        with database.writing() as connection:
            hold.renew(connection)
            generations.go_live(connection, building, now_us=clock())
        return Rebuilt(building, found, is_live=True)


def _waits(connection: Connection, recipe: Recipe, serving: Generation) -> bool:
    """Return whether an operator set somebody aside, or lifted that, and the views have not read it yet."""
    if all(max(row.position, row.lifted or 0) <= serving.position for row in set_asides(connection)):
        return False
    prefix = Prefix(recipe, Decoders(recipe.make_registry()), connection, serving.position)
    return prefix.fingerprint == serving.fingerprint


def _compared(
    database: Database, hold: Hold, serving: Generation | None, building: Generation
) -> Difference | None:
    if serving is None or serving.position != building.position:
        return None
    is_same = serving.fingerprint == building.fingerprint
    names = [name for name in VIEWS if is_same or name not in FOLD_OWN]

    def pulse() -> None:
        with database.writing() as connection:
            hold.renew(connection)

    with database.reading() as connection:
        return compare_slots(connection, serving.slot, building.slot, names, pulse=pulse)


def _differs(found: Difference, serving: Generation) -> FindingsError:
    names = ", ".join(repr(row.member) for row in found.shown)
    more = ", …" if found.members > len(found.shown) else ""
    return FindingsError(
        f"rebuilt views differ from generation {serving.number} for {found.members} members"
        + (f": {names}{more}" if names else ""),
        at=f"position {serving.position}, {', '.join(found.views)}",
        hint=f"the old views still serve; find out why, or loyalty project rebuild --accept {found.digest}",
    )
