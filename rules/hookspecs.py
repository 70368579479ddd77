"""The contract between the ledger and its plugins. Every hook collects; none is called for each fact."""

from __future__ import annotations

from collections.abc import Iterable

import click
import pluggy

from ..ledger.facts import FactType
from .offering import Ladder, Report, View
from .rule import Rule

PROJECT = "loyalty_ledger"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def loyalty_rules() -> Iterable[type[Rule]]:  # type: ignore[empty-body]
    """Return the rules this plugin offers.

    Called once at start-up, in no promised order: rules sort by stage, priority, label and version, so
    installing a plugin never reorders another's effects.

    A rule is pure: a replay ten years from now must give the same effects. To change a released rule, publish
    ``version + 1`` and keep the old class.

    Returns:
        Zero or more rule classes. Each (name, version) is unique across all plugins.

    Raises:
        PluginError: by the catalogue, before any fact is read, when it is not.
    """


@hookspec
def loyalty_ladders() -> Iterable[Ladder]:  # type: ignore[empty-body]
    """Return ladders whose rungs are known beforehand: the engine refuses a move to any other.

    A rule moves members by ``Move(ladder=NAME, rung=…)``. A ladder that a rule names after its own label
    needs no declaration.

    Returns:
        Zero or more ladders, each with a name that nobody else has.
    """


@hookspec
def loyalty_views() -> Iterable[type[View]]:  # type: ignore[empty-body]
    """Return views: rows that follow from each entry of the journal by itself.

    They are part of every rebuild, digest and check. ``loyalty report NAME`` prints them.

    Returns:
        Zero or more subclasses of ``View``, each with a name that no other view or report has.
    """


@hookspec
def loyalty_reports() -> Iterable[type[Report]]:  # type: ignore[empty-body]
    """Return reports: ``loyalty report NAME``.

    Returns:
        Zero or more subclasses of ``Report``, each with a name that no other view or report has.
    """


@hookspec
def loyalty_commands() -> Iterable[click.Command]:  # type: ignore[empty-body]
    """Return commands: ``loyalty NAME``. Each gets ``--db``, ``--rules-dir`` and ``--json``, too.

    ``click.pass_obj`` hands it the ledger: ``ledger.database.reading()`` opens a connection for reading,
    ``ledger.answer(fields, lines)`` prints one JSON document or lines for people.

    Returns:
        Zero or more click commands, each with a name that no other command has.
    """


@hookspec
def loyalty_fact_types() -> Iterable[type[FactType]]:  # type: ignore[empty-body]
    """Return the types of facts this plugin adds.

    A topic is for ever: fields may be added with a default, any other change is a new topic.

    Returns:
        Zero or more subclasses of ``FactType``, each with a ``topic`` that nobody else has.
    """
