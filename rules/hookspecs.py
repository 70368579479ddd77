"""The contract between the ledger and its plugins. Every hook collects; none is called for each fact."""

from __future__ import annotations

from collections.abc import Iterable

import pluggy

from ..ledger.facts import FactType
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
def loyalty_fact_types() -> Iterable[type[FactType]]:  # type: ignore[empty-body]
    """Return the types of facts this plugin adds.

    A topic is for ever: fields may be added with a default, any other change is a new topic.

    Returns:
        Zero or more subclasses of ``FactType``, each with a ``topic`` that nobody else has.
    """
