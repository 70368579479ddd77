"""Where members stand: ladders and their moves, actions, complaints, referrals, rewards.

A ledger that holds facts of these views already must be rebuilt to have them: its live generation is marked,
and goes on serving what it has until then.

This file imports nothing of ours and never changes: a database made by it is the same for ever.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy import BigInteger, Boolean, Column, PrimaryKeyConstraint

revision = "0002"
down_revision = "0001"

Text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
_VIEWS = ("moves", "ladders", "actions", "complaints", "referrals", "rewards")


def upgrade() -> None:
    for slot in ("a", "b"):
        _standing_views(slot)
        _complaints(slot)
        _fact_views(slot)
    found = op.get_bind().execute(sa.text("SELECT slot FROM generations WHERE status = 'live'"))
    live = found.scalar() or "a"
    for name in _VIEWS:
        op.execute(f"CREATE VIEW {name} AS SELECT * FROM {name}__{live}")  # noqa: S608 - names from above
    op.execute(_MARK)


_MARK = """
    UPDATE generations SET fingerprint = 'schema 0001 ' || fingerprint
    WHERE status = 'live' AND fingerprint <> '' AND (
        EXISTS (
            SELECT 1 FROM facts WHERE topic IN (
                'action.done', 'improvement.made', 'referral.made',
                'complaint.opened', 'complaint.acknowledged', 'complaint.explained', 'complaint.resolved',
                'complaint.followed_up', 'complaint.reopened',
                'reward.issued', 'reward.redeemed', 'reward.cancelled'
            )
        )
        OR EXISTS (
            SELECT 1 FROM fact_members AS n JOIN facts AS f ON f.position = n.position
            WHERE f.topic = 'member.enrolled'
        )
    )
"""


def _whole(name: str, *, nullable: bool = False) -> "Column[int]":
    return Column(name, BigInteger, nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> "Column[str]":
    return Column(name, Text, nullable=nullable)


def _standing_views(slot: str) -> None:
    op.create_table(
        f"moves__{slot}",
        _text("member"), _text("ladder"), _whole("number"),
        _whole("position"), _whole("booked_us"), _whole("fact"), _text("rule"), _whole("programme"),
        _text("old"), _text("rung"), _text("reason"), _text("evidence"),
        Column("is_late", Boolean, nullable=False),
        PrimaryKeyConstraint("member", "ladder", "number"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"ladders__{slot}",
        _text("member"), _text("ladder"), _text("rung"), _text("old"), _whole("number"),
        _whole("since_us"), _whole("position"), _whole("fact"), _text("rule"),
        PrimaryKeyConstraint("member", "ladder"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_table(
        f"actions__{slot}",
        _text("member"), _text("action"),
        _whole("position"), _whole("booked_us"), _whole("fact"), _text("rule"), _text("reason"),
        _whole("due_us", nullable=True), _text("status"),
        _whole("done_us", nullable=True), _whole("done_position", nullable=True),
        _text("outcome", nullable=True), _text("staff", nullable=True),
        PrimaryKeyConstraint("member", "action"),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _complaints(slot: str) -> None:
    op.create_table(
        f"complaints__{slot}",
        _text("member"), _text("complaint"),
        _whole("position"), _text("category", nullable=True), _text("channel", nullable=True),
        _text("order", nullable=True), _text("store", nullable=True), _text("staff", nullable=True),
        Column("is_public", Boolean, nullable=False), _text("status"),
        _whole("opened_us", nullable=True), _whole("acknowledged_us", nullable=True),
        _whole("explained_us", nullable=True), _whole("resolved_us", nullable=True),
        _whole("followed_up_us", nullable=True), _whole("reopened_us", nullable=True),
        _text("remedy", nullable=True), _whole("cost_minor", nullable=True), _text("currency", nullable=True),
        _whole("points"), _whole("satisfaction", nullable=True), _whole("reopenings"),
        _text("improvement", nullable=True),
        PrimaryKeyConstraint("member", "complaint"),
        sqlite_with_rowid=False,
    )  # fmt: skip


def _fact_views(slot: str) -> None:
    op.create_table(
        f"referrals__{slot}",
        _text("member"), _text("referred"),
        _whole("position"), _whole("made_us"),
        _text("channel", nullable=True), _text("relation", nullable=True), _text("code", nullable=True),
        _whole("joined_us", nullable=True), _whole("bought_us", nullable=True),
        _whole("bought_position", nullable=True), _text("status"),
        PrimaryKeyConstraint("member", "referred"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    op.create_index(f"referrals__{slot}_referred", f"referrals__{slot}", ["referred"])
    op.create_table(
        f"rewards__{slot}",
        _text("member"), _text("reward"),
        _whole("position"), _text("kind", nullable=True), _whole("points"),
        _whole("value_minor", nullable=True), _whole("cost_minor", nullable=True),
        _text("currency", nullable=True), _text("status"),
        _whole("issued_us", nullable=True), _whole("expires_us", nullable=True),
        _whole("redeemed_us", nullable=True), _whole("cancelled_us", nullable=True),
        _text("order", nullable=True), _text("reason", nullable=True),
        PrimaryKeyConstraint("member", "reward"),
        sqlite_with_rowid=False,
    )  # fmt: skip
