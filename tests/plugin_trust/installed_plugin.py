"""A plugin installed in a folder of its own on the import path, as an installer would leave it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from loyalty_ledger.rules import loading

NAME = "oak"
RULE = '''
"""Gives a point for each order."""
from loyalty_ledger.rules import Accrue, PurchaseRecorded, Rule, hookimpl, on
from oak_rules.words import REASON
import oak_tables


class Oak(Rule):
    name = "oak_points"

    @on(PurchaseRecorded)
    def give(self, purchase, member):
        return Accrue(points=oak_tables.POINTS, reason=REASON)


@hookimpl
def loyalty_rules():
    return [Oak]
'''


class Site:
    """A folder with the distribution ``oak-rules``: a package, a module beside it, a table of its own.

    Attributes:
        path: The folder.
        marker: A file that altered code writes when it runs.
    """

    def __init__(self, path: Path, marker: Path) -> None:
        self.path, self.marker = path, marker
        self.write("oak_rules/__init__.py", "")
        self.write("oak_rules/rule.py", RULE)
        self.write("oak_rules/words.py", 'REASON = "an order"\n')
        self.write("oak_rules/more/__init__.py", "")
        self.write("oak_rules/more/late.py", "WORD = 1\n")
        self.write("oak_rules/rates.json", "{}")
        self.write("oak_tables.py", "POINTS = 1\n")
        self.entry_point("oak_rules.rule")
        self.record()

    @property
    def evil(self) -> str:
        """Source that leaves its mark when it is run."""
        return f"open({str(self.marker)!r}, 'w').close()\nPOINTS = REASON = WORD = 1\n"

    def write(self, name: str, content: str) -> Path:
        """Write a file of the folder."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def entry_point(self, value: str, name: str = NAME) -> None:
        """Say what the plugin is."""
        about = "oak_rules-1.0.dist-info"
        self.write(f"{about}/METADATA", "Metadata-Version: 2.1\nName: oak-rules\nVersion: 1.0\n")
        self.write(f"{about}/entry_points.txt", f"[loyalty_ledger]\n{name} = {value}\n")

    def record(self) -> None:
        """List the files, as an installer does."""
        files = [p.relative_to(self.path).as_posix() for p in sorted(self.path.rglob("*")) if p.is_file()]
        self.write("oak_rules-1.0.dist-info/RECORD", "".join(f"{file},,\n" for file in files))


@contextmanager
def importable(*folders: Path) -> Iterator[None]:
    """Put folders first on the import path, and afterwards forget what came from them."""
    path, finders = sys.path[:], sys.meta_path[:]
    watched = loading._watched
    kept = dict(watched.hashes), set(watched.folders), set(watched.tops)
    sys.path[:0] = [str(folder) for folder in folders]
    sys.path_importer_cache.clear()
    try:
        yield
    finally:
        sys.path[:], sys.meta_path[:] = path, finders
        watched.hashes, watched.folders, watched.tops = kept
        for name in [name for name in sys.modules if name.startswith(("oak_", "loyalty_rules_oak"))]:
            del sys.modules[name]
