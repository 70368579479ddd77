"""What may enter the log, and what is answered to each draft."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from ..calendar import DAY_US, rfc3339
from ..errors import FactError
from ..facts import Draft, member_of


class Outcome(NamedTuple):
    """What became of one draft.

    Attributes:
        status: *created*; *duplicate*, the same fact is stored or came earlier in the call; *conflict*,
            another fact has its source and id; or *refused*.
        position: Of the fact, or of the one it repeats or conflicts with.
        fields: Of a conflict, the dotted paths that differ.
        error: Of a refusal, why.
    """

    status: Literal["created", "duplicate", "conflict", "refused"]
    position: int | None
    fields: tuple[str, ...] = ()
    error: FactError | None = None


class Admission(NamedTuple):
    """The programme's policies about what may enter.

    Attributes:
        tolerance_us: How far a fact may be dated past the time it is recorded.
        must_enrol: A member's first fact must be ``member.enrolled``.
        vet: Told a fact about the programme and when it would be recorded, says why it must not enter: the
            rules know what makes a history unreadable.
    """

    tolerance_us: int = DAY_US
    must_enrol: bool = False
    vet: Callable[[Draft, int], FactError | None] | None = None

    def refusal(self, draft: Draft, recorded_us: int, *, is_first: bool) -> FactError | None:
        """Return why a fact must not enter, or None if it may.

        Args:
            draft: The fact.
            recorded_us: When it would be recorded, microseconds since 1970.
            is_first: Its stream is empty so far.
        """
        if draft.occurred_us > recorded_us + self.tolerance_us:
            return FactError(
                f"time is in the future: {rfc3339(draft.occurred_us)!r}, recorded at {rfc3339(recorded_us)}",
                code="future", hint="check the time and its zone",
            )  # fmt: skip
        if self.must_enrol and is_first and draft.topic != "member.enrolled" and member_of(draft.stream):
            return FactError(
                f"member is not enrolled: {member_of(draft.stream)!r}", code="not-enrolled",
                hint="record member.enrolled first, or let the programme enrol by the first fact",
            )  # fmt: skip
        if self.vet is not None and draft.stream == "programme":
            return self.vet(draft, recorded_us)
        return None


ADMIT_ALL = Admission()
