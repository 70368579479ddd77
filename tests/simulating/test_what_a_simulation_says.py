"""Small shops whose sums can be done by hand: who wins and loses, debts, money, tiers, who is set aside."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from engine.extra_rules import catalogue_of
from loyalty_ledger.ledger.errors import LoyaltyError, UsageError
from loyalty_ledger.ledger.projection import Recipe
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules import (
    Accrue,
    Answer,
    Count,
    Effect,
    Fact,
    Member,
    PurchaseRecorded,
    Rule,
    on,
)
from loyalty_ledger.rules.catalogue import Catalogue, installed
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.simulating import (
    members_named,
    page_of,
    point_worth,
    read_candidate,
    simulation_lines,
)
from simulating.what_if import Told, drafts_of, programme, tell, what_if

ONE = programme("One", "points_per_spend", "redemption")
HALF = programme("Half", "points_per_spend\nper = 2", "redemption")
TIERS = "tiers\nrungs = [{name = 'Silver', points = 60}, {name = 'Gold', points = 150}]\ndays = 365"


def bought(member: str, day: str, amount: str) -> Told:
    return "purchase.recorded", member, day, {"currency": "USD", "amount": amount}


SHOP: list[Told] = [
    bought("ann", "2026-01-10", "100.00"), bought("bob", "2026-01-11", "100.00"),
    bought("cid", "2026-01-12", "0.50"), ("points.redeemed", "ann", "2026-01-20", {"points": 80}),
    bought("bob", "2026-03-02", "60.00"),
]  # fmt: skip


def test_who_spent_what_the_candidate_would_not_have_given_owes_it(ledger_database: Database) -> None:
    """Ann has 100 and spends 80; half as many points leave her 30 short. Bob has 160, then 80."""
    tell(ledger_database, drafts_of(ONE, SHOP))

    found, members = what_if(ledger_database, HALF)

    assert {member: row.measured("balance") for member, row in members.items()} == {
        "ann": (20, -30), "bob": (160, 80), "cid": (0, 0),
    }  # fmt: skip
    points = found.totals.points
    assert (points["earned"], points["redeemed"]) == ([260, 130], [-80, -80])
    assert (points["outstanding"], points["debt"]) == ([180, 80], [0, 30])
    assert (found.totals.in_debt, found.totals.newly_in_debt) == ([0, 1], 1)
    assert found.kinds == {"lost": 2, "same": 1}
    assert [row.member for row in found.losers] == ["bob", "ann"]
    assert "1 member only under the candidate, having spent" in " ".join(simulation_lines(found))


def test_since_a_day_only_what_occurred_from_then_on_is_under_it(ledger_database: Database) -> None:
    """Bob's 60 dollars of March are worth 30; what was bought in January keeps its points."""
    tell(ledger_database, drafts_of(ONE, SHOP))

    found, members = what_if(ledger_database, HALF, since="2026-03-02")

    assert members["bob"].measured("balance") == (160, 130)
    assert found.kinds == {"lost": 1, "same": 2}
    assert what_if(ledger_database, HALF, since="2026-03-03").found.is_same


def test_who_earned_less_but_has_as_much_is_named_when_earning_decides(ledger_database: Database) -> None:
    """Everything has expired by June: nobody has anything, but half as much was earned."""
    expiry = "rolling_expiry\ndays = 30"
    recorded, candidate = (
        programme(name, f"points_per_spend\nper = {per}", expiry) for name, per in (("A", 1), ("B", 2))
    )
    tell(ledger_database, drafts_of(recorded, [bought("ann", "2026-01-10", "100.00"), LATER]))

    found, members = what_if(ledger_database, candidate)
    earned, _ = what_if(ledger_database, candidate, by="earned")

    assert members["ann"].measured("balance") == (0, 0)
    assert (found.kinds, found.totals.earned) == ({"otherwise": 1}, [0, 1])
    assert (earned.kinds, [row.member for row in earned.losers]) == ({"lost": 1}, ["ann"])


