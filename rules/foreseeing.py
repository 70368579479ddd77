"""Asking the rules of the programme in force what lies ahead of a member."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from ..ledger.calendar import FOREVER_US
from ..ledger.errors import HaltError, LoyaltyError, RuleError
from ..ledger.reports.member import member_clock
from .answers import said
from .catalogue import Catalogue
from .compile import Programme
from .deciding.standing import kept_states
from .engine import Engine
from .governing import make_engine
from .member import Member
from .outlook import Foresees, Outlook
from .rule import Rule


class Ahead(Struct, frozen=True):
    """An outlook on a ladder, as reports show it."""

    ladder: str
    outlook: Outlook
    currency: str

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"ladder": self.ladder, "currency": self.currency, **self.outlook.fields()}

    def lines(self) -> list[str]:
        """Return it for people."""
        return self.outlook.told(self.currency)


def outlooks(connection: Connection, catalogue: Callable[[], Catalogue], member: str) -> list[Ahead]:
    """Return what lies ahead of a member on each ladder, by what the live views hold of it.

    Nothing where that is not known: nothing is booked yet, the member is set aside or absorbed by another,
    the views are of other rules, or the plugins are not those of the history.

    Args:
        connection: Of a reading.
        catalogue: Finds the installed plugins.
        member: Whom.

    Raises:
        RuleError: a rule failed.
    """
    try:
        engine = make_engine(connection, catalogue())
        states, _ = kept_states(connection, (member,), engine)
    except LoyaltyError:
        return []
    if member not in states:
        return []
    clock_us = member_clock(connection, member)
    return ahead_of(engine, member, states, -FOREVER_US if clock_us is None else clock_us)


def ahead_of(engine: Engine, member: str, states: Mapping[str, bytes], clock_us: int) -> list[Ahead]:
    """Return what lies ahead of a member on each ladder of the programme in force, by label.

    Args:
        engine: The fold the states are of.
        member: Whom.
        states: The member's, and perhaps others'.
        clock_us: The latest instant that has passed, if it is later than the member's own.

    Raises:
        RuleError: a rule failed.
    """
    state = engine.group((member,), states).state_kept(member)
    now_us = max(state.clock_us, clock_us)
    programme = engine.history.governing(FOREVER_US, now_us)
    if programme is None or now_us == -FOREVER_US or state.absorbed_by:
        return []
    view = Member(member, state, programme.zone, programme.currency, lambda _: None)
    return [
        Ahead(label, _asked(rule, label, view, programme, now_us), programme.currency)
        for label, rule in sorted(programme.rules.items()) if isinstance(rule, Foresees)
    ]  # fmt: skip


def _asked(rule: Rule, label: str, view: Member, programme: Programme, now_us: int) -> Outlook:
    view.rule, view._keeps = label, programme.keeps[label]
    guard, today = programme.guards.get(label), programme.zone.local_date(now_us)
    try:
        with nullcontext(view) if guard is None else guard.asking(view) as seen:
            found: Outlook = rule.outlook(seen, today)  # type: ignore[attr-defined]
    except HaltError:
        raise
    except Exception as error:
        what = f"rule {label} failed to look ahead: {type(error).__name__}: {said(error)}"
        raise RuleError(what, rule=label, at=f"member {view.id!r}") from error
    return found
