"""The states of a group's members: those at hand as objects, those that rest as the bytes they are kept in.

Nearly every group is one member. A chain of referrals can be ten thousand, of whom few have a fact at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..ledger.calendar import FOREVER_US
from ..ledger.fold import StateRow, TimerRow
from .state import MemberState, dump, load

_MOST_AWAKE = 1_000


class Roster(dict[str, MemberState]):
    """The members of a group; asking for one that rests wakes it.

    Attributes:
        members: All of them.
    """

    def __init__(self, members: tuple[str, ...], written: Mapping[str, bytes]) -> None:
        super().__init__()
        self.members = dict.fromkeys(members)
        self._rows: dict[str, StateRow] = {}
        self._timers: dict[str, list[TimerRow]] = {}
        for name in members:
            if name in written:
                state = load(written[name])
                self._keep(name, state, written[name])
                if len(members) <= _MOST_AWAKE:
                    self[name] = state

    def __missing__(self, name: str) -> MemberState:
        if name not in self.members:
            raise KeyError(name)
        row = self._rows.get(name)
        state = self[name] = MemberState() if row is None else load(row.state)
        return state

    def find(self, name: str) -> MemberState | None:
        """Return the state of a member, None for whoever is not in the group."""
        return self[name] if name in self.members else None

    def chain(self, name: str) -> list[str]:
        """Return a member, who has absorbed it, and so on up to whom nobody has."""
        chain = [name]
        while absorbed_by := self[chain[-1]].absorbed_by:
            chain.append(absorbed_by)
        return chain

    def holder(self, name: str) -> str | None:
        """Return who answers for a member: itself or who has absorbed it; None: it is not in the group."""
        return self.chain(name)[-1] if name in self.members else None

    def earliest(self) -> int:
        """Return the lowest position at which a state was given, 0 if some member had none."""
        if len(self._rows) < len(self.members):
            return 0
        return min((row.position for row in self._rows.values()), default=0)

    def due(self, until_us: int, position: int) -> Iterator[str]:
        """Yield whom something is due for up to an instant, but nobody who stands behind a position."""
        for name, row in self._rows.items():
            if name not in self and row.position <= position and (row.due_us or FOREVER_US) <= until_us:
                yield name
        for name, state in self.items():
            if state.position <= position and state.due_us() <= until_us:
                yield name

    def rows(self) -> list[StateRow]:
        """Return what must be kept of every member that anything has touched."""
        self._write()
        return [self._rows[name] for name in self.members if name in self._rows]

    def timers(self) -> list[TimerRow]:
        """Return the rules' timers that have not fired."""
        self._write()
        return [timer for name in self.members for timer in self._timers.get(name, ())]

    def rest(self) -> bool:
        """Let everybody rest if many are awake; return whether they do. Between facts only."""
        if len(self) <= _MOST_AWAKE:
            return False
        self._write()
        self.clear()
        return True

    def _write(self) -> None:
        for name, state in self.items():
            row = self._rows.get(name)
            # Whatever changes a state changes where it stands.
            if state.position and (row is None or row[1:3] != (state.position, state.clock_us)):
                self._keep(name, state, dump(state))

    def _keep(self, name: str, state: MemberState, written: bytes) -> None:
        due_us = state.due_us()
        self._rows[name] = StateRow(
            name, state.position, state.clock_us, None if due_us == FOREVER_US else due_us, written
        )
        alarms = () if state.absorbed_by else state.alarms
        timers = [TimerRow(name, a.due_us, a.phase, a.rule, a.key, a.fact) for a in alarms]
        if timers or name in self._timers:
            self._timers[name] = timers
