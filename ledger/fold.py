"""What a projection needs of a fold: the meeting place of ``ledger`` and ``rules``.

``fold(state, fact) → (state, entries)``: the ledger drives it, the rules decide. Nothing here reads a clock,
a file or an environment.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from .facts import Fact, FactType
from .journal import Entry


class StateRow(NamedTuple):
    """What is kept of one member to go on from, in the columns of the table ``member_states``."""

    member: str
    position: int
    clock_us: int
    due_us: int | None
    """The next instant at which something is due, or None."""
    state: bytes


class TimerRow(NamedTuple):
    """A rule's timer, in the columns of the table ``timers``."""

    member: str
    due_us: int
    phase: int
    rule: str
    key: str
    fact: int


class FlagRow(NamedTuple):
    """A remark of a rule about a member, in the columns of the table ``flags``."""

    member: str
    position: int
    rule: str
    flag: str
    reason: str


class MoveRow(NamedTuple):
    """A move on a ladder, in the columns of the table ``moves``."""

    member: str
    ladder: str
    number: int
    """Of the member's moves on this ladder, from 1, without gaps."""
    position: int
    booked_us: int
    fact: int
    rule: str
    programme: int
    old: str
    """The rung before, '' if there was none."""
    rung: str
    reason: str
    evidence: str
    """JSON: the positions of the facts and the figures that decided."""
    is_late: bool


class ActionRow(NamedTuple):
    """Something a rule recommends that a person should do; the first columns of the table ``actions``."""

    member: str
    action: str
    position: int
    booked_us: int
    fact: int
    rule: str
    reason: str
    due_us: int | None
    settled: str | None = None
    """What came of it, when the rule itself sees that it has been done; None: it is recommended."""


class Grants:
    """What budgets shared by all members have granted, in the order of the log.

    Attributes:
        position: Of the last fact that has had its turn.
        used: By budget, how much of it has been granted.
        given: By position of a fact and budget, what it was granted; a text says why it could not be.
    """

    def __init__(self) -> None:
        self.position = 0
        self.used: dict[str, int] = {}
        self.given: dict[int, dict[str, int | str]] = {}


class GroupFold(Protocol):
    """The fold of one group: members connected by facts that name several of them.

    ``entries``, ``flags``, ``moves`` and ``actions`` grow as facts are applied; the driver empties them when
    it has written them.
    """

    entries: list[Entry]
    flags: list[FlagRow]
    moves: list[MoveRow]
    actions: list[ActionRow]

    def apply(self, fact: Fact[FactType]) -> None:
        """Fold one fact of the group; facts come in the order of their positions.

        Raises:
            RuleError: a rule failed; the state is void and must be folded again up to the fact before.
        """

    def settle(self, position: int) -> None:
        """Fire what became due by a ``clock.advanced`` recorded up to *position*; touch nobody else.

        Raises:
            RuleError: as ``apply``.
        """

    def states(self) -> list[StateRow]:
        """Return what must be kept of every member."""

    def timers(self) -> list[TimerRow]:
        """Return the timers the rules have set and that have not fired."""


class Fold(Protocol):
    """Opens groups under the facts of the stream ``programme`` recorded so far (activations, advances)."""

    fingerprint: str
    """Changes when the rules, their parameters or their code change."""
    claiming: frozenset[str]
    """Topics of which each fact is to be shown to ``grant``, in the order of the log, before it is folded."""
    grants: Grants
    """What was granted so far: handed from one fold to the next when the programme goes on."""

    def grant(self, fact: Fact[FactType]) -> bool:
        """Grant a fact what is left of shared budgets; return whether anything is left for others."""

    def group(self, members: tuple[str, ...], states: Mapping[str, bytes]) -> GroupFold:
        """Return the fold of these members, going on from the states given, afresh where none is."""


__all__ = [
    "ActionRow", "Entry", "FlagRow", "Fold", "Grants", "GroupFold", "MoveRow", "StateRow", "TimerRow",
]  # fmt: skip
