"""The floor of a rebuild: the database's own C code reads every fact and writes every row of every view.

No fact is decoded, no rule asked and no Python value made: nobody who reads the facts and writes the views
in the same tables can be faster. SQLite copies rows between equal tables as they are, byte for byte, which
nobody can who computes them: for a second floor it makes each row anew.
"""

from __future__ import annotations

from sqlalchemy import text

from loyalty_ledger.ledger.projection import generations
from loyalty_ledger.ledger.store.database import open_database
from loyalty_ledger.ledger.tables import SLOTS, VIEWS

from .measuring import Reading, Watch

# What a fold needs of a fact; each maximum has to look at every value, and to fetch it whole.
_SCAN = "SELECT count(*), max(position), max(occurred_us), max(stream), max(topic), max(state) FROM facts"


def floor(*, url: str, is_made_anew: bool = False) -> Reading:
    """Read all facts and copy the live views into the empty tables of the other slot, committed durably."""
    database = open_database(url)
    with database.writing() as connection:
        serving = generations.live(connection)
        assert serving is not None
        other = next(slot for slot in SLOTS if slot != serving.slot)
        generations.empty(connection, other)
    with Watch() as watch, database.writing() as connection:
        if database.dialect == "postgresql":
            connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
        facts = connection.execute(text(_SCAN)).one()[0]
        for name, tables in VIEWS.items():
            # Any condition keeps SQLite from copying rows as they are.
            every = f"SELECT * FROM {tables[serving.slot].name}{' WHERE true' if is_made_anew else ''}"
            connection.execute(text(f"INSERT INTO {name}__{other} {every}"))
    database.close()
    return watch.reading(facts)


def rows_of_views(*, url: str) -> int:
    """Return how many rows the live views have."""
    database = open_database(url)
    with database.reading() as connection:
        counts = [connection.execute(text(f"SELECT count(*) FROM {name}")).scalar_one() for name in VIEWS]
    database.close()
    return sum(counts)
