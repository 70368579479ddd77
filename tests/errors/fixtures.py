"""What the gallery and the tests of the command line share: a folder, a ledger, a player of cases."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from errors.script import Case
from errors.stage import SHOP, Stage, still, typed
from errors.surroundings import Place

Play = Callable[[Case], Case]


@pytest.fixture(scope="session")
def shop_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of the shop, made once and copied for every case."""
    folder = tmp_path_factory.mktemp("shop")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        still(patch)
        made = typed(["init", "--programme", str(SHOP / "shop.toml")])
    assert made.exit_code == 0, made.stderr
    return folder / "loyalty.db"


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder every user can reach, unlike pytest's own; the current one, at a fixed time."""
    with tempfile.TemporaryDirectory(prefix="loyalty-case-") as name:
        Path(name).chmod(0o755)
        monkeypatch.chdir(name)
        still(monkeypatch)
        yield Path(name)
        monkeypatch.undo()


@pytest.fixture
def play(
    request: pytest.FixtureRequest, folder: Path, shop_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> Play:
    """Play a case in a folder of its own."""

    def played(case: Case) -> Case:
        url = "sqlite:///loyalty.db"
        if "on PostgreSQL" in case.given:
            is_empty = "no ledger" in case.given
            url = request.getfixturevalue("empty_postgres_url" if is_empty else "postgres_url")
            monkeypatch.setenv("LOYALTY_DB", url)
        return Stage(case, Place(folder, url, monkeypatch), shop_ledger).play()

    return played
