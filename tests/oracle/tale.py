"""Histories told to the oracle alone, fact by fact."""

from __future__ import annotations

from typing import Any

from oracle.oracle import Oracle, Programme, Standing, Told, micros


def us(at: str) -> int:
    """Return an instant; a day alone is its midnight in UTC."""
    return micros(at if "T" in at else f"{at}T00:00:00Z")


class Tale:
    """Facts told one after the other."""

    def __init__(self, **programme: Any) -> None:
        self.oracle = Oracle(Programme(**programme))
        self.position = 0

    def tell(self, topic: str, subject: str, at: str, **data: Any) -> int:
        self.position += 1
        self.oracle.tell(Told(self.position, topic, subject, us(at), data))
        return self.position

    def buy(self, subject: str, amount: int, at: str, **more: Any) -> int:
        """Tell a purchase; the amount is in whole units of currency."""
        return self.tell("purchase.recorded", subject, at, amount_minor=amount * 100, currency="EUR", **more)

    def adjust(self, subject: str, points: int, at: str, **more: Any) -> int:
        return self.tell("points.adjusted", subject, at, points=points, reason="test", **more)

    def redeem(self, subject: str, points: int, at: str, **more: Any) -> int:
        return self.tell("points.redeemed", subject, at, points=points, **more)

    def returned(self, subject: str, order: str, at: str, **more: Any) -> int:
        return self.tell("purchase.returned", subject, at, order=order, **more)

    def retract(self, subject: str, position: int, at: str) -> int:
        return self.tell("fact.retracted", subject, at, retracted=position, reason="test")

    def advance(self, to: str) -> None:
        self.tell("clock.advanced", "", "1970-01-01", to=to if "T" in to else f"{to}T00:00:00Z")

    def of(self, name: str) -> Standing:
        standing = self.oracle.member(name)
        assert sum(standing.totals.values()) == standing.pending + standing.points + standing.held
        return standing

    def lots(self, name: str) -> list[tuple[int, str | None]]:
        """Return points and the day of expiry of every open lot."""
        return [
            (points + pending, None if end is None else str(self.oracle.local(end).date()))
            for points, pending, end in self.of(name).lots
        ]

    def booked(self, name: str) -> dict[str, int]:
        """Return the accounts that are not zero."""
        return {account: total for account, total in self.of(name).totals.items() if total}


def lines(*amounts: int) -> list[dict[str, int]]:
    return [{"amount_minor": amount} for amount in amounts]
