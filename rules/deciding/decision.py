"""What came of a command, for programs and for people."""

from __future__ import annotations

from textwrap import wrap
from typing import Any, NamedTuple

from ...ledger.facts import FactType
from ...ledger.fold import FlagRow
from ...ledger.store.log import Outcome
from .command import Command

_WIDTH = 80


class Decision(NamedTuple):
    """What was recorded, and what it leaves.

    Attributes:
        outcome: *created*, or *duplicate* with the position of the fact it repeats.
        data: Of the fact.
        balance_points: What the member has after it; negative is debt.
        flags: What the rules remark about the fact.
    """

    command: Command
    outcome: Outcome
    data: FactType
    balance_points: int
    flags: tuple[FlagRow, ...] = ()

    def fields(self) -> dict[str, Any]:
        """Return it for programs."""
        return {
            "member": self.command.member, "status": self.outcome.status, "position": self.outcome.position,
            **self.command.fields(self.data), "balance": self.balance_points,
            "flags": [{"flag": flag.flag, "reason": flag.reason} for flag in self.flags],
        }  # fmt: skip

    def lines(self) -> list[str]:
        """Return it for people."""
        already = "" if self.outcome.status == "created" else "already "
        told = f"{already}{self.command.told(self.data)}{self.command.left(self.balance_points)}"
        flags = [f"flagged {flag.flag}: {flag.reason}" for flag in self.flags]
        said = [f"{told} (position\N{NO-BREAK SPACE}{self.outcome.position:,})", *flags]
        lines = [line for text in said for line in wrap(text, _WIDTH, subsequent_indent="  ")]
        return [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
