"""Extra points for shopping at the weekend: a rule, and one of everything else a plugin can offer.

A type of fact (``market.visited``), a ladder (``weekender``), a view of the points it gave
(``weekend_points``), a report over it (``weekend_months``) and a command (``weekend-days``).
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Annotated, Any, ClassVar

import click
from msgspec import Meta
from sqlalchemy import Connection, text

from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Count,
    Effect,
    Entry,
    Fact,
    FactType,
    Ladder,
    Member,
    Move,
    NotQualified,
    Params,
    PurchaseRecorded,
    Report,
    Rule,
    Table,
    View,
    hookimpl,
    on,
)


class MarketVisited(FactType, frozen=True, kw_only=True):
    """A member came to the weekend market, and bought or did not."""

    topic = "market.visited"
    market: Annotated[str, Meta(min_length=1, max_length=100)]


class WeekendParams(Params, frozen=True, kw_only=True):
    """Parameters of ``weekend_bonus``.

    Attributes:
        percent: Extra points on what the purchase earned, fractions dropped.
        market_points: For a visit to the market.
    """

    percent: Annotated[int, Meta(ge=1, le=1000)] = 50
    market_points: Annotated[int, Meta(ge=0, le=1000)] = 5


class WeekendBonus(Rule):
    """Extra points for shopping on Saturday and Sunday."""

    name, version, stage = "weekend_bonus", 1, "multiply"
    Params = WeekendParams

    @on(PurchaseRecorded)
    def extra(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if member.local_date(purchase.occurred_us).weekday() < 5:
            return NotQualified(reason="not a weekend")
        points = member.earned_points * self.params.percent // 100
        member.note("{} points × {} %", member.earned_points, self.params.percent)
        return Accrue(points=points, reason="weekend bonus")

    @on(MarketVisited)
    def visit(self, visited: Fact[MarketVisited], member: Member) -> Iterator[Effect]:
        yield Count(counter="visits")
        yield Accrue(points=self.params.market_points, reason=f"visit to {visited.data.market}")
        rung = "regular" if member.counter("visits") >= 3 else "guest"
        yield Move(ladder="weekender", rung=rung, reason="visits to the market")


class WeekendPoints(View):
    """Every entry of the weekend bonus, with the day it was booked on."""

    name = "weekend_points"
    columns: ClassVar[dict[str, type]] = {"day": str, "points": int, "reason": str}

    def rows(self, entry: Entry) -> Iterable[Mapping[str, int | str | None]]:
        if entry.rule.startswith("weekend_bonus@"):
            day = date(1970, 1, 1).toordinal() + entry.booked_us // 86_400_000_000
            yield {"day": date.fromordinal(day).isoformat(), "points": entry.points, "reason": entry.reason}


class WeekendMonths(Report):
    """Points of the weekend bonus by month; --set since=2026-01 leaves out what was before."""

    name = "weekend_months"

    def table(self, connection: Connection, choices: Mapping[str, str]) -> Table:
        months: dict[str, int] = {}
        rows = connection.execute(
            text("SELECT booked_us, points FROM journal WHERE rule LIKE 'weekend_bonus@%'")
        )
        for booked_us, points in rows:
            day = date.fromordinal(date(1970, 1, 1).toordinal() + booked_us // 86_400_000_000)
            months[f"{day:%Y-%m}"] = months.get(f"{day:%Y-%m}", 0) + points
        since = choices.get("since", "")
        return Table(("month", "points"), [(m, points) for m, points in sorted(months.items()) if m >= since])


@click.command("weekend-days")
@click.option("--member", "who", required=True, help="Whose.")
@click.pass_obj
def weekend_days(ledger: Any, *, who: str) -> None:
    """Print on how many days a member has had the weekend bonus."""
    with ledger.database.reading() as connection:
        sql = (
            "SELECT count(DISTINCT booked_us / 86400000000) FROM journal"
            " WHERE member = :who AND rule LIKE :rule"
        )
        days = connection.execute(text(sql), {"who": who, "rule": "weekend_bonus@%"}).scalar()
    ledger.answer({"member": who, "days": days}, [f"{who}: {days} days"])


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    return [WeekendBonus]


@hookimpl
def loyalty_fact_types() -> list[type[FactType]]:
    return [MarketVisited]


@hookimpl
def loyalty_ladders() -> list[Ladder]:
    return [Ladder("weekender", ("guest", "regular"), "How often a member comes to the weekend market.")]


@hookimpl
def loyalty_views() -> list[type[View]]:
    return [WeekendPoints]


@hookimpl
def loyalty_reports() -> list[type[Report]]:
    return [WeekendMonths]


@hookimpl
def loyalty_commands() -> list[click.Command]:
    return [weekend_days]
