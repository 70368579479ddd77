"""The errors a user can meet, one exit code a kind.

::

    LoyaltyError            1  any other expected error
    ├── UsageError          2  a wrong option or argument value
    ├── HistoryError        3  a fact, a file or the database cannot be read
    │   └── FactError       3  one fact is not as its type asks
    ├── RuleError           4  a rule failed
    ├── HaltError           4  a rule met a limit of time or memory, or started a process: the run stops
    ├── PluginError         5  plugins clash, are missing, altered or cannot be imported
    └── FindingsError       6  a check found something

Exit code 7 (done, but with rejects) is no error: the command has done what it could.
"""

from __future__ import annotations


class LoyaltyError(Exception):
    """What went wrong, where, and what to try next.

    Attributes:
        what: One lower-case phrase with the offending value.
        at: The file, line, column, table or position, or None.
        hint: What to type or change next, or None.
    """

    exit_code = 1

    def __init__(self, what: str, *, at: str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what, self.at, self.hint = what, at, hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.at:
            lines.append(f"  at   {self.at}")
        if self.hint:
            lines.append(f"  try  {self.hint}")
        return "\n".join(lines)


class UsageError(LoyaltyError):
    """An option or argument has a value that cannot be used."""

    exit_code = 2


class HistoryError(LoyaltyError):
    """A file or a database cannot be read as a history."""

    exit_code = 3


class FactError(HistoryError):
    """One fact is not as its type asks; *code* is stable and names the kind of fault."""

    def __init__(
        self, what: str, *, code: str = "invalid", at: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(what, at=at, hint=hint)
        self.code = code


class RuleError(LoyaltyError):
    """A rule failed or answered nonsense; *rule* is its label@version."""

    exit_code = 4

    def __init__(self, what: str, *, rule: str = "", at: str | None = None, hint: str | None = None) -> None:
        super().__init__(what, at=at, hint=hint)
        self.rule = rule


class HaltError(LoyaltyError):
    """A rule met a limit that is not deterministic: it sets nobody aside, it stops the run."""

    exit_code = RuleError.exit_code


class PluginError(LoyaltyError):
    """Plugins clash, are missing, were altered or cannot be imported."""

    exit_code = 5


class FindingsError(LoyaltyError):
    """A check ran to its end and found something."""

    exit_code = 6
