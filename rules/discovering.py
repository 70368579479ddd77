"""Which plugins there are: found by their files, and none of them imported.

A plugin is an installed package with an entry point in the group ``loyalty_ledger``, or one file (or package
folder) in a folder the operator names. Its fingerprint is the SHA-256 over the sorted paths and hashes of its
files: those its distribution lists, and those the import would find. What installers write about a
distribution and Python's caches are left out, so the same code has the same fingerprint on every machine.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from importlib import metadata
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import NamedTuple

from ..ledger.errors import PluginError, UsageError
from .answers import said

GROUP = "loyalty_ledger"
DISTRIBUTION = "loyalty-ledger"
_BUNDLED = "loyalty_ledger.plugins."
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
UNKNOWN = "0" * 64
"""Fingerprint of a plugin whose files cannot be read."""


class Found(NamedTuple):
    """A plugin that is there, by its files.

    Attributes:
        name: Of its entry point, or of its file.
        version: Of its distribution; "0" for a file.
        fingerprint: SHA-256 over its files.
        files: Path and the file's SHA-256. A path is relative to where imports are looked up.
        module: What is to be imported.
        attribute: Of the module, "" for the module itself.
        path: The file or folder, when it is not installed; None otherwise.
        places: By path in *files*, where the file is.
        error: Why it cannot be used, or None.
        is_bundled: Whether it comes with the ledger itself.
    """

    name: str
    version: str
    fingerprint: str
    files: Mapping[str, str]
    module: str
    attribute: str = ""
    path: Path | None = None
    places: Mapping[str, Path] = {}
    error: str | None = None
    is_bundled: bool = False


def find_plugins(folder: Path | None = None) -> list[Found]:
    """Return every plugin there is, sorted by name. Nothing is imported.

    Args:
        folder: With rules of the operator's own, each a file or a package folder; None: what is installed.

    Raises:
        PluginError: two plugins have one name.
        UsageError: *folder* is none.
    """
    points = sorted(set(metadata.entry_points(group=GROUP)), key=lambda point: (point.name, point.value))
    found = [_installed(point) for point in points]
    if folder is not None:
        found += _in_folder(folder)
    for name, count in Counter(plugin.name for plugin in found).items():
        if count > 1:
            raise PluginError(f"{count} installed plugins are named {name!r}", hint="uninstall all but one")
    return sorted(found, key=lambda plugin: plugin.name)


def _installed(point: metadata.EntryPoint) -> Found:
    version = point.dist.version if point.dist else "0"
    is_bundled = point.module.startswith(_BUNDLED) and _distribution(point) == DISTRIBUTION
    found = Found(point.name, version, UNKNOWN, {}, point.module, point.attr or "", is_bundled=is_bundled)
    try:
        if is_bundled:
            return found._replace(fingerprint=fingerprint_of(point.module))
        places = dict(_recorded(point)) | dict(_importable(point.module))
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a stranger's import hook may raise anything
        return found._replace(error=f"{type(error).__name__}: {said(error)}")
    return _hashed(found, places, f"entry point {point.value}")


def _distribution(point: metadata.EntryPoint) -> str:
    return re.sub(r"[-_.]+", "-", point.dist.name).lower() if point.dist else ""


def find_at(path: Path, *, name: str | None = None) -> Found:
    """Return the plugin that a Python file or a package folder is.

    Raises:
        UsageError: it is neither, or its name is no plugin's.
    """
    inside = path / "__init__.py" if path.is_dir() else path
    name = name or (path.name if path.is_dir() else path.stem)
    if not inside.is_file() or inside.suffix != ".py":
        raise UsageError(f"{str(path)!r} is no Python file and no package", hint="name a .py file")
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} cannot be a plugin's name", at=str(path), hint="use small letters, digits and _"
        )
    top = f"{name}/" if path.is_dir() else ""
    files = dict(_walk(path, top)) if path.is_dir() else {path.name: path}
    found = Found(name, "0", UNKNOWN, {}, f"loyalty_rules_{name}", path=path.resolve())
    return _hashed(found, files, f"file {top}{inside.name}")


def _in_folder(folder: Path) -> Iterator[Found]:
    if not folder.is_dir():
        raise UsageError(f"no folder {str(folder)!r}", at="--rules-dir", hint="name a folder with rule files")
    for path in sorted(folder.iterdir()):
        is_package = (path / "__init__.py").is_file()
        if (is_package or path.suffix == ".py") and not path.name.startswith("_") and not is_for_tests(path):
            yield find_at(path)


def is_for_tests(path: Path) -> bool:
    """Return whether a Python file only serves tests or packaging: no rule needs it to run."""
    return path.name.startswith("test_") or path.name in {"conftest.py", "setup.py", "noxfile.py"}


def _hashed(found: Found, places: Mapping[str, Path], opening: str) -> Found:
    total = hashlib.sha256(f"{opening}\n".encode())
    files = {}
    try:
        for name in sorted(places):
            files[name] = hashlib.sha256(places[name].read_bytes()).hexdigest()
            total.update(f"{name}\0{files[name]}\n".encode())
    except OSError as error:
        return found._replace(error=f"{type(error).__name__}: {said(error)}")
    if not files:
        return found._replace(error="it has no files")
    return found._replace(fingerprint=total.hexdigest(), files=files, places=dict(places))


def _recorded(point: metadata.EntryPoint) -> Iterator[tuple[str, Path]]:
    """Yield the files the distribution lists and has."""
    for file in (point.dist.files if point.dist else None) or ():
        name = file.as_posix()
        path = Path(str(file.locate()))
        is_code = not name.startswith(("../", "/")) and ".dist-info/" not in name and ".egg-info/" not in name
        if is_code and "__pycache__" not in name and path.suffix != ".pth" and path.is_file():
            yield name, path


def _importable(module: str) -> Iterator[tuple[str, Path]]:
    """Yield the files an import of *module* would find: its package, or itself and what lies beside it."""
    parts = module.split(".")
    spec: ModuleSpec | None = importlib.util.find_spec(parts[0])
    depth = 1
    while spec is not None and spec.origin is None and depth < len(parts):
        locations = list(spec.submodule_search_locations or ())
        depth += 1
        spec = PathFinder.find_spec(".".join(parts[:depth]), locations)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"no module {module!r}")
    origin, prefix = Path(spec.origin), "".join(f"{part}/" for part in parts[: depth - 1])
    if spec.submodule_search_locations:
        for location in spec.submodule_search_locations:
            yield from _walk(Path(location), f"{prefix}{parts[depth - 1]}/")
        return
    yield f"{prefix}{origin.name}", origin
    if "site-packages" not in origin.parts:  # an editable install: its helpers lie beside it
        for beside in sorted(origin.parent.glob("*.py")):
            if not is_for_tests(beside):
                yield f"{prefix}{beside.name}", beside


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, Path]]:
    """Yield every file below a folder but Python's caches; links are followed, each folder once."""
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(place)
        folders[:] = sorted(name for name in folders if name != "__pycache__") if real not in seen else []
        seen.add(real)
        for file in files:
            path = Path(place, file)
            if path.is_file():
                yield prefix + path.relative_to(folder).as_posix(), path


def fingerprint_of(module: str) -> str:
    """Return the SHA-256 over a module's Python files: sorted lines of path and hash.

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
