"""The wheel holds what the tree holds, under one name."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("ledger", "rules", "plugins", "migrations")
MODULES = ("__init__.py", "py.typed", "cli.py", "pytest_plugin.py")


def test_the_wheel_holds_the_tree_under_one_name(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}

    tree = set(MODULES)
    for folder in SHIPPED:
        tree |= {
            path.relative_to(ROOT).as_posix() for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }  # fmt: skip
    assert names == {f"loyalty_ledger/{name}" for name in tree}


def test_the_links_lead_to_the_roots_own_files() -> None:
    found = (ROOT / ".src" / "loyalty_ledger").iterdir()
    links = {path.name: path.resolve() for path in found if path.name != "__pycache__"}

    assert links == {name: ROOT / name for name in (*MODULES, *SHIPPED)}
