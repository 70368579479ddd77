"""Actions: what rules recommend that a person should do, and what was done.

An action is one row by its name within the member. Recommended again while it is open, it stays as it was;
recommended again afterwards, it is open anew. What nobody recommended and was done all the same has no rule.
"""

from __future__ import annotations

from msgspec import Struct

from ..facts.contact import ActionDone
from .from_facts import TAKEN_BACK, FromFacts
from .noting import RECOMMENDED, Note

_OPEN, _DONE = "open", "done"


class StandingAction(Struct):
    """A row, in the columns of the table ``actions``."""

    member: str
    action: str
    position: int
    booked_us: int = 0
    fact: int = 0
    rule: str = ""
    reason: str = ""
    due_us: int | None = None
    status: str = ""
    done_us: int | None = None
    done_position: int | None = None
    outcome: str | None = None
    staff: str | None = None


class Actions(FromFacts[StandingAction]):
    """Rows of the view ``actions``. A retraction names the fact ``action.done``."""

    name = "actions"
    row_type = StandingAction
    topics = frozenset({RECOMMENDED, ActionDone.topic})
    openings = topics
    key = "action"
    opened_at = "done_position"

    def tell(self, row: StandingAction, note: Note) -> None:
        """Write into its row what a rule recommends, or that it was done."""
        told = note.content
        if note.topic != RECOMMENDED:
            if not row.status:
                row.booked_us, row.fact = note.occurred_us, note.position
            row.status = _DONE
            row.done_us, row.done_position = note.occurred_us, note.position
            row.outcome, row.staff = told.outcome, told.staff
        elif told.settled is not None:
            if row.status == _OPEN:
                row.status, row.outcome = _DONE, told.settled
                row.done_us, row.done_position = told.booked_us, told.position
        elif row.status != _OPEN:
            row.position, row.booked_us, row.fact = told.position, told.booked_us, told.fact
            row.rule, row.reason, row.due_us = told.rule, told.reason, told.due_us
            _reopen(row)

    def take_back(self, row: StandingAction) -> None:
        """What was not done after all is open again if a rule had recommended it."""
        if row.rule:
            _reopen(row)
        else:
            row.status = TAKEN_BACK


def _reopen(row: StandingAction) -> None:
    row.status = _OPEN
    row.done_us = row.done_position = row.outcome = row.staff = None
