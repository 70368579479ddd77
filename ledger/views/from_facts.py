"""Views made of facts: a row has a member and a name, and each fact about it is noted in it.

Counted are the facts the fold accepted: of a member set aside, those before the position in the view
quarantine. A row whose opening fact is retracted stays, with the status ``retracted``, until it is opened
anew. Texts and times are those of the facts; times are when something happened, not when it was recorded.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

from msgspec import Struct
from msgspec.structs import astuple
from sqlalchemy import Connection

from .loading import rows_of_keys
from .noting import RETRACTED, Note

TAKEN_BACK = "retracted"


class Row(Protocol):
    """A row while it is folded: a struct whose fields are the columns."""

    member: str
    position: int
    status: str


RowT = TypeVar("RowT", bound=Row)


class FromFacts(ABC, Generic[RowT]):
    """The rows of one such view while they grow. To add a view is to say what is below.

    Attributes:
        name: Of the view.
        row_type: A struct with the view's columns.
        topics: The facts it is made of, ``fact.retracted`` left out.
        openings: Those among them that open a row, and a retracted one anew.
        key: The column beside the member that names a row; the same field in every fact.
        opened_at: The column with the position that a retraction names.
    """

    name: ClassVar[str]
    row_type: Callable[..., RowT]
    topics: ClassVar[frozenset[str]]
    openings: ClassVar[frozenset[str]]
    key: ClassVar[str]
    opened_at: ClassVar[str] = "position"

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, RowT]] = {}
        self._changed: dict[tuple[str, str], RowT] = {}

    @abstractmethod
    def tell(self, row: RowT, note: Note) -> None:
        """Write into its row what a fact says."""

    def load(self, connection: Connection, slot: str, notes: Collection[Note]) -> None:
        """Begin with the stored rows that these notes may change."""
        self.clear()
        table = f"{self.name}__{slot}"
        keys = {(note.member, self._named(note)) for note in notes if note.topic in self.topics}
        back = {(note.member, note.content.retracted) for note in notes if note.topic == RETRACTED}
        found = rows_of_keys(connection, table, self.key, keys) if keys else []
        found += rows_of_keys(connection, table, self.opened_at, back) if back else []
        for row in found:
            self._rows.setdefault(row[0], {})[row[1]] = self.row_type(*row)

    def add(self, note: Note) -> None:
        """Fold a note into the rows; notes of a member come in the order of their positions."""
        if note.topic == RETRACTED:
            for name, mine in self._rows.get(note.member, {}).items():
                if getattr(mine, self.opened_at) == note.content.retracted:
                    self.take_back(mine)
                    self._changed[note.member, name] = mine
            return
        name = self._named(note)
        rows = self._rows.setdefault(note.member, {})
        row = rows.get(name)
        if row is None or (row.status == TAKEN_BACK and note.topic in self.openings):
            row = rows[name] = self.row_type(note.member, name, note.position)
        self.tell(row, note)
        self._changed[note.member, name] = row

    def take_back(self, row: RowT) -> None:
        """Write into a row that its opening fact is retracted."""
        row.status = TAKEN_BACK

    def rows(self) -> list[tuple[Any, ...]]:
        """Return the rows that were made or changed."""
        return [astuple(cast(Struct, row)) for row in self._changed.values()]

    def clear(self) -> None:
        """Begin again."""
        self._rows.clear()
        self._changed.clear()

    def _named(self, note: Note) -> str:
        name: str = getattr(note.content, self.key)
        return name


def follow(row: Row, status: str, note: Note, times: Iterable[int | None]) -> None:
    """Let *status* stand if nothing in *times* happened later: facts may be recorded in another order."""
    if row.status != TAKEN_BACK and all(at_us is None or at_us <= note.occurred_us for at_us in times):
        row.status = status


def earliest(known_us: int | None, note: Note) -> int:
    """Return when something happened first."""
    return note.occurred_us if known_us is None else min(known_us, note.occurred_us)


def is_latest(known_us: int | None, note: Note) -> bool:
    """Return whether nothing of the kind is known to have happened after this."""
    return known_us is None or known_us <= note.occurred_us
