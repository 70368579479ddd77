"""A person who knows nothing finds the way by --help alone."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from errors.stage import typed
from loyalty_ledger import cli

# "an error says what, at, try": every command of DESIGN.md section 10 that exists so far.
EXPECTED = {
    "demo", "init", "import", "rejects list", "rejects retry", "record", "programme apply", "programme show",
    "programme history", "project run", "project rebuild", "project status", "advance", "member show",
    "member history", "redeem", "explain", "quarantine list", "rules list", "rules trust", "rules check",
    "check", "schema",
    "export", "backup", "restore", "db upgrade", "doctor", "cancel", "adjust", "reward issue", "reward use",
    "reward cancel", "retract", "actions done", "simulate",
}  # fmt: skip


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        yield " ".join([*before, name]), command


COMMANDS = dict(commands(cli.main))


def test_every_command_of_the_design_is_there() -> None:
    assert set(COMMANDS) >= EXPECTED


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does(name: str) -> None:
    command = COMMANDS[name]
    answer = typed([*name.split(), "--help"])

    assert (answer.exit_code, answer.stderr) == (0, "")
    assert answer.stdout.startswith(f"Usage: loyalty {name}")
    assert command.help, name
    assert command.help.splitlines()[0].endswith("."), "one sentence first"
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, f"{name} {option.opts[0]}"
    assert max(map(len, answer.stdout.splitlines())) <= 100


@pytest.mark.parametrize("name", [name for name, it in COMMANDS.items() if not isinstance(it, click.Group)])
def test_every_command_takes_a_database_and_answers_programs(name: str) -> None:
    options = {word for option in COMMANDS[name].params for word in option.opts}

    assert name == "demo" or {"--db", "--json"} <= options


def test_help_for_short_and_help_for_long_are_the_same() -> None:
    assert typed(["-h"]).stdout == typed(["--help"]).stdout
    assert "import" in typed([]).stderr + typed([]).stdout
