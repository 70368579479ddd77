"""Which plugins are installed and what they offer: found once, in an order nobody's disk decides."""

from __future__ import annotations

import hashlib
import importlib.util
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

import pluggy

from ..ledger.errors import LoyaltyError, PluginError
from ..ledger.facts import FactType, Registry
from . import hookspecs
from .answers import said, shown
from .rule import Rule, check_rule, is_fact_type

GROUP = "loyalty_ledger"


class Plugin(NamedTuple):
    """An installed plugin: its entry point's name, its distribution's version, the hash of its code."""

    name: str
    version: str
    fingerprint: str
    error: str | None = None
    """Why it could not be imported, or None."""


class Offer(NamedTuple):
    """A rule and the plugin it comes from."""

    rule: type[Rule]
    plugin: Plugin


class Catalogue:
    """The installed plugins, their rules and their types of facts.

    Attributes:
        plugins: By name; one that cannot be imported has an error and offers nothing.
        offers: Every rule by name and version.
        registry: Every type of fact, the plugins' included.
    """

    def __init__(self, modules: Iterable[tuple[Plugin, object | None]]) -> None:
        self.plugins: dict[str, Plugin] = {}
        self.offers: dict[tuple[str, int], Offer] = {}
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
                hint="plugins/README.md lists every hook and its arguments",
            ) from error

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


def installed() -> Catalogue:
    """Return the catalogue of the plugins installed in this environment.

    Raises:
        PluginError: two distributions use one name, or what they offer clashes.
    """
    points = sorted(set(metadata.entry_points(group=GROUP)), key=lambda point: (point.name, point.value))
    for name, count in Counter(point.name for point in points).items():
        if count > 1:
            raise PluginError(f"{count} installed plugins are named {name!r}", hint="uninstall all but one")
    return Catalogue([_load(point) for point in points])


def _load(point: metadata.EntryPoint) -> tuple[Plugin, object | None]:
    version = point.dist.version if point.dist else "0"
    try:
        fingerprint = fingerprint_of(point.module)
        return Plugin(point.name, version, fingerprint), point.load()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's module may raise anything
        return Plugin(point.name, version, "0" * 64, f"{type(error).__name__}: {said(error)}"), None


def of_modules(modules: Sequence[ModuleType]) -> Catalogue:
    """Return a catalogue of these modules alone, each a plugin under its own last name."""
    named = [(module.__name__.rpartition(".")[2], module) for module in modules]
    return Catalogue([(Plugin(name, "0", fingerprint_of(module.__name__)), module) for name, module in named])


def fingerprint_of(module: str) -> str:
    """Return the SHA-256 over the plugin's Python files: sorted lines of path and hash.

    Raises:
        PluginError: the module has no source file.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        raise PluginError(f"no source file for module {module!r}")
    origin = Path(spec.origin)
    files = sorted(origin.parent.rglob("*.py")) if spec.submodule_search_locations else [origin]
    total = hashlib.sha256()
    for file in files:
        name = file.relative_to(origin.parent).as_posix()
        total.update(f"{name}\0{hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()
