"""The error of a rule that stops the run, and what the operator can do about it."""

from __future__ import annotations

import shlex

from ...ledger.errors import HaltError


def halted(rule: str, what: str, *, member: str, position: int) -> HaltError:
    """Return the error that names rule, member and position.

    Args:
        rule: Label@version.
        what: What it did, as "did not end".
        member: Whom it was asked about.
        position: Of the fact or advance that was being folded.
    """
    aside = f"loyalty record member.set_aside {shlex.quote(member)} --set rule={rule} --set since={position}"
    return HaltError(
        f"rule {rule} {what}", at=f"member {member!r}, position {position}",
        hint=f"mend the rule or switch it off; or leave the member out: {aside} --set reason=…",
    )  # fmt: skip
