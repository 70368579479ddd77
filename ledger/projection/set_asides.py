"""Members an operator set aside, and from where: known from the facts alone, before anything is folded.

A rule that does not come to an end halts the run; ``member.set_aside`` lets it go on. The fact stands behind
the one that cannot be folded, so every fold is told beforehand whom it must leave out: those set aside
anywhere in the log, unless the fact was retracted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec
from sqlalchemy import Connection

from ..facts import Fact
from ..facts.correction import FactRetracted
from ..facts.membership import MemberSetAside
from ..store.bulk import fetch_rows
from ..store.lists import among, as_list
from ..views.quarantine import QuarantineRow

_set_aside = msgspec.json.Decoder(Fact[MemberSetAside]).decode
_retraction = msgspec.json.Decoder(Fact[FactRetracted]).decode


class SetAside(NamedTuple):
    """A fact ``member.set_aside``.

    Attributes:
        member: Whose group.
        since: From this position on it is not folded.
        position: Of the fact, at or behind *since*.
        lifted: Position of the fact that retracted it, or None: it stands.
    """

    member: str
    since: int
    position: int
    rule: str
    reason: str
    lifted: int | None

    def row(self, member: str) -> QuarantineRow:
        """Return the row of a member of the group."""
        error = f"an operator set {self.member!r} aside at position {self.position}: {self.reason}"
        return QuarantineRow(member, self.since, self.rule, error)


Asides = Mapping[str, SetAside]
"""By member, the earliest that holds."""


def set_asides(connection: Connection, members: Iterable[str] | None = None) -> list[SetAside]:
    """Return every fact that sets somebody aside, in the order of the log.

    Args:
        connection: Of a reading or a writing.
        members: Only theirs; None for all.
    """
    # Word for word the condition of the index: there may be millions of other facts.
    sql = "SELECT position, stream, state FROM facts WHERE topic = 'member.set_aside' ORDER BY position"
    wanted = None if members is None else {f"member/{member}" for member in members}
    rows = [row for row in fetch_rows(connection, sql) if wanted is None or row[1] in wanted]
    if not rows:
        return []
    lifted = _retractions(connection, {stream for _, stream, _ in rows})
    found = []
    for position, stream, state in rows:
        said = _set_aside(state).data
        since = position if said.since is None else min(said.since, position)
        found.append(
            SetAside(stream[7:], since, position, said.rule, said.reason, lifted.get((stream, position)))
        )
    return found


def _retractions(connection: Connection, streams: set[str]) -> dict[tuple[str, int], int]:
    """Return, by stream and retracted position, the position of the first retraction."""
    sql = (
        "SELECT position, stream, state FROM facts WHERE topic = 'fact.retracted'"  # noqa: S608
        f" AND stream {among(connection, 'streams')} ORDER BY position DESC"
    )
    rows = fetch_rows(connection, sql, {"streams": as_list(connection, sorted(streams))})
    return {(stream, _retraction(state).data.retracted): position for position, stream, state in rows}


def earliest(found: Iterable[SetAside]) -> dict[str, SetAside]:
    """Return, by member, the one that holds from the lowest position."""
    by_member: dict[str, SetAside] = {}
    for aside in found:
        known = by_member.get(aside.member)
        if known is None or aside.since < known.since:
            by_member[aside.member] = aside
    return by_member


def standing(connection: Connection) -> dict[str, SetAside]:
    """Return who is set aside by everything recorded so far."""
    return earliest(aside for aside in set_asides(connection) if aside.lifted is None)


def applied(connection: Connection, quarantine: Mapping[str, int], upto: int) -> dict[str, SetAside]:
    """Return who is set aside in views that have read the facts up to a position.

    What was recorded behind that position counts as the views have it: a run looks ahead, but it may not
    have known of it yet.

    Args:
        connection: Of a reading or a writing.
        quarantine: By member, from which position on the views have set it aside.
        upto: The position of the views.
    """

    def is_applied(aside: SetAside) -> bool:
        is_known = aside.position <= upto and not (aside.lifted or 0) > upto
        return aside.lifted is None if is_known else quarantine.get(aside.member) == aside.since

    return earliest(filter(is_applied, set_asides(connection)))
