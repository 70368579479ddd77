"""Referrals: who recommended us to whom, and whether they joined and bought.

A row is made by ``referral.made``, or by a ``member.enrolled`` that names a referrer; who names himself is no
row. Joined and bought is what the referred member did first in facts recorded behind the referral. These
facts link the two members, so the rows of a group are made of the facts of this group.
"""

from __future__ import annotations

from collections.abc import Collection

from msgspec import Struct
from sqlalchemy import Connection

from ..facts.membership import MemberEnrolled
from ..facts.purchase import PurchaseRecorded
from ..facts.referral import ReferralMade
from .from_facts import TAKEN_BACK, FromFacts
from .loading import rows_of_keys, rows_of_texts
from .noting import RETRACTED, Note


class ReferralRow(Struct):
    """A row, in the columns of the table ``referrals``."""

    member: str
    referred: str
    position: int
    made_us: int = 0
    channel: str | None = None
    relation: str | None = None
    code: str | None = None
    joined_us: int | None = None
    bought_us: int | None = None
    bought_position: int | None = None
    status: str = "made"


class Referrals(FromFacts[ReferralRow]):
    """Rows of the view ``referrals``, kept by the member referred, whose facts change them."""

    name = "referrals"
    row_type = ReferralRow
    topics = frozenset({ReferralMade.topic, MemberEnrolled.topic, PurchaseRecorded.topic})
    openings = frozenset({ReferralMade.topic, MemberEnrolled.topic})
    key = "referred"

    def __init__(self) -> None:
        super().__init__()
        self._made_at: dict[int, ReferralRow] = {}

    def load(self, connection: Connection, slot: str, notes: Collection[Note]) -> None:
        """Begin with the stored rows that these notes may change."""
        self.clear()
        table = f"{self.name}__{slot}"
        back = {(note.member, note.content.retracted) for note in notes if note.topic == RETRACTED}
        referred = {n.content.referred if n.topic == ReferralMade.topic else n.member for n in notes}
        found = rows_of_texts(connection, table, "referred", referred) if referred else []
        found += rows_of_keys(connection, table, "position", back) if back else []
        for values in found:
            self._keep(ReferralRow(*values))

    def add(self, note: Note) -> None:
        """Fold a note into the rows; notes of a group come in the order of their positions."""
        told, member = note.content, note.member
        if note.topic == RETRACTED:
            row = self._made_at.get(told.retracted)
            if row and row.position == told.retracted and member in {row.member, row.referred}:
                self.take_back(row)
                self._change(row)
            return
        if note.topic == ReferralMade.topic:
            self._make(note, member, told.referred)
            return
        is_joining = note.topic == MemberEnrolled.topic
        if is_joining and told.referrer is not None:
            self._make(note, told.referrer, member)
        for row in self._rows.get(member, {}).values():
            if (row.joined_us if is_joining else row.bought_us) is None and row.status != TAKEN_BACK:
                self.tell(row, note)
                self._change(row)

    def tell(self, row: ReferralRow, note: Note) -> None:
        """Write into a row that the referred member joined or bought."""
        if note.topic == MemberEnrolled.topic:
            row.joined_us = note.occurred_us
            row.status = "joined" if row.bought_us is None else "bought"
        else:
            row.bought_us, row.bought_position = note.occurred_us, note.position
            row.status = "bought"

    def clear(self) -> None:
        """Begin again."""
        super().clear()
        self._made_at.clear()

    def _make(self, note: Note, member: str, referred: str) -> None:
        if member == referred:
            return
        row = self._rows.get(referred, {}).get(member)
        if row is None or row.status == TAKEN_BACK:
            row = ReferralRow(member, referred, note.position, note.occurred_us)
            self._keep(row)
        if note.topic == ReferralMade.topic:
            row.channel = row.channel or note.content.channel
            row.relation = row.relation or note.content.relation
            row.code = row.code or note.content.code
        self._change(row)

    def _keep(self, row: ReferralRow) -> None:
        mine = self._rows.setdefault(row.referred, {})
        if row.member in mine:
            del self._made_at[mine[row.member].position]
        mine[row.member] = row
        self._made_at[row.position] = row

    def _change(self, row: ReferralRow) -> None:
        self._changed[row.member, row.referred] = row
