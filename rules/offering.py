"""What a plugin can offer beside rules and types of facts: ladders, views, reports and commands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from sqlalchemy import Connection

from ..ledger.views.plugged import View


class Ladder(NamedTuple):
    """A ladder whose rungs are known beforehand: a move to any other is refused.

    Attributes:
        name: Of the ladder.
        rungs: From the lowest to the highest.
        about: In a sentence.
    """

    name: str
    rungs: tuple[str, ...]
    about: str


class Table(NamedTuple):
    """What a report prints.

    Attributes:
        columns: Their names.
        rows: As many values each.
    """

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Any]]


class Report:
    """A report of a plugin: ``loyalty report NAME``, for people, ``--json`` or ``--csv``.

    Attributes:
        name: Of the report; unique across plugins.
    """

    name: ClassVar[str]

    def table(self, connection: Connection, choices: Mapping[str, str]) -> Table:
        """Return what to print.

        Args:
            connection: A reading of the ledger; what is written on it is undone.
            choices: What the user set by ``--set NAME=VALUE``.
        """
        raise NotImplementedError


__all__ = ["Ladder", "Report", "Table", "View"]
