"""Which plugins are installed and what they offer: found once, in an order nobody's disk decides."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

import click
import pluggy

from ..ledger.errors import LoyaltyError, PluginError
from ..ledger.facts import FactType, Registry
from . import hookspecs
from .answers import said, shown
from .discovering import Found, find_at, find_plugins, fingerprint_of
from .loading import load
from .offering import Ladder, Report, View
from .rule import Rule, check_rule, is_fact_type

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")

Pin = tuple[str, str]
"""A plugin's name and fingerprint."""


class Plugin(NamedTuple):
    """A plugin: its entry point's name, its distribution's version, the hash of its code.

    Attributes:
        error: Why it could not be imported, or None.
        is_bundled: Whether it comes with the ledger itself.
        is_trusted: Whether it may be imported; if not it has not been, and offers nothing.
        files: Path and SHA-256 of each of its files; none of bundled plugins.
    """

    name: str
    version: str
    fingerprint: str
    error: str | None = None
    is_bundled: bool = False
    is_trusted: bool = True
    files: Mapping[str, str] = {}


class Offer(NamedTuple):
    """A rule and the plugin it comes from."""

    rule: type[Rule]
    plugin: Plugin


class Catalogue:
    """The installed plugins, their rules and their types of facts.

    Attributes:
        plugins: By name; one that is not trusted or cannot be imported offers nothing.
        offers: Every rule by name and version.
        ladders: Those declared beforehand, by name.
        views: Of plugins, by name.
        reports: Of plugins, by name.
        commands: Of plugins, by name.
        origins: By kind ("view", "report", …) and name, the plugin that offers it.
        registry: Every type of fact, the plugins' included.
    """

    def __init__(self, modules: Iterable[tuple[Plugin, object | None]]) -> None:
        self.plugins: dict[str, Plugin] = {}
        self.offers: dict[tuple[str, int], Offer] = {}
        self.origins: dict[tuple[str, str], str] = {}
        plugged = pluggy.PluginManager(hookspecs.PROJECT)
        plugged.add_hookspecs(hookspecs)
        for plugin, module in sorted(modules, key=lambda pair: pair[0].name):
            self.plugins[plugin.name] = plugin
            if module is not None:
                self._register(plugged, plugin, module)
        kinds: list[type[FactType]] = []
        for name, found in _ask(plugged.hook.loyalty_fact_types):
            for kind in found:
                if not is_fact_type(kind) or "topic" not in kind.__dict__:
                    raise PluginError(
                        f"plugin {name!r} offers {shown(kind)}, which is no FactType with a topic of its own"
                    )
                kinds.append(kind)
        for name, found in _ask(plugged.hook.loyalty_rules):
            for rule in found:
                self._offer(rule, self.plugins[name])
        self.ladders: dict[str, Ladder] = self._named(plugged.hook.loyalty_ladders, Ladder, "ladder")
        self.views: dict[str, type[View]] = self._named(plugged.hook.loyalty_views, View, "view")
        self.reports: dict[str, type[Report]] = self._named(plugged.hook.loyalty_reports, Report, "report")
        self.commands: dict[str, click.Command] = self._named(
            plugged.hook.loyalty_commands, click.Command, "command"
        )
        self.registry = Registry(sorted(kinds, key=lambda kind: kind.topic))

    def _register(self, plugged: pluggy.PluginManager, plugin: Plugin, module: object) -> None:
        try:
            if plugged.has_plugin(plugin.name):
                raise ValueError("another plugin has its name")
            plugged.register(module, name=plugin.name)
            plugged.check_pending()
        except (pluggy.PluginValidationError, ValueError) as error:
            raise PluginError(
                f"plugin {plugin.name!r} does not fit the hooks: {said(error)}",
                hint="plugins/REFERENCE.md lists every hook and its arguments",
            ) from error

    def _named(self, hook: pluggy.HookCaller, kind: type, what: str) -> dict[str, Any]:
        """Return what plugins offer by a hook, by name.

        Raises:
            PluginError: it is something else, has no usable name, or its name is taken.
        """
        found: dict[str, Any] = {}
        for plugin, offered in _ask(hook):
            for each in offered:
                is_kind = issubclass(each, kind) if isinstance(each, type) else isinstance(each, kind)
                name = getattr(each, "name", None)
                if not is_kind or not isinstance(name, str) or not _NAME.fullmatch(name):
                    raise PluginError(
                        f"plugin {plugin!r} offers {shown(each)}, which is no {what} with a name",
                        hint="names are small letters, digits, _ and -",
                    )
                if name in found:
                    raise PluginError(
                        f"plugin {plugin!r} offers the {what} {name!r}, which another offers, too",
                        hint="uninstall one of them, or choose another name",
                    )
                found[name] = each
                self.origins[what, name] = plugin
        return found

    def views_fingerprint(self) -> str:
        """Return what changes when a plugin's view or its code does; '' if there is none."""
        if not self.views:
            return ""
        named = [
            f"{name} {self.plugins[self.origins['view', name]].fingerprint}" for name in sorted(self.views)
        ]
        return hashlib.sha256("\n".join(named).encode()).hexdigest()

    def _offer(self, rule: type[Rule], plugin: Plugin) -> None:
        try:
            check_rule(rule)
        except PluginError as error:
            raise PluginError(error.what, at=f"plugin {plugin.name}", hint=error.hint) from error
        key = (rule.name, rule.version)
        if key in self.offers:
            raise PluginError(
                f"two plugins offer rule {rule.name!r} version {rule.version}: "
                f"{self.offers[key].plugin.name!r} and {plugin.name!r}",
                hint="uninstall one of them, or give the rule another name",
            )
        self.offers[key] = Offer(rule, plugin)

    def latest(self, name: str) -> int | None:
        """Return the highest installed version of a rule, or None."""
        return max((version for rule, version in self.offers if rule == name), default=None)


