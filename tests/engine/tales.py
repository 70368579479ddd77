"""Random histories, and the ways to fold them that must all come to the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from loyalty_ledger.ledger.calendar import DAY_US, HOUR_US, instant_us, rfc3339
from loyalty_ledger.ledger.facts import Fact, FactType, convert
from loyalty_ledger.ledger.facts.envelope import draft
from loyalty_ledger.ledger.facts.programme import ClockAdvanced, ProgrammeActivated
from loyalty_ledger.ledger.fold import ActionRow, FlagRow, MoveRow, StateRow, TimerRow
from loyalty_ledger.ledger.journal import Entry
from loyalty_ledger.ledger.projection.stored import stored_decoders
from loyalty_ledger.rules.catalogue import Catalogue
from loyalty_ledger.rules.engine import Engine, Group
from loyalty_ledger.rules.programme import activation

from .extra_rules import EXTRA, catalogue_of

HEAD = """
    programme = "A tale"
    zone = "Europe/Berlin"
    currency = "USD"
"""
PLAIN = f"""{HEAD}
    [rules.points_per_spend]
    [rules.redemption]
    [rules.rolling_expiry]
    days = 30
"""
RICH = f"""{HEAD}
    [rules.base]
    use = "points_per_spend"
    points = 3
    per = 2.5
    rounding = "half-up"
    exclude = {{labels = ["delivery"]}}
    [[rules.base.multipliers]]
    brands = ["acme"]
    factor = 1.5
    [rules.yen]
    use = "points_per_spend"
    currency = "JPY"
    per = 100
    round = "points"
    [rules.redemption]
    [rules.rolling_expiry]
    months = 1
    end_of = "day"
    rules = ["base", "yen", "reminder"]
    [rules.every_third]
    [rules.doubling]
    [rules.ceiling]
    [rules.deposit]
    [rules.reminder]
    [rules.afterthought]
    [rules.tardy]
    [rules.friends]
"""
OTHER = f"""{HEAD}
    [policy]
    burn_order = "oldest"
    [rules.base]
    use = "points_per_spend"
    [rules.redemption]
    [rules.reminder]
    [rules.friends]
    [rules.every_third]
    priority = 5
"""
STANDING = f"""{HEAD}
    [rules.points_per_spend]
    [[rules.points_per_spend.multipliers]]
    labels = ["red"]
    factor = 1.5
    [rules.item_bonus]
    points = 7
    skus = ["1"]
    [rules.redemption]
    [rules.rolling_expiry]
    days = 30
    [rules.clawback]
    window_days = 60
    [rules.tier]
    use = "tiers"
    days = 20
    rungs = [{{name = "Silver", points = 60, visits = 3}}, {{name = "Gold", points = 150, spend = 200}}]
    [rules.tier_multiplier]
    percent = {{Silver = 125, Gold = 150}}
    [rules.stage]
    use = "stages"
    lapse_days = 10
    lost_days = 25
    [rules.referral_bonus]
    referrer_points = 20
    referred_points = 10
    [rules.complaint_recovery]
    goodwill_points = 15
    late_points = 5
    cap_points = 20
    [rules.recommendation_intent]
    points = 5
    [rules.rewards]
    [rules.adjustments]
    [rules.opening_balance]
    [rules.holds]
    days = 10
    [rules.transfers]
    [rules.merging]
"""
STRICT = f"""{HEAD}
    [rules.points_per_spend]
    rounding = "up"
    per = 3
    [rules.redemption]
    [rules.clawback]
    by = "order"
    beyond = "clamp"
    rounding = "down"
    [rules.tier]
    use = "tiers"
    days = 30
    review = "month"
    downgrade = "one step"
    on_return = "at review"
    counts_adjustments = true
    rungs = [{{name = "Silver", points = 20}}, {{name = "Gold", points = 50}}, {{name = "Top", points = 90}}]
    [rules.stage]
    use = "stages"
    [rules.referral_bonus]
    referrer_points = 3
    minimum_order = 5
    within_days = 20
    cap = 1
    [rules.adjustments]
    [rules.holds]
    [rules.transfers]
    expiry = "restart"
    [rules.merging]
    [rules.friends]
