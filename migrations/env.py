"""Runs the migrations on the connection that ``upgrade_database`` hands over, inside its transaction."""

from alembic import context

from loyalty_ledger.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
