"""The rule packages under examples/packages: built, found by their entry points, passing their own tests."""

from __future__ import annotations

import ast
import os
import shutil
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
CLI = "from loyalty_ledger.cli import main; main()"
NAMES = sorted(path.name for path in PACKAGES.iterdir() if path.is_dir())


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the packages of all wheels: pure Python is installed by unpacking it."""
    place = tmp_path_factory.mktemp("packages")
    builds = [
        subprocess.Popen([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)],
                         cwd=PACKAGES / name, stdout=subprocess.DEVNULL)
        for name in NAMES
    ]  # fmt: skip
    assert [build.wait() for build in builds] == [0] * len(NAMES)
    for wheel in place.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(place / "site")
    return place / "site"


def run(installed: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the packages on its path."""
    env = {**os.environ, "PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", **more}
    return subprocess.run(
        [sys.executable, *words], cwd=installed.parent, env=env, capture_output=True, text=True, check=False
    )


def test_the_packages_pass_their_own_tests_from_wheels(installed: Path) -> None:
    tests = [str(PACKAGES / name / "tests") for name in NAMES]
    done = run(
        installed, "-m", "pytest", "-q", "-c", os.devnull, "--rootdir", str(installed.parent), "-W", "error",
        "-p", "no:cacheprovider", "--import-mode=importlib", *tests,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", NAMES)
def test_a_packages_session_runs_as_its_readme_shows_it(name: str, installed: Path, tmp_path: Path) -> None:
    readme = (PACKAGES / name / "README.md").read_text(encoding="utf-8")
    session = readme.split("```console\n", 1)[1].split("```", 1)[0]
    commands = [
        line.removeprefix("$ loyalty ") for line in session.splitlines() if line.startswith("$ loyalty ")
    ]
    (programme,) = (path for path in (PACKAGES / name).glob("*.toml") if path.name != "pyproject.toml")
    shutil.copy(programme, installed.parent)

    assert len(commands) == 2
    for command in commands:
        done = run(
            installed,
            "-m",
            "loyalty_ledger.cli",
            *command.split(),
            LOYALTY_DB=f"sqlite:///{tmp_path / 'x.db'}",
        )
        assert done.returncode == 0, (command, done.stderr)


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
