"""An index of the facts ``member.set_aside``: every fold asks for them beforehand, and there are few.

This file imports nothing of ours and never changes: a database made by it is the same for ever.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_WHERE = sa.text("topic = 'member.set_aside'")


def upgrade() -> None:
    op.create_index(
        "facts_set_aside", "facts", ["position"], sqlite_where=_WHERE, postgresql_where=_WHERE
    )  # fmt: skip
