"""Import a plugin so that what runs is what was hashed: each file compared, never from a cache."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from functools import reduce
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType

from .discovering import Found


class _FromSource(SourceFileLoader):
    """Compiles a plugin's file after comparing its hash; Python's caches are neither read nor written."""

    def __init__(self, name: str, path: str, hashes: dict[str, str]) -> None:
        super().__init__(name, path)
        self._hashes = hashes

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        source = self.get_data(path)
        if hashlib.sha256(source).hexdigest() != self._hashes.get(str(Path(path).resolve())):
            raise ImportError(f"{Path(path).name} is not the file that was trusted", name=fullname, path=path)
        return self.source_to_code(source, path)


class _Watched(MetaPathFinder):
    """Finds the modules of trusted plugins as all finders do, and has their source checked.

    Attributes:
        hashes: By resolved path, the SHA-256 a file must have.
        folders: Where the packages' files are.
        tops: Names of the top-level modules that are watched.
    """

    def __init__(self) -> None:
        self.hashes: dict[str, str] = {}
        self.folders: set[str] = set()
        self.tops: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname.partition(".")[0] not in self.tops:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(fullname, path, target)
            if spec is not None:
                if isinstance(spec.loader, SourceFileLoader) and spec.origin and self.watches(spec.origin):
                    spec.loader = _FromSource(spec.loader.name, spec.origin, self.hashes)
                    spec.cached = None
                return spec
        return None

    def watches(self, origin: str) -> bool:
        """Return whether a file is a plugin's, or is new in its package."""
        path = Path(origin).resolve()
        return str(path) in self.hashes or str(path.parent) in self.folders


_watched = _Watched()
_files: dict[str, tuple[str, ModuleType]] = {}
"""By name, the fingerprint and the module of each file that was imported."""


def load(found: Found, *, is_watched: bool) -> object:
    """Return what a plugin's entry point names; its modules are imported if they have not been.

    Args:
        found: The plugin.
        is_watched: Compare every file with its hash before it runs. Authors testing their own code do not.

    Raises:
        Exception: whatever the plugin raises, and ImportError if a file is not the one that was hashed.
    """
    if found.path is not None or (is_watched and not found.is_bundled):
        _watch(found)
    module = importlib.import_module(found.module) if found.path is None else _load_file(found)
    return reduce(getattr, filter(None, found.attribute.split(".")), module)


def _watch(found: Found) -> None:
    for name, digest in found.files.items():
        place = found.places[name].resolve()
        _watched.hashes[str(place)] = digest
        if "/" in name:
            _watched.folders.add(str(place.parent))
        if name.endswith(".py"):
            _watched.tops.add(name.partition("/")[0].removesuffix(".py"))
    _watched.tops.add(found.module.partition(".")[0])
    if _watched not in sys.meta_path:
        sys.meta_path.insert(0, _watched)


def _load_file(found: Found) -> ModuleType:
    """Import a file or folder under a name of its own: once, and anew when it was changed meanwhile."""
    fingerprint, module = _files.get(found.module, ("", None))
    if module is not None and fingerprint == found.fingerprint and found.module in sys.modules:
        return module
    path = found.path
    assert path is not None  # noqa: S101 - only called with one
    inside = path / "__init__.py" if path.is_dir() else path
    loader = _FromSource(found.module, str(inside), _watched.hashes)
    spec = importlib.util.spec_from_file_location(
        found.module, inside, loader=loader, submodule_search_locations=[str(path)] if path.is_dir() else None
    )
    assert spec is not None  # noqa: S101 - a loader was given
    for name in [name for name in sys.modules if name.partition(".")[0] == found.module]:
        del sys.modules[name]
    module = importlib.util.module_from_spec(spec)
    sys.modules[found.module] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[found.module]
        raise
    _files[found.module] = found.fingerprint, module
    return module