def _ask(hook: pluggy.HookCaller) -> list[tuple[str, list[Any]]]:
    """Call each plugin's implementation by itself, so that a fault names its plugin."""
    answers = []
    for impl in sorted(hook.get_hookimpls(), key=lambda impl: impl.plugin_name):
        try:
            answers.append((impl.plugin_name, list(cast(Iterable[Any], impl.function() or ()))))
        except LoyaltyError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"plugin {impl.plugin_name!r} failed in {hook.name}(): {type(error).__name__}: {said(error)}"
            ) from error
    return answers


def installed(trusted: Collection[Pin] | None = None, *, folder: Path | None = None) -> Catalogue:
    """Return the catalogue of the plugins there are.

    Args:
        trusted: Name and fingerprint of the plugins that may be imported beside the bundled ones. None
            imports all of them: for authors, whose own code is tried.
        folder: With rules of the operator's own.

    Raises:
        PluginError: two distributions use one name, or what they offer clashes.
        UsageError: no such folder.
    """
    return Catalogue([_entry(found, trusted) for found in find_plugins(folder)])


def of_files(paths: Iterable[Path], *, with_installed: bool = True) -> Catalogue:
    """Return a catalogue with these rule files and package folders beside the installed plugins.

    An installed plugin of the same name gives way.

    Raises:
        UsageError: one of them is no plugin.
    """
    named = {found.name: found for found in (find_plugins() if with_installed else ())}
    named |= {found.name: found for found in map(find_at, paths)}
    return Catalogue([_entry(found, None) for found in named.values()])


def _entry(found: Found, trusted: Collection[Pin] | None) -> tuple[Plugin, object | None]:
    plugin = Plugin(
        found.name, found.version, found.fingerprint, found.error, found.is_bundled, files=found.files
    )
    if trusted is not None and not found.is_bundled and (found.name, found.fingerprint) not in trusted:
        return plugin._replace(is_trusted=False), None
    if found.error:
        return plugin, None
    try:
        return plugin, load(found, is_watched=trusted is not None)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module may raise anything
        return plugin._replace(error=f"{type(error).__name__}: {said(error)}"), None


def of_modules(modules: Sequence[ModuleType]) -> Catalogue:
    """Return a catalogue of these modules alone, each a plugin under its own last name."""
    named = [(module.__name__.rpartition(".")[2], module) for module in modules]
    return Catalogue([(Plugin(name, "0", fingerprint_of(module.__name__)), module) for name, module in named])
