"""The oracle: what members should have, worked out a second time from DESIGN.md sections 4 and 5.

Written without sight of the engine, and in another way: what can be found by looking is not kept. Whose a lot
is, its card and the merges say; what a return takes, the returns that stand; a rung, all purchases.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from math import ceil, floor
from operator import itemgetter
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

EPOCH, MICROSECOND, NEVER_US = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1), 2**63 - 1
ROUNDED = {"down": floor, "half-up": lambda exact: floor(exact + Fraction(1, 2)), "up": ceil}
TOTALS = ("issued", "redeemed", "expired", "reversed", "adjusted", "transferred", "waived", "opened", "held")
Record = dict[str, Any]
Part = tuple[Record, str, int]  # a lot (or {}), which of its numbers (or "debt", "waive"), how many points


class Programme(NamedTuple):  # days are the zone's, but those of a hold have 24 hours
    zone: str = "UTC"
    points_per_unit: int = 1
    expiry_days: int | None = None
    pending_days: int | None = None
    burn_order: str = "soonest"  # or "oldest"
    by: str = "lines"  # or "order"
    rounding: str = "half-up"  # or "down", "up"
    beyond: str = "debt"  # or "clamp", "waive"
    window_days: int = 365
    hold_days: int = 7
    transfer_expiry: str = "keep"  # or "restart"
    rungs: tuple[tuple[str, int, int], ...] = ()  # name, points, what 100 points become
    tier_days: int = 365


class Told(NamedTuple):  # data: those fields of the type that are given, times as text
    position: int
    topic: str
    subject: str  # "" where it is no member
    occurred_us: int
    data: dict[str, Any]


class Standing(NamedTuple):  # what a member has
    pending: int
    points: int
    held: int
    lots: list[tuple[int, int, int | None]]  # points, pending, expires_us: soonest first, None last
    rung: str
    totals: dict[str, int]  # what each account gave (+) or took (-): the sum is pending + points + held


def micros(text: str) -> int:
    return NEVER_US if text == "never" else (datetime.fromisoformat(text) - EPOCH) // MICROSECOND


def largest_remainder(total: int, weights: list[int]) -> list[int]:  # ties go to the first
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    shares = [floor(share) for share in exact]
    for i in sorted(range(len(weights)), key=lambda i: shares[i] - exact[i])[: total - sum(shares)]:
        shares[i] += 1
    return shares


class Oracle:
    """Told facts in the order of their positions, knows what every member has."""

    def __init__(self, programme: Programme) -> None:
        self.rules, self.zone, self.advanced_us = programme, ZoneInfo(programme.zone), 0
        self.clocks, self.debts = defaultdict[str, int](int), defaultdict[str, int](int)
        self.totals: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(TOTALS, 0))
        self.lots: list[Record] = []  # by number
        self.records: list[Record] = []  # what gave points ("award"), and what took or held them ("parts")
        self.merges: dict[str, tuple[str, int]] = {}  # absorbed: survivor, position
        self.waiting: list[Told] = []  # returns without their purchase

    def tell(self, fact: Told) -> None:
        """Take in the next fact. Of topics it does not know, the oracle takes only the time."""
        if fact.topic == "clock.advanced":
            self.advanced_us = max(self.advanced_us, micros(fact.data["to"]))
            for who in list(self.clocks):
                self.move(who, self.advanced_us)
        elif fact.subject:
            self.fact, self.me = fact, self.who(fact.subject)  # at hand, and whose it is
            self.move(self.me, max(fact.occurred_us, self.advanced_us))
            self.give_and_take(fact.topic, fact.data)
            self.hold_and_hand_over(fact.topic, fact.data)
            self.move(self.me, 0)
            for told in self.waiting.copy() if fact.topic != "purchase.returned" else ():
                self.waiting.remove(told)
                self.tell(told)

    def member(self, name: str) -> Standing:
        """Return what a member has, by its own clock."""
        now, totals = self.move(name, self.advanced_us), dict(self.totals[name])
        lots = sorted((lot["ends_us"], lot["usable_us"] > now, lot["points"]) for lot in self.lots_of(name))
        shown = [(n * (not waits), n * waits, None if at == NEVER_US else at) for at, waits, n in lots if n]
        points, pending = sum(lot[0] for lot in shown) - self.debts[name], sum(lot[1] for lot in shown)
        totals["transferred"] += pending + points - sum(totals.values())  # what nothing else explains
        return Standing(pending, points, -totals.pop("held"), shown, self.rung(name)[0], totals)

    def who(self, card: str) -> str:
        return self.who(self.merges[card][0]) if card in self.merges else card

    def mine(self, **wanted: Any) -> list[Record]:
        """Return the records on my cards with these values that are not too old for the fact at hand."""
        oldest_us = self.later(self.fact.occurred_us, -self.rules.window_days)
        mine = [r for r in self.records if self.who(r["card"]) == self.me and r["occurred_us"] >= oldest_us]
        return [record for record in mine if record.items() >= wanted.items()]

    def lots_of(self, who: str) -> list[Record]:
        keys = ("ends_us", "booked_us", "fact")[self.rules.burn_order == "oldest" :]
        return sorted([lot for lot in self.lots if self.who(lot["card"]) == who], key=itemgetter(*keys))

    def local(self, us: int, days: int = 0) -> datetime:
        return (EPOCH + us * MICROSECOND).astimezone(self.zone) + timedelta(days=days)

    def later(self, us: int, days: int | None) -> int:
        return NEVER_US if days is None else (self.local(us, days) - EPOCH) // MICROSECOND

    def move(self, who: str, us: int) -> int:
        """Pay debt and fire what is due up to an instant or the clock, if later. Return the clock."""
        until = max(us, self.clocks[who])
        while True:
            _, self.debts[who] = self.take(who, self.debts[who])
            lots = [lot for lot in self.lots_of(who) if lot["points"]]
            due = [(lot["usable_us"], 0, "", lot) for lot in lots if lot["usable_us"] > self.clocks[who]]
            due += [(lot["ends_us"], 1, "", lot) for lot in lots]
            due += [(r["due_us"], 2, r.get("hold", ""), r) for r in self.records if r["card"] == who]
            at, phase, _, what = min(due, key=lambda timer: timer[:3], default=(NEVER_US, 0, "", {}))
            self.clocks[who] = max(self.clocks[who], min(at, until))
            if at > until:
                return until
            if phase == 1:
                self.totals[who]["expired"] -= what["points"]
                what["points"], what["expired"] = 0, what["expired"] + what["points"]
            elif phase == 2:
                self.end(what, 0)

    def give(self, card: str, points: int, account: str, expires: str | None = None, **terms: Any) -> None:
        """Give points as a new lot, which pays debt first; without an expiry by the programme's terms."""
        who, now = self.who(card), self.move(self.who(card), self.clocks[self.me])
        lot = {"card": card, "origin": None, "booked_us": now, "usable_us": 0, "points": points, "expired": 0}
        ends_us = micros(expires) if expires else self.later(self.fact.occurred_us, self.rules.expiry_days)
        self.lots += [{**lot, "fact": self.fact.position, "ends_us": ends_us, **terms}] if points else []
        self.totals[who][account] += points
        self.move(who, 0)

    def take(self, who: str, points: int, origin: Record | None = None) -> tuple[list[Part], int]:
        """Take in burn order what is usable, or what an award gave, expired last. Return what is missing."""
        parts, now = list[Part](), self.clocks[who]
        for where in ("points", "expired") if origin else ("points",):
            for lot in self.lots_of(who):
                fits = lot["origin"] is origin if origin else lot["usable_us"] <= now
                n = min(points, lot[where]) if fits else 0
                lot[where], points = lot[where] - n, points - n
                parts += [(lot, where, n)] if n else []
        return parts, points

    def burn(self, points: int, beyond: str = "debt") -> list[Part]:
        parts, short = self.take(self.me, points)
        self.debts[self.me] += short if beyond == "debt" else 0
        self.totals[self.me]["waived"] += short if beyond == "waive" else 0
        return [*parts, ({}, beyond, short)] if short and beyond != "clamp" else parts

    def keep(self, account: str, parts: list[Part], **more: Any) -> Record:
        """Remember what the fact did; book what it took."""
        record = {"card": self.fact.subject, "occurred_us": self.fact.occurred_us, "due_us": NEVER_US}
        record |= {"position": self.fact.position, "account": account, "parts": parts, "order": None}
        self.records.append({**record, "award": None, "returns": [], "ended_by": None, **more})
        self.totals[self.me][account] -= sum(n for _, where, n in parts if where != "expired")
        return self.records[-1]

    def end(self, record: Record, position: int) -> None:
        """Put back what was taken where it was taken from: debt first, then the lots in their order."""
        who = self.who(record["card"])
        record |= {"ended_by": position, "due_us": NEVER_US}
        for lot, where, n in sorted(record["parts"], key=lambda part: bool(part[0])):
            self.totals[who][record["account"]] += n if where != "expired" else 0
            self.totals[who]["waived"] -= n if where == "waive" else 0
            if where == "debt":  # where other points have paid it since, they come back as a new lot
                self.give(record["card"], n, "transferred")
            elif lot:
                lot[where], whose = lot[where] + n, self.who(lot["card"])
                _, self.debts[whose] = self.take(whose, self.debts[whose])
        self.move(who, 0)

    def rung(self, who: str) -> tuple[str, int, int]:
        """Return the rung that the points of the window reach: up at once, down with the day or a return."""
        first = self.local(self.clocks[who], 1 - self.rules.tier_days).date()
        mine = [r for r in self.records if r["account"] == "issued" and self.who(r["card"]) == who]
        mine = [r for r in mine if self.local(r["occurred_us"]).date() >= first]
        earned = sum(r["award"] - sum(b["due"] for b in r["returns"] if b["ended_by"] is None) for r in mine)
        return [("Basic", 0, 100), *(rung for rung in self.rules.rungs if earned >= rung[1])][-1]

    def bring_back(self, award: Record, named: dict[str, Any]) -> None:
        """Take what the returned lines earned; if all is back, first return what was spent on the order."""
        weights, before = award["weights"], [taken for taken in award["returns"] if taken["ended_by"] is None]
        left = [weight - sum(taken["back"][i] for taken in before) for i, weight in enumerate(weights)]
        share = Fraction(sum(weights) * named.get("share_bps", 10_000), 10_000)
        amount = named.get("amount_minor", ROUNDED["half-up"](share))
        back = left if amount >= sum(left) else largest_remainder(amount, left)
        for i, rest in enumerate(left) if named.get("lines") else ():
            named_minor = [line.get("amount_minor", rest) for line in named["lines"] if line["line"] == i + 1]
            back = [*back[:i], min(rest, sum(named_minor)), *back[i + 1 :]]
        for spent in self.mine(account="redeemed", order=award["order"], ended_by=None):
            if back == left and any(back):
                self.end(spent, self.fact.position)
        gone = [weight - rest + now for weight, rest, now in zip(weights, left, back, strict=True)]
        if self.rules.by == "order":
            gone, weights = [sum(gone)], [sum(weights)]
        shares = zip(largest_remainder(award["award"], weights), gone, weights, strict=True)
        exact = sum((Fraction(share * n, weight) for share, n, weight in shares if weight), Fraction(0))
        due = max(0, ROUNDED[self.rules.rounding](exact) - sum(taken["due"] for taken in before))
        own, beyond = self.take(self.me, due, award)
        parts = own + self.burn(beyond, self.rules.beyond)
        award["returns"].append(self.keep("reversed", parts, card=award["card"], back=back, due=due))

    def give_and_take(self, topic: str, data: dict[str, Any]) -> None:  # noqa: C901 - one case a topic
        fact, card, order = self.fact, self.fact.subject, data.get("order")
        match topic:
            case "purchase.recorded":
                weights = [line["amount_minor"] for line in data.get("lines", ())] or [data["amount_minor"]]
                weights = weights if any(weights) else [1] * len(weights)
                base = data["amount_minor"] // 100 * self.rules.points_per_unit
                usable_us = self.later(fact.occurred_us, self.rules.pending_days or 0)
                for n in (base, base * (self.rung(self.me)[2] - 100) // 100):
                    award = self.keep("issued", [], award=n, weights=weights, order=order or fact.position)
                    self.give(card, n, "issued", origin=award, usable_us=usable_us)
            case "purchase.returned":
                bought = self.mine(account="issued", order=order)
                self.waiting += [] if bought else [fact]
                for award in bought:
                    self.bring_back(award, data)
            case "points.redeemed":
                self.keep("redeemed", self.burn(data["points"]), order=order)
            case "redemption.cancelled":
                for spent in self.mine(account="redeemed", order=order, ended_by=None)[-1:]:
                    self.end(spent, fact.position)
            case "points.adjusted" if data["points"] > 0:
                award = self.keep("adjusted", [], award=data["points"], weights=[1], order=fact.position)
                self.give(card, data["points"], "adjusted", data.get("expires"), origin=award)
            case "points.adjusted":
                self.keep("adjusted", self.burn(-data["points"]))
            case "balance.opened":
                for lot in data["lots"]:
                    self.give(card, lot["points"], "opened", lot.get("expires"))
                self.keep("opened", self.burn(data.get("debt", 0)), position=0)
            case "points.reinstated":
                n = min(data["points"], -self.totals[self.me]["expired"])
                self.give(card, n, "expired", data.get("expires", "never"))
            case "points.extended":
                mine = [lot for lot in self.lots if self.who(lot["card"]) == self.me]
                for lot in mine if "lot" not in data else mine[data["lot"] - 1 : data["lot"]]:
                    if lot["ends_us"] > self.clocks[self.me]:
                        lot["ends_us"] = max(lot["ends_us"], micros(data["expires"]))
            case "fact.retracted":
                self.waiting = [told for told in self.waiting if told.position != data["retracted"]]
                for did in self.mine(position=data["retracted"], ended_by=None):
                    self.end(did, fact.position) if did["award"] is None else self.bring_back(did, {})
                for undone in self.mine(ended_by=data["retracted"]):
                    n = sum(n for _, where, n in undone["parts"] if where != "expired")
                    undone |= {"parts": self.burn(n), "ended_by": None}
                    self.totals[self.me][undone["account"]] -= n

    def hold_and_hand_over(self, topic: str, data: dict[str, Any]) -> None:  # noqa: C901 - one case a topic
        absorbed, hold = data.get("absorbed", ""), data.get("hold", "")
        match topic:
            case "hold.placed" if not self.mine(hold=hold):
                due = timedelta(days=self.rules.hold_days) // MICROSECOND + self.fact.occurred_us
                if parts := self.take(self.me, data["points"])[0]:
                    more = {"card": self.me, "position": 0, "order": data.get("order"), "hold": hold}
                    self.keep("held", parts, due_us=micros(data["until"]) if "until" in data else due, **more)
            case "hold.captured" | "hold.voided":
                for held in self.mine(hold=hold, ended_by=None):
                    asked, taken = data.get("points", NEVER_US), list[Part]()
                    for i, (lot, where, n) in enumerate(held["parts"] if topic == "hold.captured" else ()):
                        taken.append((lot, where, min(n, asked)))
                        held["parts"][i] = (lot, where, n - min(n, asked))
                        asked -= min(n, asked)
                    if taken:
                        self.totals[self.me]["held"] += sum(n for *_, n in taken)
                        self.keep("redeemed", taken, order=held["order"])
                    self.end(held, 0)
            case "points.transferred" if self.who(data["to"]) != self.me:
                kept = ["origin", "booked_us", "fact", "ends_us"] * (self.rules.transfer_expiry == "keep")
                for lot, _, n in self.burn(data["points"]):
                    self.give(data["to"], n, "transferred", **{key: lot[key] for key in kept if lot})
            case "members.merged" if absorbed not in (self.me, *self.merges):
                self.move(self.me, self.move(absorbed, self.clocks[self.me]))
                for held in [r for r in self.records if r["card"] == absorbed and r["due_us"] < NEVER_US]:
                    self.end(held, 0)
                self.merges[absorbed] = (self.me, self.fact.position)
                self.debts[self.me] += self.debts.pop(absorbed)
            case "members.unmerged" if absorbed in self.merges and self.who(absorbed) == self.me:
                if self.merges[absorbed][1] == data["merge"]:
                    del self.merges[absorbed]
                    self.clocks[absorbed] = self.clocks[self.me]
