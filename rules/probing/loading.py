"""The plugin under check by itself: an installed one, a file with rules, or the folder of a package."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tomllib
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from ...ledger.errors import PluginError, UsageError
from ..catalogue import GROUP, Catalogue, Plugin
from . import companion
from .plan import Target

_UNSEALED = "0" * 64


class Loaded(NamedTuple):
    """An imported plugin.

    Attributes:
        catalogue: It, and the companion.
        files: Its Python files.
        prefix: The name of its topmost module.
    """

    catalogue: Catalogue
    module: ModuleType
    files: tuple[Path, ...]
    prefix: str


def find_target(text: str) -> Target:
    """Return what a user means by a name or a path. Nothing is imported.

    Raises:
        UsageError: neither an installed plugin nor a file or folder with rules.
    """
    names = sorted({point.name for point in metadata.entry_points(group=GROUP)})
    path = Path(text)
    if text in names and not path.suffix:
        return Target(name=text)
    if path.suffix == ".py" and path.is_file():
        return Target(name=path.stem, path=str(path.resolve()))
    if path.is_dir():
        folder = path.resolve()
        if (folder / "__init__.py").is_file():
            return Target(name=folder.name, path=str(folder))
        module = _project_module(folder)
        if module:
            return Target(name=module.stem if module.suffix else module.name, path=str(module))
        raise UsageError(
            f"no rules in folder {text!r}",
            hint="name a .py file, a package folder, or a project whose pyproject.toml has an entry point",
        )
    known = ", ".join(names[:8]) + (" …" if len(names) > 8 else "")
    raise UsageError(
        f"no plugin and no rule file {text!r}", hint=f"installed are {known}; or name a .py file"
    )


def _project_module(folder: Path) -> Path | None:
    """Return the file or folder of the module that a project's entry point names."""
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        points = project["entry-points"][GROUP]
    except (OSError, KeyError, TypeError, ValueError):
        return None
    for value in sorted(str(point) for point in points.values()):
        relative = Path(*value.partition(":")[0].strip().split("."))
        for root in (folder, folder / "src"):
            if (root / relative / "__init__.py").is_file():
                return root / relative
            if (root / relative).with_suffix(".py").is_file():
                return (root / relative).with_suffix(".py")
    return None


def load(target: Target, *, with_installed: bool = False) -> Loaded:
    """Import a plugin, and nothing else that is installed unless a programme may ask for it.

    Raises:
        PluginError: it cannot be imported, or it does not fit the hooks.
    """
    try:
        module = _installed(target.name) if target.path is None else _from_path(Path(target.path))
    except (Exception, SystemExit) as error:
        raise PluginError(
            f"plugin {target.name!r} cannot be imported: {type(error).__name__}: {error}",
            at=target.path, hint="python -X dev shows the whole traceback",
        ) from error  # fmt: skip
    beside: list[tuple[Plugin, object]] = [(Plugin("~companion", "0", _UNSEALED), companion)]
    if with_installed:
        names = sorted({point.name for point in metadata.entry_points(group=GROUP)} - {target.name})
        beside += [(Plugin(name, "0", _UNSEALED), _installed(name)) for name in names]
    catalogue = Catalogue([(Plugin(target.name, "0", _UNSEALED), module), *beside])
    return Loaded(catalogue, module, _files(module), module.__name__.partition(".")[0])


def _installed(name: str) -> ModuleType:
    points = [point for point in metadata.entry_points(group=GROUP) if point.name == name]
    return importlib.import_module(points[0].module)


def _from_path(path: Path) -> ModuleType:
    folder, name = path.parent, path.stem
    sys.path.append(str(folder))
    if path.is_dir():
        sys.path.insert(0, sys.path.pop())
        return importlib.import_module(path.name)
    if name in sys.modules or name in sys.stdlib_module_names:
        name = f"checked_{name}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"no module in {path}")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _files(module: ModuleType) -> tuple[Path, ...]:
    origin = Path(module.__file__ or "").resolve()
    return tuple(sorted(origin.parent.rglob("*.py"))) if hasattr(module, "__path__") else (origin,)
