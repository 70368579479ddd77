"""The rule packages under examples/packages: built, found by their entry points, passing their own tests."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from loyalty_ledger import rules
from loyalty_ledger.rules import outlook, testing

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ROOT / "examples" / "packages"
NAMES = sorted(path.name for path in PACKAGES.iterdir() if path.is_dir())


def test_the_packages_pass_their_own_tests_from_wheels(tmp_path: Path) -> None:
    """A wheel of pure Python is installed by unpacking it."""
    builds = [
        subprocess.Popen([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
                         cwd=PACKAGES / name, stdout=subprocess.DEVNULL)
        for name in NAMES
    ]  # fmt: skip
    assert [build.wait() for build in builds] == [0] * len(NAMES)
    for wheel in tmp_path.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / "site")

    env = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"}
    tests = [str(PACKAGES / name / "tests") for name in NAMES]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(tmp_path), "-W", "error",
         "-p", "no:cacheprovider", "--import-mode=importlib", *tests],
        cwd=tmp_path, env=env, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "folder", [*(PACKAGES / name for name in NAMES), ROOT / "plugins"], ids=lambda x: x.name
)
def test_rules_import_only_what_is_offered_to_authors(folder: Path) -> None:
    offered = {"loyalty_ledger.rules": rules.__all__, "loyalty_ledger.rules.outlook": dir(outlook)}
    for path in folder.rglob("*.py"):
        is_test = path.parent.name == "tests"
        for module, imported in imports(path):
            known = testing.__all__ if is_test and module == testing.__name__ else offered.get(module, [])
            assert imported in known, f"{path} imports {imported!r} from {module}"


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield what a file imports of Loyalty Ledger: module and name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found = [(alias.name, "") for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found = [(node.module or "", alias.name) for alias in node.names]
        else:
            continue
        yield from (pair for pair in found if pair[0].partition(".")[0] == "loyalty_ledger")
