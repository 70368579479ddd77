"""Filling an empty slot: from the facts, by one process or several, or from the journal alone."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby
from operator import itemgetter

from sqlalchemy import Connection

from ..errors import LoyaltyError
from ..store.database import Database
from ..store.reading import head_of
from ..tables import VIEWS
from ..views.journal import entries_by_member
from . import generations
from .folding import Harvest
from .generations import Generation
from .lease import Hold
from .merging import copy_slot, merge_file
from .prefix import Decoders, Prefix
from .recipe import Progress, Recipe
from .set_asides import standing
from .shards import FLUSH_ROWS, Plan, fold_shard, plan_shards
from .sheets import Sheets
from .workers import fold_apart, folder_beside, twice

_FROM_JOURNAL = frozenset({"lots", "balances", "daily"})


class Refold:
    """Fills the slot of a generation that is building."""

    def __init__(self, database: Database, recipe: Recipe, hold: Hold, building: Generation) -> None:
        self._database = database
        self._recipe = recipe
        self._hold = hold
        self._building = building
        self._sheets = Sheets(recipe.days())

    def from_facts(self, serving: Generation | None, *, processes: int, progress: Progress) -> Generation:
        """Fold up to where the live generation is, to be compared with it; to the end if there is none.

        Raises:
            LoyaltyError: the lease was lost, or a process died twice.
            RuleError: a rule failed where it had not failed before.
        """
        with self._database.reading() as connection:
            upto = serving.position if serving and serving.position else head_of(connection).position
            prefix = Prefix(self._recipe, Decoders(self._recipe.make_registry()), connection, upto)
            asides = standing(connection)
            plan = plan_shards(connection, upto=upto, processes=processes, asides=asides)
        if processes > 1:
            twice(lambda: self._fold_apart(plan, processes, progress))
        else:
            count = _counter(progress, upto)
            for shard in plan.shards:
                days = fold_shard(
                    self._database, self._recipe, plan, shard, write=self._write, progress=count
                )
                self._sheets.daily.merge(days)
        progress(upto, upto)
        return self._finish(upto, prefix.fingerprint)

    def from_journal(self, serving: Generation | None) -> Generation:
        """Copy what only a fold can give, and rewrite the views that follow from the journal.

        Raises:
            LoyaltyError: there is no journal yet, or the lease was lost.
        """
        if serving is None:
            raise LoyaltyError("there is no journal yet", hint="loyalty project run")
        copied = [name for name in VIEWS if name not in _FROM_JOURNAL]
        copy_slot(self._database, self._hold, serving.slot, self._building.slot, copied)
        sheets = self._sheets
        with self._database.reading() as connection:
            for member, entries in groupby(entries_by_member(connection, serving.slot), key=itemgetter(0)):
                sheets.add(Harvest(0, (member,), list(entries)))
                # The journal is copied already.
                sheets.journal = []
                if sheets.size >= FLUSH_ROWS:
                    self._write(sheets.write_new)
        self._write(sheets.write_new)
        return self._finish(serving.position, serving.fingerprint)

    def _fold_apart(self, plan: Plan, processes: int, progress: Progress) -> None:
        slot = self._building.slot
        self._sheets.daily.clear()
        with self._database.writing() as connection:
            self._hold.renew(connection)
            generations.empty(connection, slot)
        with folder_beside(self._database) as folder:
            pieces = fold_apart(
                self._database,
                self._recipe,
                plan,
                slot=slot,
                hold=self._hold,
                processes=processes,
                folder=folder,
            )
            for number, (file, days) in enumerate(pieces, start=1):
                self._sheets.daily.merge(days)
                if file is not None:
                    merge_file(self._database, self._hold, file, slot)
                    file.unlink()
                progress(plan.upto * number // len(plan.shards), plan.upto)

    def _write(self, change: Callable[[Connection, str], None]) -> None:
        # Nobody reads the slot before it goes live, and that is written durably.
        with self._database.writing(is_durable=False) as connection:
            self._hold.renew(connection)
            change(connection, self._building.slot)

    def _finish(self, position: int, fingerprint: str) -> Generation:
        with self._database.writing() as connection:
            self._hold.renew(connection)
            self._sheets.write_new_days(connection, self._building.slot)
            return generations.move(connection, self._building, position=position, fingerprint=fingerprint)


def _counter(progress: Progress, total: int) -> Callable[[int], None]:
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, total)

    return count
