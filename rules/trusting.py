"""Whose code may run: what operators have accepted, recorded as facts, and what has changed since."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection

from ..ledger.errors import HistoryError, LoyaltyError, PluginError
from ..ledger.facts import Fact, FactType, Registry
from ..ledger.facts.programme import PinnedPlugin, PluginsTrusted, ProgrammeActivated
from ..ledger.store.database import Database
from ..ledger.store.reading import head_of, programme_facts
from .catalogue import Catalogue, Pin, Plugin, installed
from .discovering import find_plugins

_TOPICS = frozenset({PluginsTrusted.topic, ProgrammeActivated.topic})


def pinned_plugins(facts: Iterable[Fact[Any]]) -> list[PinnedPlugin]:
    """Return every plugin that facts about the programme pin, in their order."""
    return [
        pinned
        for fact in facts
        if isinstance(fact.data, (PluginsTrusted, ProgrammeActivated))
        for pinned in fact.data.plugins
    ]


def trusted_in(facts: Iterable[Fact[Any]]) -> frozenset[Pin]:
    """Return name and fingerprint of every plugin that may be imported under these facts."""
    return frozenset((pinned.plugin, pinned.fingerprint) for pinned in pinned_plugins(facts))


def pins_of(connection: Connection) -> list[PinnedPlugin]:
    """Return every plugin a ledger pins, in the order of positions. No plugin is needed to read them.

    Raises:
        HistoryError: a stored fact cannot be read.
    """
    decoders = Registry().fact_decoders()
    rows = programme_facts(connection, head_of(connection).position)
    facts: list[Fact[FactType]] = []
    for row in rows:
        if row.topic in _TOPICS:
            try:
                facts.append(decoders[row.topic](row.state))
            except (msgspec.DecodeError, UnicodeDecodeError) as error:
                raise HistoryError(
                    f"stored fact cannot be read: {error}", at=f"position {row.position}",
                    hint="loyalty audit verify",
                ) from error  # fmt: skip
    return pinned_plugins(facts)


def trusted_catalogue(trusted: frozenset[Pin], folder: Path | None) -> Catalogue:
    """Return the catalogue of the bundled and the trusted plugins.

    Raises:
        PluginError, UsageError: as :func:`.catalogue.installed`.
    """
    return installed(trusted, folder=folder)


def catalogue_for(database: Database | None, folder: Path | None) -> Catalogue:
    """Return the catalogue of the plugins a ledger trusts.

    Args:
        database: The ledger; None: nothing but the bundled plugins is trusted.
        folder: With rules of the operator's own.

    Raises:
        PluginError, UsageError: as :func:`.catalogue.installed`.
    """
    trusted: frozenset[Pin] = frozenset()
    if database is not None:
        try:
            with database.reading() as connection:
                trusted = frozenset((pin.plugin, pin.fingerprint) for pin in pins_of(connection))
        except LoyaltyError:
            pass  # no ledger yet, or one that cannot be read: nobody is trusted
    return trusted_catalogue(trusted, folder)


def chosen_catalogue(names: Collection[str], folder: Path | None, trusted: Collection[Pin] = ()) -> Catalogue:
    """Return the catalogue in which, on the operator's word, these plugins are trusted, too.

    Raises:
        PluginError: one of them is not there or cannot be imported.
    """
    found = {plugin.name: plugin for plugin in find_plugins(folder)}
    chosen = {(name, found[name].fingerprint) for name in names if name in found}
    catalogue = installed({*trusted, *chosen}, folder=folder)
    for name in names:
        plugin = catalogue.plugins.get(name)
        if plugin is None or plugin.error:
            raise PluginError(
                f"plugin {name!r} "
                + (f"cannot be imported: {plugin.error}" if plugin else "is not installed"),
                hint="loyalty rules list shows the plugins",
            )
    return catalogue


def catalogue_with(database: Database, names: Collection[str], folder: Path | None) -> Catalogue:
    """Return the catalogue in which these plugins are trusted beside those of a ledger, unrecorded.

    Raises:
        PluginError: one of them is not there or cannot be imported.
    """
    with database.reading() as connection:
        trusted = {(pinned.plugin, pinned.fingerprint) for pinned in pins_of(connection)}
    return chosen_catalogue(names, folder, trusted)


def pin(plugin: Plugin) -> PinnedPlugin:
    """Return what facts say of a plugin: its code by its hash, and file by file if it is not bundled."""
    return PinnedPlugin(
        plugin=plugin.name, version=plugin.version, fingerprint=plugin.fingerprint, files=dict(plugin.files)
    )


class Drift(NamedTuple):
    """How the code of a plugin stands to what the ledger accepted last.

    Attributes:
        plugin: Its name.
        state: "same", "altered", "missing", "new" (never accepted) or "broken".
        recorded: Version and fingerprint accepted last, or None.
        found: Version and fingerprint there are, or None.
        added: Files there were not.
        removed: Files there are no more.
        changed: Files with other content.
        error: Why it cannot be imported, or None.
    """

    plugin: str
    state: str
    recorded: tuple[str, str] | None
    found: tuple[str, str] | None
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    error: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return self._asdict()

    def lines(self) -> list[str]:
        """Return it for people."""
        versions = [f"{version} {code[:12]}…" for version, code in filter(None, (self.recorded, self.found))]
        lines = [f"{self.state:<8} {self.plugin:<20} {' → '.join(dict.fromkeys(versions))}"]
        for word, files in (("added", self.added), ("removed", self.removed), ("changed", self.changed)):
            lines += [f"           {word:<8} {file}" for file in files]
        return [*lines, f"           {self.error}"] if self.error else lines


def drift(catalogue: Catalogue, pins: Sequence[PinnedPlugin]) -> list[Drift]:
    """Return how every plugin stands that is pinned, or that does not come with the ledger; by name."""
    last = {pinned.plugin: pinned for pinned in pins}
    strangers = {plugin.name for plugin in catalogue.plugins.values() if not plugin.is_bundled}
    return [_drift(name, last.get(name), catalogue.plugins.get(name)) for name in sorted({*last, *strangers})]


def _drift(name: str, pinned: PinnedPlugin | None, plugin: Plugin | None) -> Drift:
    recorded = (pinned.version, pinned.fingerprint) if pinned else None
    if plugin is None:
        return Drift(name, "missing", recorded, None)
    found = (plugin.version, plugin.fingerprint)
    if plugin.error:
        return Drift(name, "broken", recorded, found, error=plugin.error)
    if pinned is None:
        return Drift(name, "new", None, found)
    before: Mapping[str, str] = pinned.files
    return Drift(
        name, "altered" if pinned.fingerprint != plugin.fingerprint else "same", recorded, found,
        added=tuple(sorted(plugin.files.keys() - before.keys())) if before else (),
        removed=tuple(sorted(before.keys() - plugin.files.keys())) if plugin.files else (),
        changed=tuple(
            sorted(file for file in before.keys() & plugin.files.keys() if before[file] != plugin.files[file])
        ),
    )  # fmt: skip
