"""Budgets shared by all members: granted beforehand, in position order, from fact and parameters alone.

Members are folded one by one and in any order, so no fold can know what others have used. What a rule may
give therefore reaches it as data: before the fold, every fact that claims something of a budget is looked at,
in the order of the log, and gets what is left. A return gives nothing back to a budget.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import nullcontext
from typing import TYPE_CHECKING

from ..ledger.errors import HaltError, PluginError
from ..ledger.facts import Fact, FactType
from ..ledger.fold import Grants
from ..ledger.units import INT64_MAX
from .answers import said, shown, whole
from .rule import Rule

if TYPE_CHECKING:
    from .compile import History, Programme


def claiming(programmes: Iterable[Programme]) -> frozenset[str]:
    """Return the topics whose facts may claim something of a budget."""
    return frozenset(topic for programme in programmes for topic in programme.claims)


def grant(history: History, grants: Grants, fact: Fact[FactType]) -> None:
    """Give a fact what is left of the budgets it claims; facts come in the order of their positions.

    Args:
        history: Tells which programme governs it.
        grants: Given so far; the fact's are added. One that has had its turn gets nothing more.
        fact: Any fact.
    """
    if fact.position <= grants.position:
        return
    grants.position = fact.position
    programme = history.governing(fact.position, fact.occurred_us)
    if programme is None:
        return
    for label in programme.claims.get(fact.topic, ()):
        left = programme.budgets[label] - grants.used.get(label, 0)
        if left <= 0:
            # Whether a claim fails that could get nothing must not depend on where reading stopped.
            continue
        rule, guard = programme.rules[label], programme.guards.get(label)
        try:
            with nullcontext(fact) if guard is None else guard.asking(fact) as seen:
                wanted = whole(rule.claim(seen, programme.currency), "claim")
        except HaltError:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's code may raise anything; it fails in the fold
            grants.given.setdefault(fact.position, {})[label] = f"{type(error).__name__}: {said(error)}"
            continue
        granted = min(wanted, left)
        if granted:
            grants.used[label] = grants.used.get(label, 0) + granted
            grants.given.setdefault(fact.position, {})[label] = granted


def is_spent(history: History, grants: Grants) -> bool:
    """Return whether nothing can be granted any more."""
    return all(
        grants.used.get(label, 0) >= programme.budgets[label]
        for programme in history.programmes
        for labels in programme.claims.values()
        for label in labels
    )


def budget_of(rule: Rule) -> int | None:
    """Return how much a rule says there is for all members together, None if it has no budget.

    Raises:
        PluginError: it does not say.
    """
    who = f"rule {rule.name!r} version {rule.version}"
    try:
        budget = rule.budget()
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"{who} failed in budget(): {type(error).__name__}: {said(error)}", hint="mend the rule"
        ) from error
    if budget is None or (type(budget) is int and 0 <= budget <= INT64_MAX):
        return budget
    raise PluginError(
        f"{who} answered budget() {shown(budget)}, not a whole number from 0 to {INT64_MAX}",
        hint="answer None where there is no budget",
    )


def claimants(labels: Iterable[tuple[str, Iterable[str]]]) -> dict[str, tuple[str, ...]]:
    """Return by topic the labels of the rules with a budget that listen to it.

    Args:
        labels: Of each rule with a budget, and the topics it listens to.
    """
    found: dict[str, list[str]] = {}
    for label, topics in labels:
        for topic in topics:
            found.setdefault(topic, []).append(label)
    return {topic: tuple(labels) for topic, labels in found.items()}
