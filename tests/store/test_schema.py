"""The migrations make what ``tables`` says, on both databases."""

from __future__ import annotations

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, inspect

import loyalty_ledger
from loyalty_ledger.ledger.store.bulk import fetch_rows
from loyalty_ledger.ledger.store.database import REVISIONS, Database, open_database, upgrade_database
from loyalty_ledger.ledger.tables import SLOTS, VIEWS, metadata, swap_statements

MIGRATIONS = Path(str(loyalty_ledger.__file__)).parent / "migrations"


def test_the_migrated_schema_is_the_one_of_the_tables(database: Database) -> None:
    with database.reading() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []


def test_checks_primary_keys_and_columns_are_the_same(database: Database) -> None:
    """Alembic compares neither checks nor the order of columns, which COPY and the views rely on."""
    with database.reading() as connection:
        found = inspect(connection)
        for table in metadata.sorted_tables:
            columns = [(c["name"], c["nullable"]) for c in found.get_columns(table.name)]
            assert columns == [(c.name, c.nullable) for c in table.columns], table.name
            keys = found.get_pk_constraint(table.name)["constrained_columns"]
            assert keys == [c.name for c in table.primary_key], table.name
            checks = {check["name"] for check in found.get_check_constraints(table.name)}
            assert checks == {c.name for c in table.constraints if isinstance(c, CheckConstraint)}


def test_view_tables_are_clustered_by_their_key(sqlite_url: str) -> None:
    database = open_database(sqlite_url)
    with database.reading() as connection:
        made = dict(fetch_rows(connection, "SELECT name, sql FROM sqlite_schema WHERE type = 'table'"))
    database.close()

    for table in metadata.sorted_tables:
        is_clustered = not table.dialect_options["sqlite"]["with_rowid"]
        assert ("WITHOUT ROWID" in made[table.name]) == is_clustered, table.name


def test_text_sorts_in_code_point_order(postgres_url: str) -> None:
    database = open_database(postgres_url)
    with database.reading() as connection:
        others = fetch_rows(
            connection,
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'"
            " AND table_name NOT IN (SELECT table_name FROM information_schema.views)",
        )
    database.close()

    assert others == []


def test_every_view_reads_the_first_slot_at_first(database: Database) -> None:
    with database.writing() as connection:
        for name in VIEWS:
            assert fetch_rows(connection, f"SELECT * FROM {name}") == []
        connection.exec_driver_sql("INSERT INTO daily__a VALUES ('2026-01-01', 1,0,0,0,0,0,0,0,0)")
        assert len(fetch_rows(connection, "SELECT * FROM daily")) == 1

        for statement in swap_statements("b"):
            connection.exec_driver_sql(statement)
        assert fetch_rows(connection, "SELECT * FROM daily") == []
        for statement in swap_statements("a"):
            connection.exec_driver_sql(statement)
        assert len(fetch_rows(connection, "SELECT * FROM daily")) == 1
    assert SLOTS == ("a", "b")


def test_the_program_knows_every_revision_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)

    assert [script.revision for script in scripts.walk_revisions()] == list(reversed(REVISIONS))
    assert scripts.get_heads() == [REVISIONS[-1]]


def test_upgrading_twice_changes_nothing(database_url: str) -> None:
    assert upgrade_database(database_url) == upgrade_database(database_url) == REVISIONS[-1]


def test_a_migration_imports_nothing_of_ours() -> None:
    for path in (MIGRATIONS / "versions").glob("*.py"):
        assert "loyalty_ledger" not in path.read_text()
        assert "from ." not in path.read_text()