"""
PLAINS = (PLAIN, RICH, OTHER)
OWING = STRICT.replace('"clamp"', '"debt"').replace('"at review"', '"at once"')
STANDINGS = (STANDING, STRICT, PLAIN)
PROGRAMMES = (*PLAINS, STANDING, STRICT, OWING)
CATALOGUE = catalogue_of(*EXTRA)
MEMBERS = ("ann", "bob", "cy")
START_US = instant_us("2026-01-15T22:30:00Z")


class Tale(NamedTuple):
    """A history: facts in the order of their positions, which leave gaps for advances to be put between."""

    facts: tuple[Fact[Any], ...]

    def __repr__(self) -> str:
        """Return it as a person would tell it."""
        return "\n" + "\n".join(_sentence(fact) for fact in self.facts) + "\n"

    def programme(self, upto: int = 2**62) -> list[Fact[Any]]:
        """Return the facts about the programme."""
        return [f for f in self.facts if type(f.data).about == "programme" and f.position <= upto]

    def told(self, members: Iterable[str], after: int = 0, upto: int = 2**62) -> list[Fact[Any]]:
        """Return the facts that name one of these members."""
        wanted = set(members)
        return [
            f for f in self.facts
            if after < f.position <= upto and f.data.about == "member"
            and wanted & {f.subject, *f.data.members()}
        ]  # fmt: skip

    def last(self) -> int:
        """Return the last position."""
        return self.facts[-1].position

    def groups(self, upto: int = 2**62) -> list[tuple[str, ...]]:
        """Return the members in groups, as the facts up to a position connect them."""
        group_of: dict[str, set[str]] = {}
        for fact in self.facts:
            if type(fact.data).about == "member" and fact.position <= upto:
                named = [fact.subject, *fact.data.members()]
                joined = set().union(*(group_of.get(name, {name}) for name in named))
                group_of.update(dict.fromkeys(joined, joined))
        return sorted({tuple(sorted(group)) for group in group_of.values()})


def _number(text: str) -> int | str:
    return PROGRAMMES.index(text) if text in PROGRAMMES else text


def _sentence(fact: Fact[Any]) -> str:
    fields = msgspec.to_builtins(fact.data)
    if isinstance(fact.data, ProgrammeActivated):
        fields = {"programme": _number(fact.data.text), "effective": fact.data.effective}
    return f"  {fact.position:>4} {rfc3339(fact.occurred_us)} {fact.subject} {fact.topic} {fields}"


class Outcome(NamedTuple):
    """What a fold came to, for each member: entries, flags, timers and the final state."""

    entries: dict[str, list[Entry]]
    flags: dict[str, list[FlagRow]]
    timers: dict[str, list[TimerRow]]
    states: dict[str, StateRow]
    moves: dict[str, list[MoveRow]]
    actions: dict[str, list[ActionRow]]


Step = Callable[[Group, int], None]


def fold(
    tale: Tale, *, catalogue: Catalogue = CATALOGUE, groups: Sequence[tuple[str, ...]] | None = None
) -> Outcome:
    """Fold the whole tale at once, each group as a unit."""
    return fold_in_parts(tale, (), catalogue=catalogue, groups=groups)


def fold_in_parts(
    tale: Tale, cuts: Iterable[int], *, catalogue: Catalogue = CATALOGUE,
    groups: Sequence[tuple[str, ...]] | None = None, is_settling: bool = True,
) -> Outcome:  # fmt: skip
    """Fold up to each cut with what was known there, write the states down, go on from the bytes.

    Args:
        tale: The history.
        cuts: Positions to stop at; the end is added.
        catalogue: The rules.
        groups: Members folded together; None: as the facts up to each cut connect them.
        is_settling: Whether what is due at a cut fires there, or later with the next fact.
    """
    states: dict[str, StateRow] = {}
    entries, flags = defaultdict(list), defaultdict(list)
    moves, actions = defaultdict(list), defaultdict(list)
    timers: dict[str, list[TimerRow]] = {}
    after, stops = 0, sorted({*cuts, tale.last()})
    for upto in stops:
        engine = Engine(tale.programme(upto), catalogue)
        for members in groups if groups is not None else tale.groups(upto):
            group = engine.group(members, {name: states[name].state for name in members if name in states})
            for fact in tale.told(members, after, upto):
                group.apply(fact)
            if is_settling or upto == stops[-1]:
                group.settle(upto)
            for entry in group.entries:
                entries[entry.member].append(entry)
            for flag in group.flags:
                flags[flag.member].append(flag)
            for move in group.moves:
                moves[move.member].append(move)
            for action in group.actions:
                actions[action.member].append(action)
            timers.update({name: [t for t in group.timers() if t.member == name] for name in members})
            states.update({row.member: row for row in group.states()})
        after = upto
    left = {name: mine for name, mine in timers.items() if mine}
    return Outcome(dict(entries), dict(flags), left, states, dict(moves), dict(actions))


# -- telling them -------------------------------------------------------------------------------------------

_DECODERS = stored_decoders(CATALOGUE.registry)


def tell(steps: Iterable[tuple[str | None, FactType, int]], *, stride: int = 10) -> Tale:
    """Return the history of (subject, data, occurred_us), each fact as read from its stored bytes."""
    facts = []
    for number, (subject, data, occurred_us) in enumerate(steps, start=1):
        ready = draft(
            CATALOGUE.registry, event_id=str(number), source="tale", topic=data.topic, subject=subject,
            occurred_us=occurred_us, data=data,
        )  # fmt: skip
        fact: Fact[Any] = _DECODERS[ready.topic](ready.state)
        fact.position, fact.occurred_us = number * stride, occurred_us
        facts.append(fact)
    return Tale(tuple(facts))


def fact_of(topic: str, **fields: Any) -> FactType:
    """Return checked data of a topic."""
    return convert(CATALOGUE.registry.type_of(topic), fields)


def activated(text: str, effective_us: int | None = None, *, catalogue: Catalogue = CATALOGUE) -> FactType:
    """Return the activation of a programme."""
    effective = None if effective_us is None else rfc3339(effective_us)
    return activation(text, catalogue, at="tale", effective=effective)


_lines: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"amount_minor": st.integers(0, 9_000)},
    optional={
        "sku": st.sampled_from(["1", "2"]),
        "brand": st.sampled_from(["acme", "none"]),
        "labels": st.sampled_from([["delivery"], ["red"], []]),
    },
)
_amounts = st.integers(0, 3000).map(lambda n: 35 * n) | st.integers(0, 12_000)


@st.composite
def _purchases(draw: st.DrawFn, members: Sequence[str]) -> tuple[str | None, FactType]:
    lines: list[dict[str, Any]] = draw(st.lists(_lines, max_size=3))
    amount = sum(line["amount_minor"] for line in lines) if lines else draw(_amounts)
    currency = draw(st.sampled_from(["USD"] * 6 + ["JPY", "EUR"]))
    order = draw(st.sampled_from([{}, *({"order": order} for order in ORDERS)]))
    return draw(st.sampled_from(members)), fact_of(
        "purchase.recorded", currency=currency, amount_minor=amount, lines=lines, **order
    )


@st.composite
def _links(draw: st.DrawFn, topic: str, field: str) -> tuple[str | None, FactType]:
    one, other = draw(st.permutations(MEMBERS))[:2]
    return one, fact_of(topic, **{field: other})


_linking = _links("referral.made", "referred") | _links("member.enrolled", "referrer")
_alone = [fact_of("member.enrolled"), fact_of("contact.recorded", direction="inbound", channel="shop")]
ORDERS = ("A", "B", "C")
_order = st.sampled_from(ORDERS)
_complaint = st.sampled_from(["1", "2"])
_returned_lines = st.lists(
    st.fixed_dictionaries({"line": st.integers(1, 3)}, optional={"amount_minor": st.integers(0, 4_000)}),
    min_size=1, max_size=2,
)  # fmt: skip


def _facts(topic: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[FactType]:
    return st.builds(partial(fact_of, topic), **fields)


_standing = st.one_of(
    _facts("purchase.returned", order=_order),
    _facts("purchase.returned", order=_order, amount_minor=st.integers(1, 9_000)),
    _facts("purchase.returned", order=_order, share_bps=st.integers(1, 10_000)),
    _facts("purchase.returned", order=_order, lines=_returned_lines),
    _facts(
        "fact.retracted",
        retracted=st.integers(1, 18).map(lambda number: number * 10),
        reason=st.just("wrong"),
    ),
    _facts("points.redeemed", points=st.integers(1, 90), order=_order),
    _facts("redemption.cancelled", order=_order),
    _facts("points.adjusted", points=st.integers(-80, 80).filter(bool), reason=st.just("goodwill")),
    _facts("reward.issued", reward=_order, kind=st.just("mug"), points=st.integers(0, 40)),
    _facts("reward.redeemed", reward=_order),
    _facts("reward.cancelled", reward=_order),
    _facts(
        "balance.opened", lots=st.just([{"points": 30}, {"points": 5, "expires": "2026-02-20T00:00:00Z"}])
    ),
    _facts("complaint.opened", complaint=_complaint, category=st.just("quality")),
    _facts("complaint.acknowledged", complaint=_complaint),
    _facts(
        "complaint.resolved", complaint=_complaint, remedy=st.just("refund"), points=st.sampled_from([0, 9])
    ),
    _facts("complaint.reopened", complaint=_complaint),
    _facts("complaint.followed_up", complaint=_complaint, satisfaction=st.integers(1, 5)),
    _facts("recommendation.stated", likelihood=st.sampled_from(["very likely", "possible", "impossible"])),
)
_hold = st.sampled_from(["H", "K"])
_holding = st.one_of(
    _facts("hold.placed", hold=_hold, points=st.integers(1, 60), order=_order),
    _facts("hold.captured", hold=_hold),
    _facts("hold.captured", hold=_hold, points=st.integers(1, 60)),
    _facts("hold.voided", hold=_hold),
)


@st.composite
def _passing(draw: st.DrawFn) -> tuple[str | None, FactType]:
    one, other = draw(st.permutations(MEMBERS))[:2]
    match draw(st.sampled_from(["transfer", "transfer", "merge", "unmerge"])):
        case "transfer":
            return one, fact_of("points.transferred", to=other, points=draw(st.integers(1, 60)))
        case "merge":
            return one, fact_of("members.merged", absorbed=other)
        case _:
            merge = draw(st.integers(2, 18)) * 10
            return one, fact_of("members.unmerged", absorbed=other, merge=merge)


_redemptions = st.integers(1, 90).map(lambda points: fact_of("points.redeemed", points=points))


@st.composite
def tales(
    draw: st.DrawFn, *, programmes: Sequence[str] = PLAINS, members: Sequence[str] = MEMBERS,
    is_linking: bool = True, is_standing: bool = False, max_size: int = 18,
) -> Tale:  # fmt: skip
    """Draw a history: mostly in order, some facts late, time advanced, programmes changed on the way."""
    first = draw(st.sampled_from(programmes))
    steps: list[tuple[str | None, FactType, int]] = [(None, activated(first), 0)]
    now_us = START_US
    someone = st.sampled_from(members)
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "buy": _purchases(members),
        "redeem": st.tuples(someone, _redemptions),
        "else": st.tuples(someone, st.sampled_from(_alone)),
        "advance": st.just("advance"),
        "link": _linking,
        "activate": st.just("activate"),
        "standing": st.tuples(someone, _standing),
        "hold": st.tuples(someone, _holding),
        "pass": _passing(),
    }
    names = ["buy"] * 6 + ["redeem"] * 2 + ["else", "advance"] + ["link"] * 2 * is_linking
    names += ["activate"] * (len(programmes) > 1) + (["standing"] * 8 + ["hold"] * 3) * is_standing
    names += ["pass"] * 2 * (is_standing and is_linking)
    for _ in range(draw(st.integers(1, max_size))):
        now_us += draw(st.sampled_from([0, 0, 1, 13 * HOUR_US, DAY_US, 2 * DAY_US, 5 * DAY_US, 15 * DAY_US]))
        found: Any = draw(kinds[draw(st.sampled_from(names))])
        if found == "advance":
            now_us += draw(st.sampled_from([0, 5 * DAY_US, 25 * DAY_US]))
            steps.append((None, ClockAdvanced(to=rfc3339(now_us)), now_us))
        elif found == "activate":
            effective_us = now_us + draw(st.integers(-30, 15)) * DAY_US
            steps.append((None, activated(draw(st.sampled_from(programmes)), effective_us), now_us))
        else:
            subject, data = found
            late_us = draw(st.sampled_from([0] * 5 + [HOUR_US, 10 * DAY_US, 15 * DAY_US, 40 * DAY_US]))
            steps.append((subject, data, now_us - late_us))
    return tell(steps)


def cuts_of(tale: Tale) -> st.SearchStrategy[list[int]]:
    """Draw positions of the tale to stop at."""
    return st.lists(st.sampled_from([fact.position for fact in tale.facts]), max_size=4)
