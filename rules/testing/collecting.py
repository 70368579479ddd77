"""Golden histories as pytest sees them: a file, and one item that compares its journal.

``LOYALTY_RULES_DIR`` names a folder with rule files, as it does for the command line.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ...ledger.errors import LoyaltyError
from .golden import difference, journal_of, write_journal


class HistoryFile(pytest.File):
    """A file ``*.history``."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the one item."""
        yield HistoryItem.from_parent(self, name="journal")


class HistoryItem(pytest.Item):
    """The comparison of what a history comes to now with the journal beside it."""

    def runtest(self) -> None:
        """Compare, or with ``--update`` write.

        Raises:
            _OtherJournalError: with the difference.
        """
        folder = os.environ.get("LOYALTY_RULES_DIR")
        rules_dir = Path(folder) if folder else None
        if self.config.getoption("loyalty_update", default=False):
            write_journal(self.path, rules_dir)
        elif found := difference(self.path, rules_dir):
            raise _OtherJournalError(found)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the difference, or the error in three lines; a traceback only for what nobody expected."""
        if isinstance(excinfo.value, _OtherJournalError):
            file = journal_of(self.path)
            what = "is not what the rules answer now" if file.exists() else "is missing"
            hint = f"read the difference; if it should be so: pytest {self.nodeid.split('::')[0]} --update"
            return f"{file.name} {what}\n  try  {hint}\n\n{excinfo.value}"
        if isinstance(excinfo.value, LoyaltyError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        """Name the history."""
        return self.path, None, f"history {self.path.stem}"


class _OtherJournalError(Exception):
    """The journal differs."""
