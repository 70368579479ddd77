"""``loyalty rules new NAME``: a package that installs and passes, whatever its name."""

from __future__ import annotations

import importlib
import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from loyalty_ledger import __version__
from loyalty_ledger.cli import main
from loyalty_ledger.ledger.errors import UsageError
from loyalty_ledger.plugins import points_per_spend
from loyalty_ledger.rules.catalogue import of_modules
from loyalty_ledger.rules.starter import start_package
from loyalty_ledger.rules.testing import accrued, purchase
from loyalty_ledger.rules.testing import given as told

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,63}", fullmatch=True).filter(lambda name: name != "ledger")
_DISTRIBUTION = re.compile(r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?")


@settings(max_examples=25, deadline=None)
@given(NAMES)
@example("none")
@example("rule")
@example("class")
@example("a")
@example("a__0_")
@example("x" * 64)
def test_any_name_gives_a_rule_that_can_be_asked(name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "package"
        start_package(name, place, taken=())
        project = tomllib.loads((place / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        assert _DISTRIBUTION.fullmatch(project["name"])
        assert project["entry-points"]["loyalty_ledger"] == {name: f"loyalty_{name}"}
        for file in place.rglob("*.py"):
            compile(file.read_text(encoding="utf-8"), file, "exec")
        sys.path.insert(0, str(place))
        try:
            catalogue = of_modules([points_per_spend, importlib.import_module(f"loyalty_{name}")])
        finally:
            sys.path.remove(str(place))
            sys.modules.pop(f"loyalty_{name}", None)
            importlib.invalidate_caches()
        told(place / "programme.toml", catalogue=catalogue).when(
            purchase("ann", "31.00", at="2026-03-07")
        ).then(accrued("ann", 31), accrued("ann", 15, by=name))  # 31 × 50 % = 15.5, fraction dropped


@pytest.mark.parametrize("name", ["weekend_bonus", "none"])
def test_the_package_installs_and_its_tests_pass(name: str, tmp_path: Path) -> None:
    """Its wheel is put beside Loyalty Ledger; found by its entry point alone, tests and history pass."""
    place, wheels, site = tmp_path / "package", tmp_path / "wheels", tmp_path / "site"
    start_package(name, place, taken=())
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(build, cwd=place, check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)

    env = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-W", "error", "-p", "no:cacheprovider", "-rA"],
        cwd=place, env=env | {"PYTHONPATH": str(site)}, capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED tests/histories/weekend.history::journal" in done.stdout
    assert "4 passed" in done.stdout


def test_it_depends_on_the_loyalty_ledger_it_was_written_by(tmp_path: Path) -> None:
    """Before 1.0 a minor version may change anything, so the next one is excluded."""
    start_package("weekend", tmp_path / "package", taken=())
    project = tomllib.loads((tmp_path / "package" / "pyproject.toml").read_text(encoding="utf-8"))["project"]

    major, minor, _ = __version__.split(".")
    assert (major, minor) == ("0", "1")
    assert project["dependencies"] == ["loyalty-ledger>=0.1,<0.2"]


def test_the_command_says_what_it_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = CliRunner().invoke(main, ["rules", "new", "weekend_bonus"])

    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        "rule 'weekend_bonus' in loyalty-weekend-bonus",
        "  README.md",
        "  loyalty_weekend_bonus.py",
        "  programme.toml",
        "  pyproject.toml",
        "  tests/histories/weekend.history",
        "  tests/histories/weekend.journal",
        "  tests/test_weekend_bonus.py",
    ]
    assert all(
        (tmp_path / "loyalty-weekend-bonus" / line[2:]).exists() for line in said.stdout.splitlines()[1:]
    )

    said = CliRunner().invoke(main, ["rules", "new", "other", "--to", "here", "--json"])
    assert json.loads(said.stdout)["folder"] == "here"


@pytest.mark.parametrize("name", ["Weekend", "weekend-bonus", "1st", "", "_a", "ä", "a b", "a" * 65, "a\n"])
def test_what_is_no_name_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no name of a rule"):
        start_package(name, tmp_path / "package", taken=())
    assert not (tmp_path / "package").exists()


@pytest.mark.parametrize(("name", "why"), [("tiers", "is installed already"), ("ledger", "own")])
def test_a_name_that_is_taken_is_refused(name: str, why: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(main, ["rules", "new", name, "--to", str(tmp_path / "package")])

    assert said.exit_code == 2
    assert why in said.stderr


def test_nothing_is_written_over(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("mine", encoding="utf-8")

    for folder in (tmp_path, mine):
        with pytest.raises(UsageError, match="exists already") as caught:
            start_package("weekend", folder, taken=())
        assert caught.value.at == "--to"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
