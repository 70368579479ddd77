"""The README's session is typed, and what the documents list is what there is."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from loyalty_ledger import rules
from loyalty_ledger.cli import main

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def session() -> list[tuple[str, list[str]]]:
    """Return the README's session: each command and the lines it shows."""
    text = README.split("<!-- session:", 1)[1].split("```console\n", 1)[1].split("```", 1)[0]
    steps: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        else:
            steps[-1][1].append(line)
    return steps


def test_the_readme_session_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("LOYALTY_DB", f"sqlite:///{tmp_path / 'shop.db'}")
    for command, shown in session():
        if command.startswith("export "):
            continue
        result = CliRunner().invoke(main, shlex.split(command)[1:])
        printed = result.stdout.splitlines()
        if shown and shown[-1] == "…":
            printed = [*printed[: len(shown) - 1], "…"]
        assert (result.exit_code, printed) == (0, shown), command


def test_the_readme_fits_two_hundred_lines() -> None:
    assert len(README.splitlines()) <= 200


def test_every_command_is_in_the_readme() -> None:
    missing = [name for name in main.commands if f"loyalty {name}" not in README]

    assert missing == []


def test_every_command_says_what_it_does() -> None:
    def silent(group: click.Group, path: str) -> list[str]:
        found = []
        for name, command in group.commands.items():
            if not command.help:
                found.append(f"{path} {name}")
            if isinstance(command, click.Group):
                found += silent(command, f"{path} {name}")
        return found

    assert silent(main, "loyalty") == []


def test_what_rule_authors_import_is_there() -> None:
    assert [name for name in rules.__all__ if not hasattr(rules, name)] == []
