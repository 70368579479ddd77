"""More of what a purchase has earned, within a window, on days that recur, for lines of a kind."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Annotated

from dateutil.rrule import rrule, rrulestr
from msgspec import Meta

from loyalty_ledger.rules import (
    MOST,
    Accrue,
    Answer,
    Award,
    Fact,
    FactError,
    Member,
    NotQualified,
    Params,
    PurchaseRecorded,
    Rounding,
    Rule,
    Selection,
    divided,
    hookimpl,
    instant_us,
    minor_units,
    on,
    purchase_refusal,
    shares,
)

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")
_REPEATS = re.compile(
    r"FREQ=(DAILY|WEEKLY|MONTHLY|YEARLY)"
    r"(;(INTERVAL=[1-9]\d{0,3}|COUNT=[1-9]\d{0,4}|UNTIL=\d{8}|WKST=[A-Z]{2}"
    r"|BY(DAY|MONTHDAY|MONTH|YEARDAY|WEEKNO|SETPOS)=[-+0-9A-Z,]+))*"
)
Text = Annotated[str, Meta(max_length=200)]


class PromotionParams(Params, frozen=True, kw_only=True):
    """Parameters of ``promotion``: percent or points, one of them.

    Attributes:
        percent: What 100 points become: 300 is three times as many.
        points: Points on top, once for a purchase.
        rounding: Of the extra points: down, half-up or up.
        title: What a statement calls it.
        since: From when: a day of the programme's zone (2026-03-01), or an instant (RFC 3339); "": always.
        until: A last day, or an instant at which it is over; "": no end.
        repeats: Of the days from *since* on only those of an RFC 5545 recurrence rule.
        hours: Only at these times in the programme's zone; past midnight they belong to the day before.
        include: What these lines have earned; empty: all of it.
        rules: What these rules have given, by label; empty: all that was given so far.
        channels: Only purchases through these; empty: all.
        stores: Only purchases in these; empty: all.
        minimum_order: Purchases below it do not qualify, in major units of the programme's currency.
    """

    percent: Annotated[int, Meta(gt=100, le=100_000)] | None = None
    points: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None
    rounding: Rounding = "down"
    title: Annotated[str, Meta(min_length=1, max_length=100)] = "promotion"
    since: Text = ""
    until: Text = ""
    repeats: Text = ""
    hours: Text = ""
    include: Selection = Selection()
    rules: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    stores: tuple[str, ...] = ()
    minimum_order: Decimal = Decimal(0)

    def __post_init__(self) -> None:
        if (self.percent is None) == (self.points is None):
            raise ValueError("set percent or points, one of them")
        if not self.minimum_order.is_finite() or self.minimum_order < 0:
            raise ValueError(f"minimum_order must be 0 or more, got {self.minimum_order}")
        if self.hours and not _HOURS.fullmatch(self.hours):
            raise ValueError(f"hours must be like 17:00-19:00, got {self.hours!r}")
        if self.hours and self.hours[:5] == self.hours[6:]:
            raise ValueError(f"hours {self.hours!r} begin where they end; leave hours out for the whole day")
        for name in ("since", "until"):
            _check_bound(name, getattr(self, name))
        if _DAY.fullmatch(self.since) and _DAY.fullmatch(self.until) and self.until < self.since:
            raise ValueError(f"until {self.until!r} is before since {self.since!r}: it would never hold")
        if self.repeats:
            _check_repeats(self.repeats, self.since)


def _check_bound(name: str, text: str) -> None:
    try:
        if text:
            date.fromisoformat(text) if _DAY.fullmatch(text) else instant_us(text)
    except (ValueError, FactError) as error:
        raise ValueError(f"{name} must be a day or an instant, such as 2026-03-01, got {text!r}") from error


def _check_repeats(repeats: str, since: str) -> None:
    if not _DAY.fullmatch(since):
        raise ValueError("repeats needs since, a day: recurrences count from it")
    names = [part.partition("=")[0] for part in repeats.split(";")]
    if not _REPEATS.fullmatch(repeats) or len(set(names)) < len(names) or {"COUNT", "UNTIL"} <= set(names):
        raise ValueError(
            f"repeats must be a recurrence rule of days, like FREQ=WEEKLY;BYDAY=SA, got {repeats!r}"
        )
    try:
        first = next(iter(_recurrence(repeats, since)), None)
    except ValueError as error:
        raise ValueError(f"repeats is no recurrence rule: {repeats!r}: {error}") from error
    if first is None:
        raise ValueError(f"repeats names no day: {repeats!r}")


def _recurrence(repeats: str, since: str) -> rrule:
    # In wall time without a zone: a day is a day, whatever its clocks do.
    found = rrulestr(repeats, dtstart=datetime.fromisoformat(since))
    if not isinstance(found, rrule):
        raise ValueError("it is a set of rules")
    return found


class Promotion(Rule):
    """More of what the purchase has earned, when and where the promotion holds."""

    name, version, stage = "promotion", 1, "multiply"
    Params = PromotionParams
    params: PromotionParams

    def __init__(self, params: PromotionParams) -> None:
        super().__init__(params)
        hours = _HOURS.fullmatch(params.hours)
        h1, m1, h2, m2 = map(int, hours.groups()) if hours else (0, 0, 0, 0)
        self._opens, self._closes = time(h1, m1), time(h2, m2)
        self._is_bound = bool(params.since or params.until or params.hours)
        self._recurring: dict[int, frozenset[date]] = {}
        """The days of the recurrence by year: worked out once, they never change."""

    def fits(self, currency: str) -> None:
        """Refuse a minimum order that the currency cannot hold."""
        minor_units(self.params.minimum_order, currency)

    @on(PurchaseRecorded)
    def multiply(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        """Award the extra points."""
        if not member.awards:
            return None
        params, order = self.params, purchase.data
        refusal = self._refusal(order, member)
        if not refusal and self._is_bound:
            refusal = self._when(purchase.occurred_us, member)
        if refusal:
            return NotQualified(reason=refusal)
        awards = [award for award in member.awards if not params.rules or award.label in params.rules]
        lines, earned = _by_line(order, awards), sum(award.points for award in awards)
        if params.include != Selection():
            matched = zip(lines or (), order.lines, strict=False)
            lines = tuple(part if params.include.matches(line) else 0 for part, line in matched)
            earned = sum(lines)
        if not earned:
            return NotQualified(reason="nothing was earned that the promotion could add to")
        if params.points is not None:
            member.note("{} points earned; {} on top", earned, params.points)
            return Accrue(points=params.points, reason=params.title, lines=lines)
        percent = (params.percent or 0) - 100
        points = min(divided(earned * percent, 100, params.rounding), MOST)
        member.note("{} points × {} %, rounded {} = {} points", earned, percent, params.rounding, points)
        return Accrue(points=points, reason=f"{params.title}: {percent} % more", lines=lines)

    def _refusal(self, order: PurchaseRecorded, member: Member) -> str:
        """Return why a purchase does not qualify wherever and whatever it is, '' if it does."""
        params = self.params
        return purchase_refusal(
            order, member.currency, channels=params.channels, stores=params.stores,
            minimum_order=params.minimum_order,
        )  # fmt: skip

    def _when(self, occurred_us: int, member: Member) -> str:
        """Return why the promotion does not hold at an instant, '' if it does."""
        params, local = self.params, member.zone.local(occurred_us)
        day, wall = local.date(), local.time()
        if params.hours:
            if self._opens < self._closes:
                is_open = self._opens <= wall < self._closes
            else:
                is_open = wall >= self._opens or wall < self._closes
                if is_open and wall < self._closes and day > date.min:
                    day -= timedelta(days=1)
            if not is_open:
                return f"not at {params.hours}"
        if params.since and _is_before(day, occurred_us, params.since):
            return f"before {params.since}"
        if params.until and not _is_within(day, occurred_us, params.until):
            return f"over since {params.until}"
        if params.repeats and day not in self._days_of(day.year):
            return f"{day} is no day of the promotion"
        return ""

    def _days_of(self, year: int) -> frozenset[date]:
        found = self._recurring.get(year)
        if found is None:
            recurrence = _recurrence(self.params.repeats, self.params.since)
            days = recurrence.between(datetime(year, 1, 1), datetime(year, 12, 31), inc=True)  # noqa: DTZ001 - wall time
            found = self._recurring[year] = frozenset(day.date() for day in days)
        return found


def _is_before(day: date, occurred_us: int, bound: str) -> bool:
    return day < date.fromisoformat(bound) if _DAY.fullmatch(bound) else occurred_us < instant_us(bound)


def _is_within(day: date, occurred_us: int, bound: str) -> bool:
    return day <= date.fromisoformat(bound) if _DAY.fullmatch(bound) else occurred_us < instant_us(bound)


def _by_line(order: PurchaseRecorded, awards: list[Award]) -> tuple[int, ...] | None:
    """Return what each line has earned, None where the order has none that could."""
    if not order.lines:
        return None
    amounts = [max(line.amount_minor, 0) for line in order.lines]
    if not any(amounts):
        amounts = [1] * len(amounts)
    earned = [0] * len(amounts)
    for award in awards:
        for number, part in enumerate(shares(award.points, award.lines or amounts)):
            earned[number] += part
    return tuple(earned)


@hookimpl
def loyalty_rules() -> list[type[Rule]]:
    """Offer the rule."""
    return [Promotion]
