"""The log, its head, and both slots of every view.

This file imports nothing of ours and never changes: a database made by it is the same for ever.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
)

revision = "0001"
down_revision = None

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Key = BigInteger().with_variant(Integer, "sqlite")


def upgrade() -> None:
    _log()
    _imports()
    _projections()
    for slot in ("a", "b"):
        _money_views(slot)
        _fold_views(slot)
    for name in _VIEWS:
        op.execute(f"CREATE VIEW {name} AS SELECT * FROM {name}__a")  # noqa: S608 - names from above
    _guards()


_VIEWS = (
    "journal", "lots", "balances", "purchases", "daily", "timers", "quarantine", "flags", "member_states",
)  # fmt: skip


def _log() -> None:
    op.create_table(
        "facts",
        Column("position", Key, autoincrement=False, nullable=False),
        Column("stream", Text, nullable=False),
        Column("version", BigInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("state", LargeBinary, nullable=False),
        Column("source", Text),
        Column("event_id", Text),
        Column("occurred_us", BigInteger),
        Column("recorded_us", BigInteger, nullable=False),
        Column("import_id", BigInteger),
        Column("metadata", LargeBinary),
        Column("leaf_hash", LargeBinary, nullable=False),
        PrimaryKeyConstraint("position"),
        CheckConstraint("position > 0", name="facts_position"),
    )
    op.create_index("facts_stream", "facts", ["stream", "version"], unique=True)
    op.create_index("facts_identity", "facts", ["source", "event_id"], unique=True)
    op.create_table(
        "fact_members",
        Column("member", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("subject", Text, nullable=False),
        PrimaryKeyConstraint("member", "position"),
        sqlite_with_rowid=False,
    )
    op.create_index("fact_members_subject", "fact_members", ["subject"])
    op.create_table(
        "head",
        Column("id", Integer, autoincrement=False, nullable=False),
        Column("ledger_id", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        Column("recorded_us", BigInteger, nullable=False),
        Column("frontier", LargeBinary, nullable=False),
        PrimaryKeyConstraint("id"),
        CheckConstraint("id = 1", name="head_single"),
    )
    op.create_table(
        "tracking",
        Column("name", Text, nullable=False),
        Column("position", BigInteger, nullable=False),
        PrimaryKeyConstraint("name"),
    )


def _imports() -> None:
    op.create_table(
        "imports",
        Column("id", Key, autoincrement=False, nullable=False),
        Column("file", Text, nullable=False),
        Column("format", Text, nullable=False),
        Column("mapping", Text),
        Column("started_us", BigInteger, nullable=False),
        Column("finished_us", BigInteger),
        Column("imported", BigInteger, nullable=False),
        Column("duplicates", BigInteger, nullable=False),
        Column("conflicts", BigInteger, nullable=False),
        Column("rejected", BigInteger, nullable=False),
        PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "rejects",
        Column("id", Key, autoincrement=False, nullable=False),
        Column("import_id", BigInteger, nullable=False),
        Column("digest", Text, nullable=False),
        Column("file", Text, nullable=False),
        Column("line", BigInteger, nullable=False),
        Column("column", Text),
        Column("code", Text, nullable=False),
        Column("reason", Text, nullable=False),
        Column("member", Text),
        Column("content", LargeBinary, nullable=False),
        Column("rejected_us", BigInteger, nullable=False),
        Column("retried_us", BigInteger),
        PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("digest"),
    )


def _projections() -> None:
    op.create_table(
        "generations",
        Column("number", Key, autoincrement=False, nullable=False),
        Column("slot", Text, nullable=False),
        Column("status", Text, nullable=False),
        Column("fingerprint", Text, nullable=False),
        Column("started_us", BigInteger, nullable=False),
        Column("live_us", BigInteger),
        PrimaryKeyConstraint("number"),
        CheckConstraint("status in ('building', 'live', 'retired')", name="generations_status"),
        CheckConstraint("slot in ('a', 'b')", name="generations_slot"),
    )
    op.create_table(
        "lease",
        Column("name", Text, nullable=False),
        Column("holder", Text, nullable=False),
        Column("host", Text, nullable=False),
        Column("pid", BigInteger, nullable=False),
        Column("expires_us", BigInteger, nullable=False),
        PrimaryKeyConstraint("name"),
    )


def _whole(name: str, *, nullable: bool = False) -> Column[int]:
    return Column(name, BigInteger, autoincrement=False, nullable=nullable)


def _money_views(slot: str) -> None:
    op.create_table(
        f"journal__{slot}",
        Column("member", Text, nullable=False), _whole("entry"),
        _whole("position"), _whole("booked_us"), _whole("fact"), Column("rule", Text, nullable=False),
        _whole("programme"), Column("reason", Text, nullable=False), _whole("lot", nullable=True),
        _whole("points"), _whole("pending"), _whole("held"),
        Column("account", Text, nullable=False), _whole("contra"),
        _whole("usable_us", nullable=True), _whole("expires_us", nullable=True),
        Column("is_late", Boolean, nullable=False),
        PrimaryKeyConstraint("member", "entry"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"lots__{slot}",
        Column("member", Text, nullable=False), _whole("lot"),
        _whole("fact"), Column("rule", Text, nullable=False), _whole("booked_us"), _whole("usable_us"),
        _whole("expires_us", nullable=True),
        _whole("earned"), _whole("points"), _whole("pending"), _whole("held"),
        PrimaryKeyConstraint("member", "lot"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"balances__{slot}",
        Column("member", Text, nullable=False),
        _whole("points"), _whole("pending"), _whole("held"), _whole("debt"),
        _whole("issued"), _whole("redeemed"), _whole("expired"), _whole("reversed"), _whole("adjusted"),
        _whole("transferred"), _whole("waived"), _whole("opened"),
        _whole("entries"), _whole("booked_us"),
        PrimaryKeyConstraint("member"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"purchases__{slot}",
        Column("member", Text, nullable=False), Column("currency", Text, nullable=False),
        _whole("purchases"), _whole("spend_minor"), _whole("first_us"), _whole("last_us"),
        PrimaryKeyConstraint("member", "currency"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"daily__{slot}",
        Column("day", Text, nullable=False), _whole("entries"),
        _whole("issued"), _whole("redeemed"), _whole("expired"), _whole("reversed"), _whole("adjusted"),
        _whole("transferred"), _whole("waived"), _whole("opened"),
        PrimaryKeyConstraint("day"),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _fold_views(slot: str) -> None:
    op.create_table(
        f"timers__{slot}",
        Column("member", Text, nullable=False), _whole("due_us"), _whole("phase"),
        Column("rule", Text, nullable=False), Column("key", Text, nullable=False), _whole("fact"),
        PrimaryKeyConstraint("member", "due_us", "phase", "rule", "key"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"quarantine__{slot}",
        Column("member", Text, nullable=False), _whole("position"),
        Column("rule", Text, nullable=False), Column("error", Text, nullable=False),
        PrimaryKeyConstraint("member"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"flags__{slot}",
        Column("member", Text, nullable=False), _whole("position"),
        Column("rule", Text, nullable=False), Column("flag", Text, nullable=False),
        Column("reason", Text, nullable=False),
        PrimaryKeyConstraint("member", "position", "rule", "flag"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"member_states__{slot}",
        Column("member", Text, nullable=False),
        _whole("position"), _whole("clock_us"), _whole("due_us", nullable=True),
        Column("state", LargeBinary, nullable=False),
        PrimaryKeyConstraint("member"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index(f"member_states__{slot}_due_us", f"member_states__{slot}", ["due_us"])


def _guards() -> None:
    """Facts are written once, in order, and never again: accidents and plugins are stopped, not forgers."""
    if op.get_bind().dialect.name == "sqlite":
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER facts_no_{change.lower()} BEFORE {change} ON facts "
                "BEGIN SELECT RAISE(ABORT, 'facts are never changed'); END"
            )
        # A trigger for each row would cost 7 % of an append: here the next append looks for strays instead.
        return
    op.execute(
        "CREATE FUNCTION facts_are_final() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'facts are never changed'; END $$"
    )
    op.execute(
        "CREATE TRIGGER facts_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON facts "
        "FOR EACH STATEMENT EXECUTE FUNCTION facts_are_final()"
    )
    op.execute(
        "CREATE FUNCTION facts_reach_head() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF (SELECT max(position) FROM facts) IS DISTINCT FROM (SELECT position FROM head) "
        "THEN RAISE EXCEPTION 'facts have no gaps'; END IF; RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER facts_in_order AFTER INSERT ON facts "
        "FOR EACH STATEMENT EXECUTE FUNCTION facts_reach_head()"
    )
