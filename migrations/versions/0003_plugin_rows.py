"""Rows of plugins' views.

A plugin that offers a view changes what the views are built from, so a ledger that trusts one is rebuilt.

This file imports nothing of ours and never changes: a database made by it is the same for ever.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Column, PrimaryKeyConstraint

revision = "0003"
down_revision = "0002"

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    for slot in ("a", "b"):
        op.create_table(
            f"plugin_rows__{slot}",
            Column("member", Text, nullable=False),
            Column("view", Text, nullable=False),
            Column("entry", BigInteger, nullable=False),
            Column("number", BigInteger, nullable=False),
            Column("cells", Text, nullable=False),
            PrimaryKeyConstraint("member", "view", "entry", "number"),
            sqlite_with_rowid=False,
        )
    found = op.get_bind().execute(sa.text("SELECT slot FROM generations WHERE status = 'live'"))
    live = found.scalar() or "a"
    op.execute(f"CREATE VIEW plugin_rows AS SELECT * FROM plugin_rows__{live}")  # noqa: S608 - names from above