LATER: Told = ("clock.advanced", None, "2026-05-01", {"to": "2026-05-01T00:00:00Z"})


def test_every_ladder_says_who_would_stand_where(ledger_database: Database) -> None:
    """Ann has 100 points and Silver, bob 160 and Gold; with half of them ann has no rung, and bob Silver."""
    recorded = programme("A", "points_per_spend", TIERS)
    candidate = programme("B", "points_per_spend\nper = 2", TIERS)
    tell(ledger_database, drafts_of(recorded, SHOP[:3] + SHOP[4:]))

    found, _ = what_if(ledger_database, candidate)

    assert found.totals.rungs == {("tiers", "Silver", ""): 1, ("tiers", "Gold", "Silver"): 1}
    # Ann moves once and bob twice; then nobody but bob, once.
    assert found.totals.moves == [3, 1]
    page = simulation_lines(found)
    assert page[page.index("ladder tiers: where members would stand") + 1 :][:3] == [
        f"  {words:<30}{many:>8}"
        for words, many in (("Gold → Silver", 1), ("Silver → none", 1), ("on the same rung", 0))
    ]


def test_points_are_worth_what_was_recorded_last_or_what_is_asked(ledger_database: Database) -> None:
    """100 points for 1.00, then for 0.50: 180 and 80 points are 0.90 and 0.40."""
    values: list[Told] = [
        ("point_value.set", None, day, {"points": 100, "value_minor": minor, "currency": "USD"})
        for day, minor in (("2026-01-01", 100), ("2026-02-01", 50))
    ]
    tell(ledger_database, drafts_of(ONE, [*SHOP, *values]))
    with ledger_database.reading() as connection:
        recorded = point_worth(connection, installed(), None)
        asked = point_worth(connection, installed(), "0.005")
        with pytest.raises(UsageError, match="no amount: 'NaN'"):
            point_worth(connection, installed(), "NaN")

    found = what_if(ledger_database, HALF, worth=recorded).found.fields()["liability_minor"]

    assert (found["recorded"], found["candidate"], found["difference"]) == (90, 40, -50)
    # Half a cent a point: 3 points are 1.5 cents, half a cent up.
    assert asked is not None
    assert [asked.minor(points) for points in (3, -3, 200)] == [2, -2, 100]


