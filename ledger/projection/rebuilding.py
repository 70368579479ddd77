"""A rebuild: a new generation beside the live one, compared, caught up and swapped in one transaction.

Killed at any moment it leaves the old generation serving; the next start forgets what was half-built.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from ..errors import FindingsError, LoyaltyError
from ..store.database import Database
from ..store.reading import head_of
from ..tables import VIEWS
from ..views.journal import entries_by_member
from . import generations
from .catching_up import CatchUp
from .comparing import FOLD_OWN, Difference, difference
from .folding import Harvest
from .generations import Generation
from .lease import Hold, held
from .merging import copy_slot, merge_file
from .prefix import Decoders, Prefix
from .recipe import BATCH_FACTS, Clock, Progress, Recipe, Runner, calm_collector, unheard
from .shards import FLUSH_ROWS, fold_shard, plan_shards
from .sheets import Sheets
from .workers import fold_apart, folder_beside, twice

_FROM_JOURNAL = ("lots", "balances", "daily")


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
    processes: int = 1, accept: str | None = None, batch_facts: int = BATCH_FACTS, progress: Progress = unheard,
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
        FindingsError: the same rules gave other rows, and *accept* does not name the difference; members are
            named, and the old generation is still live.
        LoyaltyError: another runner is at work, the lease was lost, or a process died twice.
        RuleError: a rule failed where it had not failed before.
    """
    with held(database, runner, clock) as hold, calm_collector():
        with database.writing() as connection:
            generations.drop_unfinished(connection)
            serving = generations.live(connection)
            building = generations.begin(connection, now_us=clock())
        if from_journal:
            building = _from_journal(database, recipe, hold, serving, building)
        else:
            building = _from_facts(database, recipe, hold, serving, building, processes, progress)
        found = _compared(database, serving, building)
        if found is not None and serving is not None and accept != found.digest:
            with database.writing() as connection:
                hold.renew(connection)
                generations.drop_unfinished(connection)
            if serving.fingerprint == building.fingerprint:
                raise _differs(found, serving)
            return Rebuilt(building, found, is_live=False)
        if not from_journal:
            building = CatchUp(database, recipe, hold, building).run(batch_facts=batch_facts, progress=progress)
        with database.writing() as connection:
            hold.renew(connection)
            generations.go_live(connection, building, now_us=clock())
        return Rebuilt(building, found, is_live=True)


def _from_facts(
    database: Database, recipe: Recipe, hold: Hold, serving: Generation | None, building: Generation,
    processes: int, progress: Progress,
) -> Generation:  # fmt: skip
    """Fold up to where the live generation is, so that the two can be compared; to the end if there is none."""
    with database.reading() as connection:
        upto = serving.position if serving and serving.position else head_of(connection).position
        prefix = Prefix(recipe, Decoders(recipe.make_registry()), connection, upto)
        plan = plan_shards(connection, upto=upto, processes=processes)
    sheets = Sheets(recipe.days())
    slot = building.slot
    if processes > 1:

        def fold() -> None:
            sheets.daily.clear()
            _empty(database, hold, slot)
            with folder_beside(database) as folder:
                done = 0
                for shard, file, days in fold_apart(
                    database, recipe, plan, slot=slot, hold=hold, processes=processes, folder=folder
                ):
                    sheets.daily.merge(days)
                    if file is not None:
                        merge_file(database, hold, file, slot)
                        file.unlink()
                    done += 1
                    progress(upto * done // len(plan.shards), upto)

        twice(fold)
    else:
        count = _counter(progress, upto)
        for shard in plan.shards:
            write = partial(_write_new, database, hold, slot)
            sheets.daily.merge(fold_shard(database, recipe, plan, shard, write=write, progress=count))
    with database.writing() as connection:
        hold.renew(connection)
        sheets.write_new_days(connection, slot)
        return generations.move(connection, building, position=upto, fingerprint=prefix.fingerprint)


def _from_journal(
    database: Database, recipe: Recipe, hold: Hold, serving: Generation | None, building: Generation
) -> Generation:
    if serving is None:
        raise LoyaltyError("there is no journal yet", hint="loyalty project run")
    copied = [name for name in VIEWS if name not in _FROM_JOURNAL]
    copy_slot(database, hold, serving.slot, building.slot, copied)
    sheets = Sheets(recipe.days())

    def write() -> None:
        # The journal itself is copied already.
        sheets.journal, sheets.touched = [], []
        _write_new(database, hold, building.slot, sheets)

    with database.reading() as connection:
        for member, entries in groupby(entries_by_member(connection, serving.slot), key=itemgetter(0)):
            sheets.add(Harvest(0, (member,), list(entries), [], []))
            if sheets.size >= FLUSH_ROWS:
                write()
    write()
    with database.writing() as connection:
        hold.renew(connection)
        sheets.write_new_days(connection, building.slot)
        return generations.move(
            connection, building, position=serving.position, fingerprint=serving.fingerprint
        )


def _compared(database: Database, serving: Generation | None, building: Generation) -> Difference | None:
    if serving is None or serving.position != building.position:
        return None
    is_same = serving.fingerprint == building.fingerprint
    names = [name for name in VIEWS if is_same or name not in FOLD_OWN]
    with database.reading() as connection:
        return difference(connection, serving.slot, building.slot, names)


def _differs(found: Difference, serving: Generation) -> FindingsError:
    names = ", ".join(repr(row.member) for row in found.shown)
    more = ", …" if found.members > len(found.shown) else ""
    return FindingsError(
        f"rebuilt views differ from generation {serving.number} for {found.members} members"
        + (f": {names}{more}" if names else ""),
        at=f"position {serving.position}, {', '.join(found.views)}",
        hint=f"the old views still serve; find out why, or loyalty project rebuild --accept {found.digest}",
    )


def _write_new(database: Database, hold: Hold, slot: str, sheets: Sheets) -> None:
    with database.writing() as connection:
        hold.renew(connection)
        sheets.write_new(connection, slot)


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    return count


def _empty(database: Database, hold: Hold, slot: str) -> None:
    with database.writing() as connection:
        hold.renew(connection)
        generations.empty(connection, slot)
