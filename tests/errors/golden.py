"""Golden files: transcripts a person reads, rewritten with what is said now by ``--update-golden``."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one flag; every folder with golden files offers it, the first that is asked adds it."""
    with contextlib.suppress(ValueError):
        parser.addoption(
            "--update-golden", action="store_true", help="Rewrite golden files with what is said now."
        )


def is_updating(config: pytest.Config) -> bool:
    """Return whether golden files are rewritten in this run."""
    return bool(config.getoption("update_golden", default=False))


def assert_golden(path: Path, now: str, *, config: pytest.Config) -> None:
    """Compare *now* with the file, or rewrite the file."""
    if is_updating(config):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists() or path.read_text("utf-8") != now:
            path.write_text(now, "utf-8")
        return
    assert path.exists(), f"no golden file {path.name}: pytest {path.parent} --update-golden"
    assert now.splitlines() == path.read_text("utf-8").splitlines(), (
        f"{path.name} is not what the program says now; if it should be: pytest {path.parent} --update-golden"
    )
