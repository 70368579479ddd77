"""The two sides of a member: what it has under what is recorded, and under the candidate."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from msgspec import Struct

from ...ledger.journal import ACCOUNTS, Entry
from ...ledger.projection.folding import Group, Harvest
from ...ledger.views import balances
from ...ledger.views.quarantine import QuarantineRow

Kind = Literal["won", "lost", "otherwise", "same", "aside"]
Measure = Literal["balance", "earned"]
"""What decides who wins: points in all at the end, or what was earned on the way, expired or spent since."""
SIDES = ("recorded", "candidate")


class Standing(Struct, frozen=True, array_like=True):
    """What a member has come to on one side.

    Attributes:
        pending: Points that are not usable yet.
        debt: Points spent beyond all lots, 0 or more.
        accounts: By ``ACCOUNTS``, what each gave (positive) or took.
        entries: How many entries of the journal.
        rules: Points each rule gave or took, in all, by rule@version.
        rungs: Where the member stands, by ladder.
        moves: How many moves on all ladders.
        actions: How many actions rules recommended.
    """

    points: int = 0
    pending: int = 0
    held: int = 0
    debt: int = 0
    accounts: tuple[int, ...] = (0,) * len(ACCOUNTS)
    entries: int = 0
    rules: dict[str, int] = {}
    rungs: dict[str, str] = {}
    moves: int = 0
    actions: int = 0

    @property
    def balance(self) -> int:
        """Points in all: available, pending and held; negative is debt."""
        return self.points + self.pending + self.held

    @property
    def earned(self) -> int:
        """Points issued, whatever has become of them."""
        return self.accounts[0]

    @property
    def outstanding(self) -> int:
        """What is left of all lots: what members may still spend."""
        return self.balance + self.debt


class Aside(Struct, frozen=True, array_like=True):
    """A rule failed on one side: from there on the member was not folded."""

    side: str
    position: int
    rule: str
    error: str


class Compared(Struct, frozen=True, array_like=True):
    """A member on both sides.

    Attributes:
        is_same: Every entry, move, flag and action is the same on both sides, in the same order.
        asides: Where a rule failed; the standings end there and are not to be compared.
    """

    member: str
    recorded: Standing
    candidate: Standing
    is_same: bool
    asides: tuple[Aside, ...] = ()

    def measured(self, by: Measure) -> tuple[int, int]:
        """Return the points that decide, on either side."""
        if by == "earned":
            return self.recorded.earned, self.candidate.earned
        return self.recorded.balance, self.candidate.balance

    def change(self, by: Measure) -> int:
        """Return the points that decide, under the candidate, less those recorded."""
        recorded, candidate = self.measured(by)
        return candidate - recorded

    def kind(self, by: Measure) -> Kind:
        """Return what the candidate means for the member."""
        if self.asides:
            return "aside"
        if self.is_same:
            return "same"
        change = self.change(by)
        return "won" if change > 0 else "lost" if change < 0 else "otherwise"

    def moved(self) -> Iterator[tuple[str, str, str]]:
        """Yield every ladder the member is on, with its rung on either side, '' for none."""
        recorded, candidate = self.recorded.rungs, self.candidate.rungs
        for ladder in sorted({*recorded, *candidate}):
            yield ladder, recorded.get(ladder, ""), candidate.get(ladder, "")


class Side:
    """What grows on one side while a group is folded.

    Attributes:
        asides: Members whom a failing rule set aside.
        clock_us: The latest clock of a member of the group; None while nothing is known.
        facts: How many were folded.
    """

    def __init__(self) -> None:
        self._balances: dict[str, balances.BalanceRow] = {}
        self._rules: dict[str, Counter[str]] = {}
        self._rungs: dict[str, dict[str, str]] = {}
        self._moves: Counter[str] = Counter()
        self._actions: Counter[str] = Counter()
        self._traces: dict[str, int] = {}
        self.asides: dict[str, QuarantineRow] = {}
        self.clock_us: int | None = None
        self.facts = 0

    def add(self, harvest: Harvest) -> None:
        """Take in what grew."""
        self.facts += harvest.facts
        if len(harvest.members) == 1 and harvest.entries:
            self._book(harvest.members[0], harvest.entries)
        elif harvest.entries:
            by_member: dict[str, list[Entry]] = {}
            for entry in harvest.entries:
                by_member.setdefault(entry[0], []).append(entry)
            for member, booked in by_member.items():
                self._book(member, booked)
        # Where the programme stands in the log is no difference.
        for move in harvest.moves:
            self._rungs.setdefault(move.member, {})[move.ladder] = move.rung
            self._moves[move.member] += 1
            self._mark(move.member, move._replace(programme=0))
        for action in harvest.actions:
            self._actions[action.member] += action.settled is None
            self._mark(action.member, action)
        for flag in harvest.flags:
            self._mark(flag.member, flag)
        for state in harvest.states:
            self.clock_us = max(state.clock_us, state.clock_us if self.clock_us is None else self.clock_us)
        self.asides.update((row.member, row) for row in harvest.asides)

    def standing(self, member: str) -> Standing:
        """Return what a member has come to."""
        row = self._balances.get(member)
        if row is None and member not in self._traces:
            return _NOTHING
        if row is None:
            row = balances.fold(member, (), None)
        points, pending, held, debt = row[1:5]
        return Standing(
            points, pending, held, debt, tuple(row[5:13]), row[13], dict(self._rules.get(member, ())),
            self._rungs.get(member, {}), self._moves[member], self._actions[member],
        )  # fmt: skip

    def trace(self, member: str) -> int:
        """Return what is equal on two sides in this process if all rows of the member are."""
        return self._traces.get(member, 0)

    def _book(self, member: str, entries: list[Entry]) -> None:
        self._balances[member] = balances.fold(member, entries, self._balances.get(member))
        rules, trace = self._rules.setdefault(member, Counter()), self._traces.get(member, 0)
        for entry in entries:
            rules[entry[5]] += entry[9] + entry[10] + entry[11]
            trace = hash((trace, entry[:6], entry[7:]))
        self._traces[member] = trace

    def _mark(self, member: str, row: tuple[object, ...]) -> None:
        self._traces[member] = hash((self._traces.get(member, 0), row))


_NOTHING = Standing()


def compared(members: Group, recorded: Side, candidate: Side) -> Iterator[Compared]:
    """Yield every member of a group that was folded on both sides."""
    for member in members:
        asides = tuple(
            Aside(name, row.position, row.rule, row.error)
            for name, side in zip(SIDES, (recorded, candidate), strict=True)
            if (row := side.asides.get(member))
        )
        yield Compared(
            member, recorded.standing(member), candidate.standing(member),
            recorded.trace(member) == candidate.trace(member), asides,
        )  # fmt: skip
