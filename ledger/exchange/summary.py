"""What an import did: counts, totals and the first faults."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from ..store.log import Outcome
from .chunk import Fault, Item

SHOWN_FAULTS = 10


class Problem(NamedTuple):
    """A row that did not become a fact, and why."""

    line: int
    column: str | None
    code: str
    reason: str


class Summary(NamedTuple):
    """What an import did.

    Attributes:
        imported: Facts that are new; of a dry run, that would be.
        duplicates: Facts that were there already, or earlier in the file.
        conflicting: Facts whose id is taken by another fact.
        rejected: Baskets and lines that could not be read or were refused.
        rows: Rows or lines read.
        totals_minor: Purchase amounts of the imported facts by currency, in minor units.
        first_position: Of the imported facts, None where there is none.
        last_position: As first.
        import_id: The import, None where nothing was stored.
        problems: The first of the rows that did not become facts.
    """

    imported: int = 0
    duplicates: int = 0
    conflicting: int = 0
    rejected: int = 0
    rows: int = 0
    totals_minor: Mapping[str, int] = MappingProxyType({})
    first_position: int | None = None
    last_position: int | None = None
    import_id: int | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def is_clean(self) -> bool:
        """Whether every row became a fact."""
        return not self.conflicting and not self.rejected


class Progress(NamedTuple):
    """How far an import is. *done* and *total* are bytes of a text file, rows of a Parquet file."""

    facts: int
    rejected: int
    done: int
    total: int


class Tally:
    """Counts as batches are stored."""

    def __init__(self) -> None:
        self.imported = self.duplicates = self.conflicting = self.rejected = self.rows = 0
        self.totals_minor: dict[str, int] = {}
        self.first: int | None = None
        self.last: int | None = None
        self.problems: list[Problem] = []

    def count(self, item: Item, outcome: Outcome) -> None:
        """Add what became of a draft."""
        if outcome.status == "created":
            self.imported += 1
            if outcome.position is not None:
                self.first = self.first or outcome.position
                self.last = outcome.position
            if item.purchase is not None:
                currency, amount_minor = item.purchase
                self.totals_minor[currency] = self.totals_minor.get(currency, 0) + amount_minor
        elif outcome.status == "duplicate":
            self.duplicates += 1
        elif outcome.status == "conflict":
            self.conflicting += 1
        else:
            self.rejected += 1

    def note(self, line: int, fault: Fault) -> None:
        """Keep a fault if it is one of the first."""
        if len(self.problems) < SHOWN_FAULTS:
            self.problems.append(Problem(line, fault.column, fault.error.code, fault.error.what))

    def summary(self, import_id: int | None) -> Summary:
        """Return the counts so far."""
        return Summary(
            self.imported, self.duplicates, self.conflicting, self.rejected, self.rows,
            dict(sorted(self.totals_minor.items())), self.first, self.last, import_id, tuple(self.problems),
        )  # fmt: skip
