"""Every table, and nothing else. Alembic creates them (``migrations/``); a test compares the two.

Times are microseconds since 1970 (``*_us``), money is minor units (``*_minor``), points are points. Text
sorts in code-point order on both databases. View tables exist twice, ``journal__a`` and ``journal__b``: a
rebuild fills the slot that is not live, then swaps the SQL views without suffix (``journal``) in one
transaction.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    text,
)
from sqlalchemy import Text as _Text

metadata = MetaData()
SLOTS = ("a", "b")

# BINARY is SQLite's default order; PostgreSQL must be told.
Text = _Text().with_variant(_Text(collation="C"), "postgresql")
# "INTEGER PRIMARY KEY" names SQLite's rowid: explicit, so that no restore renumbers it.
Key = BigInteger().with_variant(Integer, "sqlite")

facts = Table(
    "facts", metadata,
    Column("position", Key, primary_key=True, autoincrement=False),
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
    CheckConstraint("position > 0", name="facts_position"),
    Index("facts_stream", "stream", "version", unique=True),
    Index("facts_identity", "source", "event_id", unique=True),
    Index(
        "facts_set_aside", "position",
        sqlite_where=text("topic = 'member.set_aside'"), postgresql_where=text("topic = 'member.set_aside'"),
    ),
)  # fmt: skip

fact_members = Table(
    "fact_members", metadata,
    Column("member", Text, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("subject", Text, nullable=False),
    sqlite_with_rowid=False,
)  # fmt: skip
"""The members a fact names. *subject*: the member whose stream it is in, or else the first it names."""
Index("fact_members_subject", fact_members.c.subject)

head = Table(
    "head", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("ledger_id", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_us", BigInteger, nullable=False),
    Column("frontier", LargeBinary, nullable=False),
    CheckConstraint("id = 1", name="head_single"),
)  # fmt: skip
"""One row: the last position, and the peaks of the Merkle tree (32 bytes for each bit set in it)."""

tracking = Table(
    "tracking", metadata,
    Column("name", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
)  # fmt: skip
"""How far each projection has read."""

imports = Table(
    "imports", metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("file", Text, nullable=False),
    Column("format", Text, nullable=False),
    Column("mapping", Text),
    Column("started_us", BigInteger, nullable=False),
    Column("finished_us", BigInteger),
    Column("imported", BigInteger, nullable=False),
    Column("duplicates", BigInteger, nullable=False),
    Column("conflicts", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
)  # fmt: skip

rejects = Table(
    "rejects", metadata,
    Column("id", Key, primary_key=True, autoincrement=False),
    Column("import_id", BigInteger, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("file", Text, nullable=False),
    Column("line", BigInteger, nullable=False),
    Column("column", Text),
    Column("code", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("member", Text),
    Column("content", LargeBinary, nullable=False),
    Column("rejected_us", BigInteger, nullable=False),
    Column("retried_us", BigInteger),
)  # fmt: skip
"""Rows that could not be read: one for each rejected fact; *content* is what the importer read, as it was."""

generations = Table(
    "generations", metadata,
    Column("number", Key, primary_key=True, autoincrement=False),
    Column("slot", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("started_us", BigInteger, nullable=False),
    Column("live_us", BigInteger),
    CheckConstraint("status in ('building', 'live', 'retired')", name="generations_status"),
    CheckConstraint("slot in ('a', 'b')", name="generations_slot"),
)  # fmt: skip

lease = Table(
    "lease", metadata,
    Column("name", Text, primary_key=True),
    Column("holder", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("expires_us", BigInteger, nullable=False),
)  # fmt: skip


def _view(name: str, *columns: Column[object], index: tuple[str, ...] = ()) -> dict[str, Table]:
    first = Table(f"{name}__a", metadata, *columns, sqlite_with_rowid=False)
    slots = {"a": first, "b": first.to_metadata(metadata, name=f"{name}__b")}
    if index:
        for slot, table in slots.items():
            Index(f"{name}__{slot}_{index[0]}", *(table.c[column] for column in index))
    return slots


def _key(name: str, kind: Any = BigInteger) -> Column[object]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _int(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, Text, nullable=nullable)


VIEWS: dict[str, dict[str, Table]] = {
    # What the fold yields, in the order of journal.Entry.
    "journal": _view(
        "journal",
        _key("member", Text), _key("entry"),
        _int("position"), _int("booked_us"), _int("fact"), _text("rule"), _int("programme"), _text("reason"),
        _int("lot", nullable=True),
        _int("points"), _int("pending"), _int("held"),
        _text("account"), _int("contra"),
        _int("usable_us", nullable=True), _int("expires_us", nullable=True),
        Column("is_late", Boolean, nullable=False),
    ),
    "lots": _view(
        "lots",
        _key("member", Text), _key("lot"),
        _int("fact"), _text("rule"), _int("booked_us"), _int("usable_us"), _int("expires_us", nullable=True),
        _int("earned"), _int("points"), _int("pending"), _int("held"),
    ),
    "balances": _view(
        "balances",
        _key("member", Text),
        _int("points"), _int("pending"), _int("held"), _int("debt"),
        _int("issued"), _int("redeemed"), _int("expired"), _int("reversed"), _int("adjusted"),
        _int("transferred"), _int("waived"), _int("opened"),
        _int("entries"), _int("booked_us"),
    ),
    "purchases": _view(
        "purchases",
        _key("member", Text), _key("currency", Text),
        _int("purchases"), _int("spend_minor"), _int("first_us"), _int("last_us"),
    ),
    "daily": _view(
        "daily",
        _key("day", Text),
        _int("entries"),
        _int("issued"), _int("redeemed"), _int("expired"), _int("reversed"), _int("adjusted"),
        _int("transferred"), _int("waived"), _int("opened"),
    ),
    # Where members stand, and how they came there: what the fold yields, in the order of fold.MoveRow.
    "moves": _view(
        "moves",
        _key("member", Text), _key("ladder", Text), _key("number"),
        _int("position"), _int("booked_us"), _int("fact"), _text("rule"), _int("programme"),
        _text("old"), _text("rung"), _text("reason"), _text("evidence"),
        Column("is_late", Boolean, nullable=False),
    ),
    "ladders": _view(
        "ladders",
        _key("member", Text), _key("ladder", Text),
        _text("rung"), _text("old"), _int("number"), _int("since_us"), _int("position"), _int("fact"),
        _text("rule"),
    ),
    # From the facts themselves; what a rule recommends comes from the fold.
    "actions": _view(
        "actions",
        _key("member", Text), _key("action", Text),
        _int("position"), _int("booked_us"), _int("fact"), _text("rule"), _text("reason"),
        _int("due_us", nullable=True), _text("status"),
        _int("done_us", nullable=True), _int("done_position", nullable=True),
        _text("outcome", nullable=True), _text("staff", nullable=True),
    ),
    "complaints": _view(
        "complaints",
        _key("member", Text), _key("complaint", Text),
        _int("position"), _text("category", nullable=True), _text("channel", nullable=True),
        _text("order", nullable=True), _text("store", nullable=True), _text("staff", nullable=True),
        Column("is_public", Boolean, nullable=False), _text("status"),
        _int("opened_us", nullable=True), _int("acknowledged_us", nullable=True),
        _int("explained_us", nullable=True), _int("resolved_us", nullable=True),
        _int("followed_up_us", nullable=True), _int("reopened_us", nullable=True),
        _text("remedy", nullable=True), _int("cost_minor", nullable=True), _text("currency", nullable=True),
        _int("points"), _int("satisfaction", nullable=True), _int("reopenings"),
        _text("improvement", nullable=True),
    ),
    "referrals": _view(
        "referrals",
        _key("member", Text), _key("referred", Text),
        _int("position"), _int("made_us"),
        _text("channel", nullable=True), _text("relation", nullable=True), _text("code", nullable=True),
        _int("joined_us", nullable=True), _int("bought_us", nullable=True),
        _int("bought_position", nullable=True), _text("status"),
        index=("referred",),
    ),
    "rewards": _view(
        "rewards",
        _key("member", Text), _key("reward", Text),
        _int("position"), _text("kind", nullable=True), _int("points"),
        _int("value_minor", nullable=True), _int("cost_minor", nullable=True),
        _text("currency", nullable=True), _text("status"),
        _int("issued_us", nullable=True), _int("expires_us", nullable=True),
        _int("redeemed_us", nullable=True), _int("cancelled_us", nullable=True),
        _text("order", nullable=True), _text("reason", nullable=True),
    ),
    # What plugins' views make of entries.
    "plugin_rows": _view(
        "plugin_rows",
        _key("member", Text), _key("view", Text), _key("entry"), _key("number"),
        _text("cells"),
    ),
    # What the fold keeps to go on from: not derived from the journal.
    "timers": _view(
        "timers",
        _key("member", Text), _key("due_us"), _key("phase"), _key("rule", Text), _key("key", Text),
        _int("fact"),
    ),
    "quarantine": _view(
        "quarantine",
        _key("member", Text),
        _int("position"), _text("rule"), _text("error"),
    ),
    "flags": _view(
        "flags",
        _key("member", Text), _key("position"), _key("rule", Text), _key("flag", Text),
        _text("reason"),
    ),
    "member_states": _view(
        "member_states",
        _key("member", Text),
        _int("position"), _int("clock_us"), _int("due_us", nullable=True),
        Column("state", LargeBinary, nullable=False),
        index=("due_us",),
    ),
}  # fmt: skip
"""Every view by name, and its two tables."""


def swap_statements(slot: str) -> list[str]:
    """Return the SQL that makes the tables of *slot* the ones read by name."""
    statements = []
    for name in VIEWS:
        statements.append(f"DROP VIEW IF EXISTS {name}")
        statements.append(f"CREATE VIEW {name} AS SELECT * FROM {name}__{slot}")  # noqa: S608 - our own names
    return statements


__all__ = ["SLOTS", "VIEWS", "metadata", "swap_statements", "text"]
