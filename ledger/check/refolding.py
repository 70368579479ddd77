"""The facts folded once more, beside the ledger, and every row of every view compared with what they give.

What no sum shows is seen so: a reason, the evidence of a move, a timer, the state a fold goes on from. It
takes as long as a rebuild by one process, and disk for a second set of views.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ..errors import HistoryError, PluginError, RuleError
from ..projection.comparing import FOLD_OWN
from ..projection.generations import Generation, live
from ..projection.prefix import Decoders, Prefix
from ..projection.recipe import Progress, Recipe, calm_collector
from ..projection.set_asides import applied
from ..projection.shards import fold_shard, plan_shards
from ..store.bulk import insert_rows, stream_rows
from ..store.database import Database
from ..store.faults import explained
from ..tables import VIEWS
from ..views.daily import Daily
from ..views.quarantine import members_aside
from . import of_names, of_rows
from .finding import Check, Finding, Result
from .scratch import SLOT, Scratch, scratch

FOLDABLE = Check(
    "facts-refold", "The facts can be folded once more, under the rules the live views were made by."
)
CHECKS: tuple[Check, ...] = (FOLDABLE, of_names.CHECK, *of_rows.CHECKS.values())
"""Every check that folds."""


def refold_checks(
    connection: Connection, database: Database, make_recipe: Callable[[], Recipe], *, examples: int,
    progress: Progress,
) -> list[Result]:  # fmt: skip
    """Return what differs between the live views and the facts up to where those are; memory stays flat.

    Args:
        connection: Of a reading: the views are compared as it sees them.
        database: The same; the facts, which never change, are read from it once more.
        make_recipe: How facts become rows.
        examples: How many exceptions to return of each check; all are counted.
        progress: Told how many facts are done, and how many there are.

    Raises:
        LoyaltyError: the database cannot be read, or there is no room.
    """
    serving = live(connection)
    if serving is None:
        return [Result(check, 0, ()) for check in CHECKS]
    faults = (SQLAlchemyError, connection.dialect.loaded_dbapi.Error)
    with calm_collector(), scratch() as made:
        try:
            recipe = make_recipe()
            decoders = Decoders(recipe.make_registry())
            prefix = Prefix(recipe, decoders, connection, serving.position)
            _fold(connection, database, recipe, serving, made=made, progress=progress)
            named = _counted(
                of_names.CHECK, of_names.differing_names(connection, decoders, serving.position), examples
            )
        except (HistoryError, PluginError, RuleError) as error:
            if isinstance(error.__cause__, faults):
                raise
            where = ", ".join(filter(None, (error.at, error.hint)))
            return [_uncomputed(FOLDABLE, f"{error.what} ({where})" if where else error.what)]
        except faults as error:
            if explained(error, ""):
                raise
            return [_uncomputed(FOLDABLE, str(error))]
        # Views that have read nothing yet are of no rules.
        is_same = prefix.fingerprint == serving.fingerprint or not serving.position
        altered = () if is_same else (_altered(serving, prefix.fingerprint),)
        views = [view for view in VIEWS if is_same or view not in FOLD_OWN]
        found = [_compared(connection, made, view, examples) for view in views]
    return [Result(FOLDABLE, len(altered), altered), named, *found]


def _fold(
    connection: Connection, database: Database, recipe: Recipe, serving: Generation, *, made: Scratch,
    progress: Progress,
) -> None:  # fmt: skip
    """Fill the scratch."""
    done, upto = 0, serving.position

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(done, upto)

    asides = applied(connection, members_aside(connection, serving.slot), upto)
    plan = plan_shards(connection, upto=upto, processes=1, asides=asides)
    days = Daily(recipe.days())
    for shard in plan.shards:
        days.merge(fold_shard(database, recipe, plan, shard, write=made.write, progress=count))
    rows = [tuple(row) for row in days.clear().values()]
    made.write(lambda to, slot: insert_rows(to, VIEWS["daily"][slot], rows))


def _compared(connection: Connection, made: Scratch, view: str, examples: int) -> Result:
    columns = of_rows.columns_of(view)
    faults = (SQLAlchemyError, connection.dialect.loaded_dbapi.Error)
    try:
        with connection.begin_nested():
            # By its name, as everybody reads it.
            stored = stream_rows(connection, columns.select(view))
            expected = stream_rows(made.connection, columns.select(f"{view}__{SLOT}"))
            return _counted(columns.check, columns.differences(stored, expected), examples)
    except faults as error:
        if explained(error, ""):
            raise
        return _uncomputed(columns.check, str(error))


def _counted(check: Check, findings: Iterable[Finding], examples: int) -> Result:
    total, shown = 0, []
    for finding in findings:
        total += 1
        if total <= examples:
            shown.append(finding)
    return Result(check, total, tuple(shown))


def _altered(serving: Generation, fingerprint: str) -> Finding:
    what = (
        f"fingerprint is {serving.fingerprint!r}, the rules in force give {fingerprint!r}: "
        "loyalty project rebuild"
    )
    return Finding(FOLDABLE.name, what, f"generation {serving.number}", None, serving.position)


def _uncomputed(check: Check, why: str) -> Result:
    what = f"cannot be computed: {why.splitlines()[0]}"
    return Result(check, 1, (Finding(check.name, what, "database", None, None),))
