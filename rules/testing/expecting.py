"""What a test expects of the rules. A field that is not named may be anything; a reason may be a part of it.

Rules are named by their labels. Times are written as everywhere in tests, in the programme's zone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...ledger.calendar import FOREVER_US, Zone
from .outcome import INSTANTS, Outcome, worded

NEVER = "never"


@dataclass(frozen=True)
class Expected:
    """One thing a test expects: its kind, and what is said of it."""

    kind: str
    fields: Mapping[str, Any]

    def matches(self, outcome: Outcome, zone: Zone) -> bool:
        """Return whether an outcome is what was expected."""
        return outcome.kind == self.kind and all(
            _agrees(name, expected, outcome.fields.get(name), zone) for name, expected in self.fields.items()
        )

    def line(self) -> str:
        """Return it in words."""
        return worded(self.kind, self.fields)


def _agrees(name: str, expected: Any, found: Any, zone: Zone) -> bool:
    if name == "reason":
        return expected in (found or "")
    if name in INSTANTS:
        until_us = FOREVER_US if expected == NEVER else zone.read_us(expected)
        return bool(until_us == (FOREVER_US if found is None else found))
    if name in {"pending", "held"} and found is None:
        return bool(expected == 0)
    return bool(expected == found)


def _expected(kind: str, member: str, **fields: Any) -> Expected:
    return Expected(
        kind, {"member": member, **{name: value for name, value in fields.items() if value is not None}}
    )


def accrued(
    member: str, points: int, by: str | None = None, *, reason: str | None = None,
    usable: str | None = None, expires: str | None = None,
) -> Expected:  # fmt: skip
    """Expect points given, as one new lot; ``usable`` where they are pending; ``expires`` may be "never"."""
    return _expected("accrued", member, points=points, by=by, reason=reason, usable=usable, expires=expires)


def spent(member: str, points: int, by: str | None = None, *, reason: str | None = None) -> Expected:
    """Expect points spent; of what came from several lots each is its own."""
    return _expected("spent", member, points=points, by=by, reason=reason)


def expired(member: str, points: int, by: str | None = None, *, reason: str | None = None) -> Expected:
    """Expect what was left of a lot to expire."""
    return _expected("expired", member, points=points, by=by, reason=reason)


def taken_back(member: str, points: int, by: str | None = None, *, reason: str | None = None) -> Expected:
    """Expect points taken back, by a return or a retraction."""
    return _expected("taken_back", member, points=points, by=by, reason=reason)


def booked(
    member: str, by: str | None = None, *, available: int = 0, pending: int = 0, held: int = 0,
    account: str | None = None, reason: str | None = None,
) -> Expected:  # fmt: skip
    """Expect any other entry, by the points it moves: those that can be spent, pending ones, held ones.

    ::

        booked("ann", pending=-7, available=7)             # pending points became usable
        booked("ann", available=-5, account="transferred")
    """
    parts = {"available": available, "pending": pending, "held": held}
    moved = {name: f"{points:+}" for name, points in parts.items() if points}
    return _expected("booked", member, by=by, account=account, reason=reason, **moved)


def moved(
    member: str, rung: str, ladder: str | None = None, *, by: str | None = None, reason: str | None = None
) -> Expected:
    """Expect a move to another rung of a ladder."""
    return _expected("moved", member, rung=rung, ladder=ladder, by=by, reason=reason)


def flagged(member: str, flag: str, by: str | None = None, *, reason: str | None = None) -> Expected:
    """Expect a remark that a person should see."""
    return _expected("flagged", member, flag=flag, by=by, reason=reason)


def recommended(
    member: str, action: str, by: str | None = None, *, due: str | None = None, reason: str | None = None
) -> Expected:
    """Expect something recommended that a person should do."""
    return _expected("recommended", member, action=action, by=by, due=due, reason=reason)


def settled(member: str, action: str, by: str | None = None, *, reason: str | None = None) -> Expected:
    """Expect that a rule says of what it recommended: it is done."""
    return _expected("settled", member, action=action, by=by, reason=reason)


def not_qualified(member: str, reason: str, by: str | None = None) -> Expected:
    """Expect a reason why a rule gave nothing."""
    return _expected("not_qualified", member, by=by, reason=reason)


def noted(member: str, reason: str, by: str | None = None) -> Expected:
    """Expect a step of the arithmetic."""
    return _expected("noted", member, by=by, reason=reason)


def balance(member: str, points: int, *, pending: int | None = None, held: int | None = None) -> Expected:
    """Expect so many points in the end; negative is debt."""
    return _expected("balance", member, points=points, pending=pending, held=held)


def timer(member: str, key: str, by: str | None = None, *, due: str | None = None) -> Expected:
    """Expect a timer that a rule has set and that has not fired."""
    return _expected("timer", member, key=key, by=by, due=due)
