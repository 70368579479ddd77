"""The plugin under check by itself: an installed one, a file with rules, or the folder of a package."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ...ledger.errors import PluginError, UsageError
from ..answers import said
from ..catalogue import Catalogue, Plugin
from ..discovering import GROUP, UNKNOWN, Found, find_at, find_plugins
from ..loading import load
from . import companion
from .plan import Target


class Loaded(NamedTuple):
    """An imported plugin.

    Attributes:
        catalogue: It, and the companion.
        modules: Its modules.
        files: Its Python files.
        prefix: The name of its topmost module.
    """

    catalogue: Catalogue
    modules: tuple[ModuleType, ...]
    files: tuple[Path, ...]
    prefix: str


def find_target(text: str) -> Target:
    """Return what a user means by a name or a path. Nothing is imported.

    Raises:
        UsageError: neither an installed plugin nor a file or folder with rules.
    """
    names = [found.name for found in find_plugins()]
    if text in names:
        return Target(name=text)
    path = Path(text)
    if path.is_dir() and not (path / "__init__.py").is_file():
        path = _project_module(path.resolve()) or path
    if path.is_dir() or path.suffix == ".py":
        found = find_at(path)
        return Target(name=found.name, path=str(found.path))
    known = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    raise UsageError(
        f"no plugin and no rule file {text!r}", hint=f"installed are {known}; or name a .py file"
    )


def _project_module(folder: Path) -> Path | None:
    """Return the file or folder of the module that a project's entry point names."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        points = sorted(str(point) for point in project["entry-points"][GROUP].values())
    except (OSError, KeyError, TypeError, AttributeError, ValueError):
        return None
    for point in points:
        relative = Path(*point.partition(":")[0].strip().split("."))
        for root in (folder, folder / "src"):
            if (root / relative / "__init__.py").is_file():
                return root / relative
            if (root / relative).with_suffix(".py").is_file():
                return (root / relative).with_suffix(".py")
    return None


def find(target: Target) -> Found:
    """Return the plugin by its files.

    Raises:
        PluginError: it is not installed any more.
    """
    if target.path is not None:
        return find_at(Path(target.path), name=target.name)
    found = next((plugin for plugin in find_plugins() if plugin.name == target.name), None)
    if found is None:
        raise PluginError(f"no plugin {target.name!r} is installed", hint="loyalty rules list")
    return found


def load_alone(found: Found, *, with_installed: bool = False) -> Loaded:
    """Import a plugin, and nothing else that is installed unless a programme may ask for it.

    Raises:
        PluginError: it cannot be imported, or it does not fit the hooks.
    """
    if found.path is not None:
        sys.path.append(str(found.path.parent))
    entries = [(_plugin(found), _imported(found)), (Plugin("~companion", "0", UNKNOWN), companion)]
    if with_installed:
        others = [plugin for plugin in find_plugins() if plugin.name != found.name and not plugin.error]
        entries += [(_plugin(other), _imported(other)) for other in others]
    prefix = found.module if found.is_bundled else found.module.partition(".")[0]
    modules = tuple(
        module for name, module in sorted(sys.modules.items())
        if name == prefix or name.startswith(f"{prefix}.") or name == found.module
    )  # fmt: skip
    own = [place for place in found.places.values() if place.suffix == ".py"]
    own += [Path(module.__file__) for module in modules if module.__file__]
    return Loaded(Catalogue(entries), modules, tuple(sorted({path.resolve() for path in own})), prefix)


def _plugin(found: Found) -> Plugin:
    return Plugin(found.name, found.version, UNKNOWN)


def _imported(found: Found) -> object:
    try:
        return load(found, is_watched=False)
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"plugin {found.name!r} cannot be imported: {type(error).__name__}: {said(error)}",
            at=str(found.path) if found.path else found.module, hint="import it in Python to see where",
        ) from error  # fmt: skip
