"""Running the checks, one after the other; a check that cannot be computed is a finding too."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ..projection.recipe import Progress, Recipe, unheard
from ..store.database import Database
from ..store.faults import explained
from ..store.reading import head_of
from . import of_journal, of_log, of_projection, of_standing, of_sums
from .finding import Check, Finding, Findings, Result
from .refolding import refold_checks

CHECKS: tuple[Check, ...] = (
    *of_log.CHECKS, *of_projection.CHECKS, *of_journal.CHECKS, *of_sums.CHECKS, *of_standing.CHECKS,
)  # fmt: skip
"""Every check in SQL, in the order they run."""

_EXAMPLES = 20
_DEFINITIONS = {
    "sqlite": "SELECT name, sql AS definition FROM sqlite_master WHERE type = 'view'",
    "postgresql": "SELECT CAST(viewname AS TEXT) AS name, definition FROM pg_views"
    " WHERE schemaname = current_schema()",
}
_STORED = {"sqlite": "CAST(state AS TEXT)", "postgresql": "convert_from(state, 'UTF8')"}
"""A fact's stored bytes as text."""
_CODE_POINTS = {"sqlite": "BINARY", "postgresql": '"C"'}


def check_ledger(
    database: Database, make_recipe: Callable[[], Recipe] | None, *, examples: int = _EXAMPLES,
    progress: Progress = unheard,
) -> Findings:  # fmt: skip
    """Return every exception to what must hold, seen at one moment.

    Args:
        database: Only read.
        make_recipe: How facts become rows, to fold them once more; None: the checks in SQL alone.
        examples: How many exceptions to return of each check; all are counted.
        progress: Told how many facts are folded, and how many there are.

    Raises:
        HistoryError: the ledger has not been made, or the database is damaged.
        LoyaltyError: there is no room to fold the facts once more.
    """
    with database.reading() as connection:
        results = list(run_checks(connection, examples=examples).results)
        if make_recipe is not None:
            results += refold_checks(connection, database, make_recipe, examples=examples, progress=progress)
    return Findings(results)


def run_checks(
    connection: Connection, *, checks: Iterable[Check] = CHECKS, examples: int = _EXAMPLES
) -> Findings:
    """Return every exception to what must hold, as SQL sees it; memory stays flat.

    Args:
        connection: Of a reading, so that all checks see one snapshot.
        checks: Which.
        examples: How many exceptions to return of each check; all are counted.

    Raises:
        HistoryError: the ledger has not been made, or the database is damaged.
    """
    head_of(connection)
    return Findings([_result(connection, check, examples) for check in checks])


def _result(connection: Connection, check: Check, examples: int) -> Result:
    dialect = connection.dialect.name
    sql = check.sql.replace("{definitions}", _DEFINITIONS[dialect]).replace("{stored}", _STORED[dialect])
    ordered = (
        f"SELECT member, position, place, what, count(*) OVER () FROM ({sql}) AS found"  # noqa: S608 - our own
        f" ORDER BY coalesce(position, 0), member COLLATE {_CODE_POINTS[dialect]}, place LIMIT {examples}"
    )
    try:
        with connection.begin_nested():
            rows = connection.execute(text(ordered)).all()
    except DBAPIError as error:
        if explained(error, ""):
            raise
        what = f"cannot be computed: {str(error.orig).splitlines()[0]}"
        return Result(check, 1, (Finding(check.name, what, "database", None, None),))
    found = tuple(Finding(check.name, row[3], row[2], row[0], row[1]) for row in rows)
    return Result(check, rows[0][4] if rows else 0, found)
