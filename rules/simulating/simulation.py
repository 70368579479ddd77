"""The answer of a simulation: sums, counts and the members who stand out, as numbers."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from ...ledger.calendar import rfc3339
from ...ledger.journal import ACCOUNTS
from .comparing import SIDES, Aside, Compared, Measure, Standing
from .distribution import Bin
from .worth import PointWorth

Pair = list[int]
"""A number under what is recorded, and under the candidate."""
EARNED = "earned"
MEASURES: dict[Measure, str] = {"balance": "points in all", "earned": "points earned"}
ROWS = (EARNED, *ACCOUNTS[1:], "outstanding", "debt")
"""The accounts, what is left of all lots, and what members have spent beyond them."""


@dataclass(kw_only=True)
class Totals:
    """Sums over all members but those set aside.

    Attributes:
        points: By one of ``ROWS``; what an account took is negative.
        rules: Points each rule gave or took, in all, by rule@version.
        earned: How many members earn more under the candidate, and how many less.
        in_debt: How many members have a debt.
        newly_in_debt: How many of them only under the candidate.
        rungs: How many members, by ladder and the rungs they have on either side, '' for none.
        moves: How many moves on all ladders.
        actions: How many recommended actions.
        entries: How many entries of the journal.
    """

    members: int = 0
    points: dict[str, Pair] = field(default_factory=lambda: {name: [0, 0] for name in ROWS})
    rules: dict[str, Pair] = field(default_factory=dict)
    earned: Pair = field(default_factory=lambda: [0, 0])
    in_debt: Pair = field(default_factory=lambda: [0, 0])
    newly_in_debt: int = 0
    rungs: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    moves: Pair = field(default_factory=lambda: [0, 0])
    actions: Pair = field(default_factory=lambda: [0, 0])
    entries: Pair = field(default_factory=lambda: [0, 0])

    def add(self, found: Compared) -> None:
        """Count a member."""
        if found.asides:
            return
        self.members += 1
        for side, standing in enumerate((found.recorded, found.candidate)):
            for name, points in figures(standing).items():
                self.points[name][side] += points
            for rule, points in standing.rules.items():
                self.rules.setdefault(rule, [0, 0])[side] += points
            self.in_debt[side] += standing.debt > 0
            self.moves[side] += standing.moves
            self.actions[side] += standing.actions
            self.entries[side] += standing.entries
        more = found.change("earned")
        self.earned[0] += more > 0
        self.earned[1] += more < 0
        self.newly_in_debt += found.candidate.debt > 0 >= found.recorded.debt
        self.rungs.update(found.moved())


def figures(standing: Standing) -> dict[str, int]:
    """Return a member's numbers by ``ROWS``."""
    accounts = standing.accounts
    return dict(zip(ROWS, (*accounts, standing.outstanding, standing.debt), strict=True))


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What a simulation rests on.

    Attributes:
        position: Of the last fact.
        root: Of the hash tree over all facts.
        clock_us: The latest clock of a member who was folded; None: of nobody.
        facts: How many were folded, on each side.
        known: How many members the ledger has, if only a sample was asked for.
        fingerprints: Of the rules on both sides.
    """

    ledger: str
    position: int
    root: str
    clock_us: int | None
    facts: int
    known: int | None
    fingerprints: tuple[str, str]

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "ledger": self.ledger, "position": self.position, "root": self.root,
            "clock": None if self.clock_us is None else rfc3339(self.clock_us), "facts": self.facts,
            "fingerprints": dict(zip(SIDES, self.fingerprints, strict=True)),
        }  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Simulation:
    """What the candidate would have meant.

    Attributes:
        candidate: Its name.
        recorded: The names of the programmes it stands beside, in the order of their activations.
        since_us: From when it governs; None: from the beginning of time.
        only: The members asked for, or None; sample: how many were drawn, or None.
        by: What decides who wins.
        kinds: How many members of each kind.
        unheard: Facts that a recorded rule listens to, but none of the candidate: how many, by topic.
        winners: Those who win most; losers, asides: likewise.
    """

    candidate: str
    recorded: tuple[str, ...]
    since_us: int | None
    only: int | None
    sample: int | None
    by: Measure
    totals: Totals
    kinds: dict[str, int]
    worth: PointWorth | None
    unheard: dict[str, int]
    winners: list[Compared]
    losers: list[Compared]
    asides: list[Compared]
    bins: list[Bin]
    ground: Ground

    @property
    def members(self) -> int:
        """How many members are reported, those set aside included."""
        return sum(self.kinds.values())

    @property
    def is_same(self) -> bool:
        """Nothing changes for anybody."""
        return self.kinds.get("same", 0) == self.members

    def fields(self) -> dict[str, Any]:
        """Return it for programs; the keys are an interface."""
        totals = self.totals
        return {
            "candidate": self.candidate, "recorded": list(self.recorded),
            "since": None if self.since_us is None else rfc3339(self.since_us),
            "asked_members": self.only, "sample": self.sample, "known_members": self.ground.known,
            "by": self.by, "is_same": self.is_same,
            "members": self.members, "set_aside": self.kinds.get("aside", 0),
            **{kind: self.kinds.get(kind, 0) for kind in ("won", "lost", "otherwise", "same")},
            "earn_more": totals.earned[0], "earn_less": totals.earned[1],
            "totals": {name: both(pair) for name, pair in totals.points.items()},
            "liability_minor": self._liability(),
            "rules": {rule: both(pair) for rule, pair in sorted(totals.rules.items())},
            "entries": both(totals.entries), "moves": both(totals.moves), "actions": both(totals.actions),
            "in_debt": {**both(totals.in_debt), "newly": totals.newly_in_debt},
            "ladders": [
                {"ladder": ladder, "recorded": old, "candidate": new, "members": members}
                for (ladder, old, new), members in sorted(totals.rungs.items())
            ],
            "unheard": self.unheard,
            "winners": [member_fields(row, self.by) for row in self.winners],
            "losers": [member_fields(row, self.by) for row in self.losers],
            "asides": [{"member": row.member, **aside_fields(row.asides)} for row in self.asides],
            "distribution": [found.fields() for found in self.bins],
            "footer": self.ground.fields(),
        }  # fmt: skip

    def _liability(self) -> dict[str, Any] | None:
        if self.worth is None:
            return None
        minor = [self.worth.minor(points) for points in self.totals.points["outstanding"]]
        return {**both(minor), "currency": self.worth.currency, "point_value": self.worth.fields()}


def both(pair: Pair) -> dict[str, int]:
    """Return two numbers and their difference for programs."""
    return {"recorded": pair[0], "candidate": pair[1], "difference": pair[1] - pair[0]}


def member_fields(row: Compared, by: Measure) -> dict[str, Any]:
    """Return a member for programs: both sides of every number."""
    recorded, candidate = row.recorded, row.candidate
    names = ("balance", "points", "pending", "held")
    pairs = {name: [getattr(recorded, name), getattr(candidate, name)] for name in names}
    for name, points in figures(recorded).items():
        pairs[name] = [points, figures(candidate)[name]]
    rules = sorted({*recorded.rules, *candidate.rules})
    return {
        "member": row.member, "kind": row.kind(by), "change": row.change(by),
        **{name: both(pair) for name, pair in pairs.items()},
        "entries": both([recorded.entries, candidate.entries]),
        "rules": {rule: both([recorded.rules.get(rule, 0), candidate.rules.get(rule, 0)]) for rule in rules},
        "ladders": {ladder: {"recorded": old, "candidate": new} for ladder, old, new in row.moved()},
        "moves": both([recorded.moves, candidate.moves]),
        "actions": both([recorded.actions, candidate.actions]),
        "set_aside": aside_fields(row.asides) or None,
    }  # fmt: skip


def aside_fields(asides: tuple[Aside, ...]) -> dict[str, Any]:
    """Return on which sides a rule failed for a member, and where."""
    return {a.side: {"position": a.position, "rule": a.rule, "error": a.error} for a in asides}
