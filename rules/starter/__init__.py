"""A package to start from: ``loyalty rules new NAME`` writes the folder ``package`` with a name filled in.

Its files are templates of :class:`string.Template`; in their own names ``module`` stands for the module's.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from ... import __version__
from ...ledger.errors import UsageError

PACKAGE = Path(__file__).parent / "package"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
_SUFFIX = ".template"


@dataclass(frozen=True, kw_only=True)
class Started:
    """A package that was written."""

    name: str
    folder: Path
    files: tuple[str, ...]

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {"rule": self.name, "folder": str(self.folder), "files": list(self.files)}

    def lines(self) -> list[str]:
        """Return it for people."""
        return [f"rule {self.name!r} in {self.folder}", *(f"  {file}" for file in self.files)]


def start_package(name: str, folder: Path | None, *, taken: Container[str]) -> Started:
    """Write a rule package that installs and whose tests pass.

    Args:
        name: The rule's name.
        folder: Where the package goes; None: ``loyalty-NAME`` in the current folder.
        taken: Names of installed rules and plugins.

    Raises:
        UsageError: the name is none or taken, or the folder holds something already.
    """
    _check_name(name, taken)
    words = _words(name)
    target = Path(words["distribution"]) if folder is None else folder
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UsageError(
            f"{str(target)!r} exists already", at="--to" if folder else str(target.absolute()),
            hint="name another folder: --to FOLDER",
        )  # fmt: skip
    files = []
    for template in sorted(path for path in PACKAGE.rglob(f"*{_SUFFIX}") if path.is_file()):
        relative = template.relative_to(PACKAGE)
        written = relative.with_name(_file_name(relative.name.removesuffix(_SUFFIX), words))
        path = target / written
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(template.read_text(encoding="utf-8")).substitute(words), encoding="utf-8")
        files.append(written.as_posix())
    return Started(name=name, folder=target, files=tuple(files))


def _check_name(name: str, taken: Container[str]) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name!r} is no name of a rule", at="NAME",
            hint="begin with a lower-case letter; then letters, digits and _, 64 at most: weekend_bonus",
        )  # fmt: skip
    if name in taken or name == "ledger":
        what = "is Loyalty Ledger's own" if name == "ledger" else "is installed already"
        raise UsageError(f"a rule or plugin {name!r} {what}", at="NAME", hint="choose another name")


def _words(name: str) -> Mapping[str, str]:
    """Return what the templates leave open."""
    major, minor, *_ = (int(part) for part in re.findall(r"\d+", __version__))
    below = f"{major + 1}" if major else f"0.{minor + 1}"
    return {
        "name": name,
        "module": f"loyalty_{name}",
        "distribution": "loyalty-" + re.sub("_+", "-", name).strip("-"),
        "class_name": "".join(part.capitalize() for part in name.split("_")),
        "bounds": f">={major}.{minor},<{below}",
    }


def _file_name(name: str, words: Mapping[str, str]) -> str:
    if name.startswith("test_"):
        return name.replace("module", words["name"])
    return name.replace("module", words["module"])
