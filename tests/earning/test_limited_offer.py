"""A budget shared by all members is used up in the order of the log, whoever is folded first."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from loyalty_ledger.rules import Accrue, Answer, Fact, Member, PurchaseRecorded, Rule, hookimpl, on
from loyalty_ledger.rules.catalogue import Catalogue, Plugin
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.programme import activation
from loyalty_ledger.rules.testing import Story

HEAD = 'programme = "Launch"\nzone = "UTC"\ncurrency = "USD"\n'
OFFER = f"{HEAD}[rules.launch]\nuse = 'limited_offer'\nbudget = 250\npoints = 100\n"


def points(story: Story) -> dict[str, int]:
    """Return who has what, each member folded alone and the last in the log first."""
    programme, others = story.split()
    engine = Engine(programme, story.catalogue)
    for fact in others:
        engine.grant(fact)
    found = {}
    for member in sorted({fact.subject for fact in others}, reverse=True):
        group = engine.group((member,), {})
        for fact in others:
            if fact.subject == member:
                group.apply(fact)
        found[member] = group.state_of(member).points
    return found


def told(text: str = OFFER) -> Story:
    story = Story(text)
    for number, member in enumerate(("zoe", "bob", "ann", "zoe")):
        story.purchase(member, "10.00", at=f"2026-01-0{number + 1}")
    return story


def test_first_come_first_served() -> None:
    """250 points at 100 an order: two whole ones, and half of one for who comes third."""
    assert points(told()) == {"zoe": 100, "bob": 100, "ann": 50}


def test_who_comes_last_may_get_nothing_instead_of_part() -> None:
    assert points(told(OFFER + "last = 'none'\n")) == {"zoe": 100, "bob": 100, "ann": 0}


def test_the_order_is_that_of_the_log_not_of_the_days() -> None:
    story = Story(OFFER)
    story.purchase("ann", "10.00", at="2026-03-01")
    story.purchase("bob", "10.00", at="2026-02-01")  # told later, dated earlier
    story.purchase("cid", "10.00", at="2026-01-01")

    assert points(story) == {"ann": 100, "bob": 100, "cid": 50}


def test_what_does_not_qualify_claims_nothing() -> None:
    story = Story(OFFER + "minimum_order = 20\nstores = ['north']\n")
    story.purchase("ann", "19.99", at="2026-01-01", store="north")
    story.purchase("ann", "20.00", at="2026-01-01", store="south")
    story.purchase("bob", "20.00", at="2026-01-01", store="north")

    assert points(story) == {"ann": 0, "bob": 100}
    reasons = [note.text for note in story.notes() if note.is_refusal]
    assert reasons == ["$19.99 is below the minimum order of $20.00", "not in north"]


def test_units_of_the_items_named_are_counted() -> None:
    story = Story(OFFER + "each = 'unit'\nbrands = ['acme']\n")
    lines = [
        {"sku": "a", "brand": "acme", "quantity": 2, "amount": "5.00"},
        {"sku": "b", "brand": "else", "quantity": 9, "amount": "5.00"},
    ]
    story.purchase("ann", "10.00", at="2026-01-01", lines=lines)

    assert points(story) == {"ann": 200}


def test_who_is_refused_is_told_that_the_budget_is_used_up() -> None:
    assert [note.text for note in told().notes() if note.is_refusal] == [
        "the budget of 250 points is used up"
    ]


def test_a_return_gives_no_budget_back() -> None:
    story = Story(OFFER + "[rules.clawback]\n")
    story.purchase("ann", "10.00", at="2026-01-01", order="A")
    story.purchase("bob", "10.00", at="2026-01-02")
    story.given("ann", "purchase.returned", at="2026-01-03", order="A")
    story.purchase("cid", "10.00", at="2026-01-04")

    assert [story.balance(member) for member in ("ann", "bob", "cid")] == [0, 100, 50]


def test_a_larger_budget_in_the_next_programme_goes_on_from_what_was_used() -> None:
    story = told()
    more = activation(
        OFFER.replace("250", "400"), story.catalogue, at="story", effective="2026-02-01T00:00:00Z"
    )
    story.record(None, more, at="2026-02-01")
    story.purchase("dan", "10.00", at="2026-02-02")  # 400 - 250 = 150 are left
    story.purchase("eve", "10.00", at="2026-02-03")

    assert points(story) == {"zoe": 100, "bob": 100, "ann": 50, "dan": 100, "eve": 50}


class Careless(Rule):
    """Cannot say what a purchase of one dollar claims."""

    name = "careless"

    def budget(self) -> int:
        return 1000

    def claim(self, fact: Fact[PurchaseRecorded], currency: str) -> int:
        return 10_000 // (fact.data.amount_minor - 100)

    @on(PurchaseRecorded)
    def give(self, purchase: Fact[PurchaseRecorded], member: Member) -> Answer:
        return Accrue(points=member.granted, reason="granted")


@pytest.fixture
def careless() -> Catalogue:
    def loyalty_rules() -> list[type[Rule]]:
        return [Careless]

    module = SimpleNamespace(__name__="careless", loyalty_rules=hookimpl(loyalty_rules))
    return Catalogue([(Plugin("careless", "1", "0" * 64), module)])


def test_a_claim_that_fails_fails_where_the_fact_is_folded(careless: Catalogue) -> None:
    story = Story(HEAD + "[rules.careless]\n", catalogue=careless)
    story.purchase("ann", "2.00", at="2026-01-01")  # 10,000 / 100 = 100
    story.purchase("bob", "1.00", at="2026-01-01")

    programme, others = story.split()
    engine = Engine(programme, careless)
    for fact in others:
        engine.grant(fact)
    ann, bob = engine.group(("ann",), {}), engine.group(("bob",), {})
    ann.apply(others[0])
    assert ann.state_of("ann").points == 100
    with pytest.raises(Exception, match=r"careless@1.*the claim failed: ZeroDivisionError"):
        bob.apply(others[1])


def test_a_ledger_grants_the_same_live_in_a_rebuild_and_at_the_desk(tmp_path: Path) -> None:
    """Through the command line's own parts: batches of one, two processes, and a decision."""
    from click.testing import CliRunner

    from loyalty_ledger.cli import main

    (tmp_path / "p.toml").write_text(OFFER + "[rules.redemption]\n")
    db = ["--db", f"sqlite:///{tmp_path / 'l.db'}"]

    def run(*words: str) -> str:
        done = CliRunner().invoke(main, [*words, *db])
        assert done.exit_code == 0, done.stderr
        return done.stdout

    run("init", "--programme", str(tmp_path / "p.toml"))
    for number, member in enumerate(("zoe", "bob", "ann")):
        run(
            "record", "purchase.recorded", member, "--set", "amount=10.00", "--set", "currency=USD",
            "--at", f"2026-01-0{number + 1}T00:00:00Z",
        )  # fmt: skip
        if number == 1:
            run("project", "run", "--batch", "1")
    run("redeem", "ann", "50", "--at", "2026-01-04T00:00:00Z")  # not projected yet: granted at the desk
    run("project", "run", "--batch", "1")
    live = run("project", "status", "--digests")
    run("project", "rebuild", "--processes", "2")

    digest = [line for line in live.splitlines() if line.startswith("digest")]
    rebuilt = [
        line for line in run("project", "status", "--digests").splitlines() if line.startswith("digest")
    ]
    assert digest == rebuilt
    assert "0 points" in run("member", "show", "ann")
    assert "50 of 100 points granted from a budget of 250" in run("explain", "ann", "--fact", "4")
    assert "all is well" in run("check")
