"""What pytest gets from Loyalty Ledger: golden histories, and a ledger to type commands at.

Every pytest run of an environment loads this module, so nothing is imported before it is needed.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .rules.testing.collecting import HistoryFile


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None, object, object]:
    """Offer ``--update``, unless another plugin or a conftest has that name: then only the longer one."""
    result = yield
    group = parser.getgroup("loyalty", "Loyalty Ledger")
    for name in ("--update-histories", "--update"):
        with suppress(argparse.ArgumentError, ValueError):
            group.addoption(
                name, action="store_true", dest="loyalty_update", help="Rewrite the journals of histories."
            )
    return result


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> HistoryFile | None:
    """Collect ``histories/*.history``."""
    if file_path.suffix != ".history" or file_path.parent.name != "histories":
        return None
    from .rules.testing.collecting import HistoryFile

    return HistoryFile.from_parent(parent, path=file_path)


class Typed:
    """Commands typed at a ledger; ``loyalty("member", "show", "ann")`` returns what is printed."""

    def __init__(self, database: str) -> None:
        self.database = database

    def __call__(self, *words: str | Path) -> str:
        """Type a command at a ledger of the test's own, in SQLite, and return what it prints.

        Raises:
            AssertionError: it did not end well, with what it said.
        """
        __tracebackhide__ = True
        from click.testing import CliRunner

        from .cli import main

        said = CliRunner().invoke(main, [str(word) for word in words], env={"LOYALTY_DB": self.database})
        if said.exception and not isinstance(said.exception, SystemExit):
            raise said.exception
        if said.exit_code:
            typed = " ".join(map(str, words))
            raise AssertionError(f"loyalty {typed} ended with {said.exit_code}\n{said.output}")
        return said.stdout

    def json(self, *words: str | Path) -> Any:
        """Type a command with ``--json``, and return what it answers."""
        return json.loads(self(*words, "--json"))


@pytest.fixture
def loyalty(tmp_path: Path) -> Callable[..., str]:
    """Type commands at a ledger of the test's own, in SQLite; it is there after ``init``."""
    return Typed(f"sqlite:///{tmp_path / 'ledger.db'}")
