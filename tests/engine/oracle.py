"""A second opinion, written from DESIGN.md section 5 alone: spend, expiry, redemption, debt, late facts.

It knows nothing of rules, effects or entries: a member is a clock, a list of lots and a debt.
"""

from __future__ import annotations

from dataclasses import dataclass, field

DAY_US = 86_400_000_000


@dataclass
class Lot:
    """Points that are gone at an instant, inclusive."""

    points: int
    booked_us: int
    expires_us: int


@dataclass
class Book:
    """One member."""

    clock_us: int = -(2**62)
    seen: int = 0
    debt: int = 0
    lots: list[Lot] = field(default_factory=list)
    issued: int = 0
    redeemed: int = 0
    expired: int = 0

    def pass_time(self, until_us: int) -> None:
        """Let what is over by then expire; the clock never runs back."""
        self.clock_us = max(self.clock_us, until_us)
        for lot in self.lots:
            if lot.expires_us <= self.clock_us:
                self.expired += lot.points
                lot.points = 0
        self.lots = [lot for lot in self.lots if lot.points]

    def earn(self, points: int, occurred_us: int, days: int) -> None:
        """Open a lot; a debt is paid from it first."""
        self.issued += points
        paid = min(points, self.debt)
        self.debt -= paid
        self.lots.append(Lot(points - paid, self.clock_us, occurred_us + days * DAY_US))
        self.pass_time(self.clock_us)

    def redeem(self, points: int) -> None:
        """Spend: soonest expiry first, then oldest; what is missing is owed."""
        self.redeemed += points
        for lot in sorted(self.lots, key=lambda lot: (lot.expires_us, lot.booked_us)):
            taken = min(lot.points, points)
            lot.points -= taken
            points -= taken
        self.debt += points
        self.lots = [lot for lot in self.lots if lot.points]

    @property
    def balance(self) -> int:
        """Available points; negative is debt."""
        return sum(lot.points for lot in self.lots) - self.debt


class Oracle:
    """Every member's book: one point per whole major unit of the programme's currency."""

    def __init__(self, *, days: int, minor_per_major: int = 100) -> None:
        self.days = days
        self.minor_per_major = minor_per_major
        self.books: dict[str, Book] = {}
        self.advances: list[tuple[int, int]] = []

    def _at(self, member: str, position: int, occurred_us: int) -> Book:
        book = self.books.setdefault(member, Book())
        for advanced, until_us in self.advances:
            if book.seen < advanced < position:
                book.pass_time(until_us)
        book.seen = position
        book.pass_time(occurred_us)
        return book

    def advance(self, position: int, until_us: int) -> None:
        """Time passed."""
        self.advances.append((position, until_us))

    def purchase(self, member: str, position: int, occurred_us: int, minor: int, *, is_ours: bool) -> None:
        """A member spent money, in the programme's currency or another."""
        book = self._at(member, position, occurred_us)
        points = minor // self.minor_per_major if is_ours else 0
        if points:
            book.earn(points, occurred_us, self.days)

    def redemption(self, member: str, position: int, occurred_us: int, points: int) -> None:
        """A member spent points."""
        self._at(member, position, occurred_us).redeem(points)

    def other(self, member: str, position: int, occurred_us: int) -> None:
        """Anything else moves the clock alone."""
        self._at(member, position, occurred_us)

    def close(self, position: int) -> None:
        """Let every advance pass for everybody."""
        for member, book in self.books.items():
            self._at(member, position + 1, book.clock_us)
