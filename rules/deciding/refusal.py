"""How a command is refused, and the reasons more than one of them has."""

from __future__ import annotations

from ...ledger.calendar import instant_us, rfc3339
from ...ledger.errors import LoyaltyError


class Refusal(LoyaltyError):  # noqa: N818 - what a member hears; its code is stable
    """A command was refused.

    Attributes:
        code: Stable name of the reason, such as "exceeds-balance".
    """

    def __init__(self, what: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(what, hint=hint)
        self.code = code


def exceeds_balance(
    member: str, points: int, available_points: int, instant: int, *, hint: str | None = None
) -> Refusal:
    """Return the refusal of who has too few points at an instant."""
    return Refusal(
        f"{points:,} points exceed the balance of {available_points:,} at {rfc3339(instant)}",
        code="exceeds-balance",
        hint=hint or f"loyalty member show {member}",
    )


def check_expiry(expires: str | None, instant: int, *, option: str = "--expires") -> None:
    """Refuse what would be gone the moment it is given; it is gone at its instant of expiry.

    Raises:
        Refusal: *expires* is not after *instant*.
    """
    if expires is not None and instant_us(expires) <= instant:
        raise Refusal(
            f"expires {expires}, which is not after {rfc3339(instant)}",
            code="expires-too-early",
            hint=f"give a later {option}, or leave it out",
        )