class Breaking(Rule):
    """Fails for whoever spends a round hundred."""

    name, stage = "breaking", "earn"

    @on(PurchaseRecorded)
    def fail(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        if purchase.data.amount_minor == 100_00:
            raise ValueError("a round hundred")
        return Accrue(points=1, reason="a purchase")


CATALOGUE = catalogue_of(Breaking)


def recipe_of(catalogue: Catalogue) -> Recipe:
    return Recipe(
        make_fold=lambda facts: Engine(facts, catalogue), make_registry=lambda: catalogue.registry
    )  # fmt: skip


def test_who_is_set_aside_is_named_and_left_out_of_every_sum(ledger_database: Database) -> None:
    """Under the candidate a rule fails for ann and bob: cid alone is compared."""
    one = "programme = 'One'\nzone = 'UTC'\ncurrency = 'USD'\n[rules.points_per_spend]\n[rules.redemption]\n"
    tell(ledger_database, drafts_of(one, SHOP, catalogue=CATALOGUE))
    breaking = f"{one}[rules.breaking]\n"

    found, members = what_if(ledger_database, breaking, recipe=recipe_of(CATALOGUE), catalogue=CATALOGUE)

    assert found.kinds == {"aside": 2, "won": 1}
    assert [(a.side, a.position, a.rule) for a in members["ann"].asides] == [("candidate", 2, "breaking@1")]
    assert found.totals.members == 1
    assert found.totals.points["earned"] == [0, 1]
    assert sum(found.members for found in found.bins) == 1
    page = "\n".join(simulation_lines(found))
    assert "SET ASIDE  2 members, left out of all sums" in page
    assert "ann, candidate, at position 2: rule breaking@1" in page
    fields = found.fields()["asides"]
    assert [row["member"] for row in fields] == ["ann", "bob"]
    assert "a round hundred" in fields[0]["candidate"]["error"]


def test_of_equals_the_first_by_id_are_named(ledger_database: Database) -> None:
    told = [bought(member, "2026-01-10", "10.00") for member in ("dan", "bob", "cid", "ann")]
    tell(ledger_database, drafts_of(HALF, told))

    found, _ = what_if(ledger_database, ONE, top=3)
    back = what_if(ledger_database, programme("Third", "points_per_spend\nper = 3"), top=2).found

    assert [row.member for row in found.winners] == ["ann", "bob", "cid"]
    assert [row.member for row in back.losers] == ["ann", "bob"]
    assert (found.kinds, back.kinds) == ({"won": 4}, {"lost": 4})
    assert found.ground.facts == 4


class Stamps(Rule):
    """As many points as orders so far."""

    name = "stamps"

    @on(PurchaseRecorded)
    def stamp(self, purchase: Fact[PurchaseRecorded], member: Member) -> Iterator[Effect]:
        yield Count(counter="orders")
        yield Accrue(points=member.counter("orders"), reason="stamps")


class Hundreds(Stamps):
    """Takes over as a hundred what was counted as one."""

    version = 2

    def migrate(self, kept: dict[str, int | str], version: int) -> dict[str, int | str] | None:
        return {"orders": 100 * int(kept["orders"])}


def test_a_new_version_takes_over_what_the_recorded_one_remembers(ledger_database: Database) -> None:
    """Two orders, then two under version 2: 1 + 2 + 201 + 202 points.

    Planted bug seen to fail here: the candidate stands before the recorded programmes.
    """
    catalogue = catalogue_of(Stamps, Hundreds)
    recipe = Recipe(
        make_fold=lambda facts: Engine(facts, catalogue), make_registry=lambda: catalogue.registry
    )
    told = [bought("ann", day, "1.00") for day in ("2026-01-01", "2026-01-02", "2026-02-01", "2026-02-02")]
    versions = [programme("Stamps", f"stamps\nversion = {version}") for version in (1, 2)]
    tell(ledger_database, drafts_of(versions[0], told, catalogue=catalogue))

    _, since = what_if(ledger_database, versions[1], since="2026-02-01", recipe=recipe, catalogue=catalogue)
    _, always = what_if(ledger_database, versions[1], recipe=recipe, catalogue=catalogue)

    assert since["ann"].measured("balance") == (1 + 2 + 3 + 4, 1 + 2 + 201 + 202)
    # From the beginning of time nothing was remembered before: it counts as version 1 does.
    assert always["ann"].measured("balance") == (10, 10)


def test_facts_that_lose_their_rule_are_counted(ledger_database: Database) -> None:
    tell(ledger_database, drafts_of(ONE, SHOP))
    silent = programme("Silent", "points_per_spend")

    assert what_if(ledger_database, silent).found.unheard == {"points.redeemed": 1}
    assert what_if(ledger_database, silent, since="2026-02-01").found.unheard == {}
    assert what_if(ledger_database, HALF).found.unheard == {}


def test_a_member_is_explained_fact_by_fact_on_both_sides(ledger_database: Database) -> None:
    tell(ledger_database, drafts_of(ONE, SHOP))
    with ledger_database.reading() as connection:
        half = read_candidate(connection, installed(), HALF, at="half.toml", since_us=None)
        page = page_of(connection, installed(), half, "ann")
        same = page_of(
            connection,
            installed(),
            read_candidate(connection, installed(), ONE, at="x", since_us=None),
            "ann",
        )

    # The redemption is spent from a lot, and beyond it from nothing: two entries instead of one.
    fields = page.fields()
    assert [fact["position"] for fact in fields["facts"]] == [2, 5]
    assert fields["balance"] == {"recorded": 20, "candidate": -30, "difference": -50}
    assert [e["points"] for e in fields["facts"][0]["candidate"]["entries"]] == [50]
    assert [e["points"] for e in fields["facts"][1]["recorded"]["entries"]] == [-80]
    assert [e["points"] for e in fields["facts"][1]["candidate"]["entries"]] == [-50, -30]
    assert "nothing changes: every entry and move is the same on both sides" in same.lines()
    assert page.lines()[:9] == [
        f"member ann{'times of UTC':>70}", "candidate  Half, from the beginning of time", "",
        "points                         recorded      candidate     difference",
        "  in all                             20            -30            -50  -250.0 %",
        "  by points_per_spend@1             100             50            -50  -50.0 %",
        "  by redemption@1                   -80            -80              0", "",
        "the sides differ at 2 facts:",
    ]  # fmt: skip
    assert all(len(line) <= 80 for line in page.lines())
    json.dumps(fields)


def test_points_that_wait_or_are_held_are_a_members_too(ledger_database: Database) -> None:
    """Of bob's 100 points 40 are held; under the candidate the 50 of March are still pending in April."""
    rules = "points_per_spend", "redemption", "holds\ndays = 300"
    held: Told = ("hold.placed", "bob", "2026-01-20", {"hold": "H-1", "points": 40})
    until: Told = ("clock.advanced", None, "2026-04-01", {"to": "2026-04-01T00:00:00Z"})
    told = [bought("bob", "2026-01-11", "100.00"), held, bought("bob", "2026-03-02", "50.00"), until]
    tell(ledger_database, drafts_of(programme("Now", *rules), told))

    found, members = what_if(
        ledger_database, programme("Later", *rules, "pending\ndays = 60"), since="2026-02-01"
    )

    recorded, candidate = members["bob"].recorded, members["bob"].candidate
    assert (recorded.points, recorded.pending, recorded.held) == (110, 0, 40)
    assert (candidate.points, candidate.pending, candidate.held) == (60, 50, 40)
    assert found.kinds == {"otherwise": 1}
    assert found.totals.points["outstanding"] == [150, 150]
    # Holding moves points within the member: no rule gives or takes any.
    assert {rule: pair for rule, pair in found.totals.rules.items() if any(pair)} == {
        "points_per_spend@1": [150, 150]
    }


def test_a_budget_shared_by_all_is_used_up_in_the_order_of_the_log_whoever_is_asked_for(
    ledger_database: Database,
) -> None:
    """250 points at 100 an order: zoe and bob get theirs, ann what is left, dan nothing."""
    told = [bought(member, "2026-01-10", "1.00") for member in ("zoe", "bob", "ann", "dan")]
    tell(ledger_database, drafts_of(ONE, told))
    offer = programme(
        "Offer", "points_per_spend", "redemption", "launch\nuse = 'limited_offer'\nbudget = 250\npoints = 100"
    )

    whole = what_if(ledger_database, offer).members
    some = what_if(ledger_database, offer, members=("ann", "dan")).members
    with ledger_database.reading() as connection:
        tried = read_candidate(connection, installed(), offer, at="offer.toml", since_us=None)
        page = page_of(connection, installed(), tried, "ann").fields()

    changes = {member: row.change("balance") for member, row in whole.items()}
    assert changes == {"zoe": 100, "bob": 100, "ann": 50, "dan": 0}
    assert some == {member: whole[member] for member in ("ann", "dan")}
    assert page["balance"]["difference"] == 50


def test_nobody_unknown_is_simulated(ledger_database: Database) -> None:
    tell(ledger_database, drafts_of(ONE, SHOP))

    with pytest.raises(LoyaltyError, match="no fact names member 'zoe'"):
        what_if(ledger_database, HALF, members=("zoe",))
    with pytest.raises(UsageError, match="no member in ' , '"):
        members_named([" , "])
    assert members_named(["bob,ann", "ann"]) == ("ann", "bob")


def test_a_sample_larger_than_the_shop_is_the_shop(ledger_database: Database) -> None:
    tell(ledger_database, drafts_of(ONE, SHOP))

    assert set(what_if(ledger_database, HALF, sample=50).members) == {"ann", "bob", "cid"}
