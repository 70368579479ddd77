"""Importing a file: batches of facts, each with its rejects and counters in one transaction of the database.

A killed import loses at most the batch it was writing. Run again, it finds what is stored by source and id
and adds the rest.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, func, insert, select, update

from ..errors import HistoryError
from ..facts import Registry
from ..store.database import Database
from ..store.log import Admission, Log, Outcome
from ..tables import imports
from .chunk import Item
from .mapping import Mapping
from .occurrences import Naming, Occurrences
from .opening import Opened, open_file
from .preview import Preview
from .rejects import Rejected, fault_of, keep
from .summary import Progress, Summary, Tally

BATCH_SIZE = 5_000
_OPEN = Admission()


def run_import(
    database: Database, registry: Registry, path: Path, *, mapping: Mapping | None,
    now_us: Callable[[], int], admission: Admission = _OPEN, batch_size: int = BATCH_SIZE,
    is_dry_run: bool = False, is_strict: bool = False, progress: Callable[[Progress], None] | None = None,
) -> Summary:  # fmt: skip
    """Import a file and return what became of its rows.

    Args:
        database: Where the facts go.
        registry: The known types of facts.
        path: The file; ``.gz`` is unpacked on the way.
        mapping: How rows become facts; None for CloudEvents JSON Lines.
        now_us: The clock, microseconds since 1970.
        admission: The programme's policies about what may enter.
        batch_size: Facts in one transaction of the database.
        is_dry_run: Find out what would happen, and write nothing.
        is_strict: Store nothing unless every row becomes a fact.
        progress: Called after every batch.

    Raises:
        HistoryError: the file cannot be read; what was stored before the fault stays, and the error says so.
        UsageError: the mapping is wrong.
    """
    with ExitStack() as stack:
        stack.enter_context(_few_collections())
        naming = stack.enter_context(closing(Occurrences()))
        opened = stack.enter_context(open_file(path, mapping, registry, naming))
        run = _Run(database, path, opened, naming, now_us=now_us, admission=admission, progress=progress)
        batches = _batches(opened.items, batch_size)
        if is_dry_run:
            return run.preview(batches)
        return run.store_strictly(batches) if is_strict else run.store(batches)


@contextmanager
def _few_collections() -> Iterator[None]:
    # Thousands of rows live until their batch is stored: looking through them again and again finds nothing.
    usual = gc.get_threshold()
    gc.set_threshold(100_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


def _batches(chunks: Iterator[list[Item]], size: int) -> Iterator[list[Item]]:
    """Yield items in batches; a fault of the file comes after the items before it."""
    waiting: list[Item] = []
    try:
        for chunk in chunks:
            waiting += chunk
            while len(waiting) >= size:
                yield waiting[:size]
                waiting = waiting[size:]
    except HistoryError:
        if waiting:
            yield waiting
        raise
    if waiting:
        yield waiting


class _RolledBackError(Exception):
    """Takes a transaction of the database back."""


class _Run:
    def __init__(
        self, database: Database, path: Path, opened: Opened, naming: Naming, *, now_us: Callable[[], int],
        admission: Admission, progress: Callable[[Progress], None] | None,
    ) -> None:  # fmt: skip
        self.database, self.path, self.opened, self.naming = database, path, opened, naming
        self.now_us, self.admission, self.progress = now_us, admission, progress
        self.log = Log(database)
        self.tally = Tally()
        self.import_id: int | None = None

    def store(self, batches: Iterator[list[Item]]) -> Summary:
        """Store batch by batch."""
        try:
            for batch in batches:
                with self.database.writing() as connection:
                    self._store_batch(connection, batch)
                self._report()
        except HistoryError as error:
            self._explain(error)
        with self.database.writing() as connection:
            self._finish(connection)
        return self.tally.summary(self.import_id)

    def store_strictly(self, batches: Iterator[list[Item]]) -> Summary:
        """Store everything in one transaction of the database, or nothing."""
        try:
            with self.database.writing() as connection:
                for batch in batches:
                    self._store_batch(connection, batch)
                    self._report()
                if not self.tally.summary(None).is_clean:
                    raise _RolledBackError
                self._finish(connection)
        except _RolledBackError:
            nothing = self.tally.summary(None)
            return nothing._replace(imported=0, totals_minor={}, first_position=None, last_position=None)
        return self.tally.summary(self.import_id)

    def preview(self, batches: Iterator[list[Item]]) -> Summary:
        """Store nothing."""
        with closing(Preview(self.log, self.admission)) as preview:
            for batch in batches:
                drafts = [item.draft for item in batch if item.draft is not None]
                with self.database.reading() as connection:
                    outcomes = preview.answer(connection, drafts, now_us=self.now_us())
                self._settle(batch, outcomes)
                self._report()
        return self.tally.summary(None)

    def _store_batch(self, connection: Connection, batch: list[Item]) -> None:
        self.log.lock(connection)
        now_us = self.now_us()
        if self.import_id is None:
            self.import_id = self._begin(connection, now_us)
        drafts = [item.draft for item in batch if item.draft is not None]
        outcomes = self.log.append(
            connection, drafts, now_us=now_us, import_id=self.import_id, admission=self.admission
        )
        rejected = self._settle(batch, outcomes)
        keep(connection, rejected, import_id=self.import_id, file=str(self.path), now_us=now_us)
        self._write_counters(connection, finished_us=None)

    def _settle(self, batch: list[Item], outcomes: list[Outcome]) -> list[Rejected]:
        """Count what became of a batch; return what of it did not become a fact."""
        answers = iter(outcomes)
        rejected = []
        for item in batch:
            self.tally.rows += item.stop - item.start
            fault = item.fault
            if fault is None:
                outcome = next(answers)
                self.tally.count(item, outcome)
                fault = fault_of(outcome)
            else:
                self.tally.rejected += 1
            if fault is not None:
                self.tally.note(item.line, fault)
                rejected.append(Rejected.of(item, fault, self.naming))
        return rejected

    def _begin(self, connection: Connection, now_us: int) -> int:
        last: int | None = connection.execute(select(func.max(imports.c.id))).scalar()
        connection.execute(insert(imports).values(
            id=(last or 0) + 1, file=str(self.path), format=self.opened.format,
            mapping=self.opened.kept_mapping, started_us=now_us,
            imported=0, duplicates=0, conflicts=0, rejected=0,
        ))  # fmt: skip
        return (last or 0) + 1

    def _finish(self, connection: Connection) -> None:
        self.log.lock(connection)
        now_us = self.now_us()
        if self.import_id is None:
            self.import_id = self._begin(connection, now_us)
        self._write_counters(connection, finished_us=now_us)
        # The same import, killed before, has now been read to its end.
        connection.execute(
            update(imports)
            .where(imports.c.finished_us.is_(None), imports.c.file == str(self.path))
            .where(imports.c.mapping.is_not_distinct_from(self.opened.kept_mapping))
            .values(finished_us=now_us)
        )

    def _write_counters(self, connection: Connection, *, finished_us: int | None) -> None:
        tally = self.tally
        connection.execute(update(imports).where(imports.c.id == self.import_id).values(
            imported=tally.imported, duplicates=tally.duplicates, conflicts=tally.conflicting,
            rejected=tally.rejected, finished_us=finished_us,
        ))  # fmt: skip

    def _report(self) -> None:
        if self.progress is not None:
            self.progress(Progress(self.tally.imported, self.tally.rejected, *self.opened.extent()))

    def _explain(self, error: HistoryError) -> NoReturn:
        tally = self.tally
        if not tally.rows:
            raise error
        stored = f"of the rows before, {tally.imported:,} facts are stored, {tally.duplicates:,} were there"
        hint = error.hint or "import the whole file when you have it: nothing comes in twice"
        raise HistoryError(f"{error.what}; {stored}", at=error.at, hint=hint) from error
