"""Why an entry is written: the fact, the rule and the instant it answers to."""

from __future__ import annotations

from ..ledger.facts import Fact, FactType
from .compile import Programme


class Cause:
    """What the entries being written answer to; the engine sets it before it books."""

    __slots__ = (
        "asked", "booked_us", "fact", "is_late", "occurred_us", "origin", "position", "programme", "rule",
        "step", "subject",
    )  # fmt: skip

    def __init__(self) -> None:
        self.position = 0
        self.step = 0
        """The fact for whose sake a group is folded again, 0 if it is not."""
        self.fact = 0
        self.booked_us = 0
        self.occurred_us = 0
        self.rule = ""
        self.programme: Programme | None = None
        self.is_late = False
        self.subject = ""
        """The member that answers the fact at hand."""
        self.origin = ""
        """The absorbed member whose fact it is, '' if it is the subject's own."""
        self.asked: Fact[FactType] | None = None
        """The fact that is being answered; of a timer, None."""

    def copy(self) -> Cause:
        """Return a copy, to come back to after a detour."""
        other = Cause()
        other.restore(self)
        return other

    def restore(self, other: Cause) -> None:
        """Take over what *other* holds."""
        for name in self.__slots__:
            setattr(self, name, getattr(other, name))
