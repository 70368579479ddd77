"""``given(history).when(event).then(…)``: what agrees passes, what does not is shown beside the answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from loyalty_ledger.ledger.errors import FactError, RuleError, UsageError
from loyalty_ledger.rules import Accrue, Fact, Member, PurchaseRecorded, Rule, on
from loyalty_ledger.rules.catalogue import Catalogue, Plugin
from loyalty_ledger.rules.testing import (
    accrued,
    balance,
    booked,
    enrolment,
    expired,
    fact,
    flagged,
    given,
    moved,
    not_qualified,
    noted,
    programme,
    purchase,
    purchase_return,
    recommended,
    redemption,
    settled,
    spent,
    taken_back,
    time_passes,
    timer,
)

SHOP = """
    programme = "Shop"
    zone = "America/New_York"
    currency = "USD"

    [rules.points_per_spend]
    [rules.clawback]
    [rules.redemption]
    [rules.rolling_expiry]
    months = 12
"""


def test_what_was_booked_is_named_by_points_and_rule() -> None:
    given(SHOP).when(purchase("ann", "7.90", at="2026-03-01")).then(accrued("ann", 7, by="points_per_spend"))


def test_a_day_and_a_local_time_are_of_the_programmes_zone() -> None:
    """Expiry is a year later at the same local time; 22:30 in New York is 03:30 in Greenwich."""
    given(SHOP).when(purchase("ann", "7.90", at="2026-03-07 22:30")).then(
        accrued("ann", 7, expires="2027-03-07 22:30")
    )
    given(SHOP).when(purchase("ann", "7.90", at="2026-03-08T03:30:00Z")).then(
        accrued("ann", 7, expires="2027-03-07 22:30")
    )
    given(SHOP).when(purchase("ann", "7.90", at="2026-03-07")).then(accrued("ann", 7, expires="2027-03-07"))


def test_what_came_before_the_event_needs_no_name() -> None:
    answer = given(SHOP, purchase("ann", "7.90", at="2026-03-01", order="A")).when(
        purchase_return("ann", "A", at="2026-03-02"), purchase("bob", "3.00", at="2026-03-02")
    )

    answer.then(taken_back("ann", 7, by="clawback", reason="order A"), accrued("bob", 3))
    assert answer.balance("bob") == 3


def test_more_can_happen_after_an_answer() -> None:
    (
        given(SHOP)
        .when(purchase("ann", "7.90", at="2026-03-01"))
        .then(accrued("ann", 7))
        .when(redemption("ann", 2, at="2026-03-02"))
        .then(spent("ann", 2), balance("ann", 5))  # 7 - 2
        .when(time_passes(to="2027-03-01"))
        .then(expired("ann", 5, by="rolling_expiry"), balance("ann", 0))
    )


def test_pending_points_become_usable() -> None:
    pending = SHOP + "[rules.pending]\n days = 14"
    (
        given(pending)
        .when(purchase("ann", "7.90", at="2026-04-01"))
        .then(accrued("ann", 7, usable="2026-04-15"), balance("ann", 0, pending=7, held=0))
        .when(time_passes(to="2026-04-15"))
        .then(booked("ann", pending=-7, available=7), balance("ann", 7, pending=0))
    )


def test_moves_flags_actions_and_timers_have_words_of_their_own() -> None:
    care = (
        SHOP
        + """
        [rules.rewards]
        [rules.complaint_recovery]
        acknowledge_h = 24
        resolve_h = 0
        [rules.tier]
        use = "tiers"
        window = "lifetime"
        rungs = [{name = "Gold", points = 100}]
    """
    )
    given(care).when(purchase("ann", "100.00", at="2026-03-01")).then(
        accrued("ann", 100), moved("ann", "Gold", "tier", reason="100 points")
    )
    given(care).when(fact("reward.issued", "ann", at="2026-03-01", reward="R", kind="cup", points=5)).then(
        spent("ann", 5), flagged("ann", "overdrawn", by="rewards"), balance("ann", -5)
    )
    complaint = fact("complaint.opened", "ann", at="2026-03-02", complaint="C1", category="delivery")
    (
        given(care, enrolment("ann", at="2026-03-01"))
        .when(complaint)
        .then()
        .includes(timer("ann", "acknowledge C1", due="2026-03-03"))
        .when(time_passes(to="2026-03-03"))
        .then(
            flagged("ann", "not-acknowledged"),
            recommended("ann", "acknowledge complaint C1", by="complaint_recovery"),
        )
        .when(fact("complaint.acknowledged", "ann", at="2026-03-04", complaint="C1"))
        .then(settled("ann", "acknowledge complaint C1"))
    )


def test_another_programme_governs_what_happens_from_its_day_on() -> None:
    double = SHOP.replace("[rules.points_per_spend]", "[rules.points_per_spend]\n points = 2")

    given(SHOP, programme(double, since="2026-06-01")).when(
        purchase("ann", "7.00", at="2026-05-31 23:59"), purchase("ann", "7.00", at="2026-06-01")
    ).then(accrued("ann", 7), accrued("ann", 14))  # 7 × 1, 7 × 2


def test_what_a_shared_budget_grants_is_told_in_the_order_of_the_history() -> None:
    offer = SHOP + "[rules.limited_offer]\n budget = 50\n points = 40"

    given(offer, purchase("ann", "1.00", at="2026-03-02")).when(
        purchase("bob", "1.00", at="2026-03-01")
    ).then(
        accrued("bob", 1),
        accrued("bob", 10, by="limited_offer"),  # 50 - 40 are left
    )


def test_reasons_why_not_and_steps_are_looked_at_where_they_are_named() -> None:
    picky = SHOP.replace("[rules.points_per_spend]", "[rules.points_per_spend]\n minimum_order = 10")

    given(picky).when(purchase("ann", "7.90", at="2026-03-01")).then(
        not_qualified("ann", "below the minimum order", by="points_per_spend")
    )
    given(SHOP).when(purchase("ann", "7.90", at="2026-03-01")).includes(
        noted("ann", "= 7 points", by="points_per_spend")
    )


def test_a_difference_shows_what_was_answered_instead() -> None:
    shop = SHOP + "[rules.visit_points]\n points = 5\n minimum_order = 50"
    answer = given(shop, purchase("ann", "5.00", at="2026-03-01")).when(
        purchase("ann", "7.90", at="2026-03-02 09:15", order="A"),
        purchase_return("ann", "B", at="2026-03-03"),
    )
    with pytest.raises(AssertionError) as caught:
        answer.then(
            accrued("ann", 8, by="points_per_spend"), balance("ann", 13), flagged("ann", "unknown-order")
        )

    shown = """\
the rules answered something else

  when  2026-03-02 09:15  ann bought for $7.90, order A
  when  2026-03-03 00:00  ann returned all of order B

  - expected, + answered

  - ann accrued 8 by points_per_spend
  - ann balance 13
  + ann accrued 7 by points_per_spend, expires 2027-03-02 09:15: 1 point per $1.00 spent
    ann flagged unknown-order by clawback: order B came back, but is not remembered

  why not
    ann visit_points: $7.90 is below the minimum order of $50.00

  steps
    ann points_per_spend: $7.90 counted / $1.00 × 1, steps rounded down = 7 points

  in the end
    ann balance 12"""
    assert str(caught.value) == shown


def test_what_nobody_expected_is_shown_unless_only_a_part_was_asked_for() -> None:
    answer = given(SHOP).when(purchase("ann", "7.90", at="2026-03-01"))

    answer.includes(balance("ann", 7))
    with pytest.raises(AssertionError, match=r"\n  \+ ann accrued 7 by points_per_spend"):
        answer.then()


def test_one_entry_is_not_two_that_were_expected() -> None:
    answer = given(SHOP).when(purchase("ann", "7.90", at="2026-03-01"))

    with pytest.raises(AssertionError, match=r"\n  - ann accrued 7\n    ann accrued 7 by points_per_spend"):
        answer.then(accrued("ann", 7), accrued("ann", 7))


@pytest.mark.parametrize(
    "expected",
    [
        accrued("bob", 7), accrued("ann", 7, by="clawback"), accrued("ann", 7, expires="2027-03-02"),
        accrued("ann", 7, expires="never"), accrued("ann", 7, reason="tea"), spent("ann", 7),
        balance("ann", 7, pending=1), timer("ann", "x"), noted("ann", "= 8 points"),
    ],
)  # fmt: skip
def test_every_field_that_is_named_counts(expected: object) -> None:
    answer = given(SHOP).when(purchase("ann", "7.90", at="2026-03-01"))

    with pytest.raises(AssertionError, match="answered something else"):
        answer.includes(expected)  # type: ignore[arg-type]


def test_a_programme_may_be_a_file(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    file.write_text(SHOP, encoding="utf-8")

    given(file).when(purchase("ann", "7.90", at="2026-03-01")).then(accrued("ann", 7))
    file.write_text("programme = 1", encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        given(file).when()
    assert caught.value.at == str(file)


@pytest.mark.parametrize("at", ["2026-02-30", "soon", "2026-03-01 25:00", ""])
def test_what_is_no_time_is_refused(at: str) -> None:
    with pytest.raises(FactError, match="no day and no time"):
        given(SHOP).when(purchase("ann", "7.90", at=at))


def test_a_rule_may_be_one_file_in_a_folder(tmp_path: Path) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "gift.py").write_text(
        "from loyalty_ledger.rules import Accrue, PurchaseRecorded, Rule, hookimpl, on\n\n\n"
        "class Gift(Rule):\n"
        '    name, version, stage = "gift", 1, "earn"\n\n'
        "    @on(PurchaseRecorded)\n"
        "    def give(self, purchase, member):\n"
        '        return Accrue(points=3, reason="a gift")\n\n\n'
        "@hookimpl\n"
        "def loyalty_rules():\n"
        "    return [Gift]\n",
        encoding="utf-8",
    )
    shop = 'programme = "Gifts"\nzone = "UTC"\ncurrency = "USD"\n[rules.gift]'

    given(shop, rules_dir=tmp_path / "rules").when(purchase("ann", "1", at="2026-03-01")).then(
        accrued("ann", 3, by="gift")
    )


class Broken(Rule):
    """Fails for everybody but ann."""

    name = "broken"
    stage = "earn"

    @on(PurchaseRecorded)
    def give(self, _: Fact[PurchaseRecorded], member: Member) -> Accrue:
        return Accrue(points={"ann": 1}[member.id], reason="for ann")


class BrokenPlugin:
    @staticmethod
    def loyalty_rules() -> list[type[Rule]]:
        return [Broken]


def test_a_rule_that_fails_fails_the_test_with_its_name() -> None:
    from loyalty_ledger.rules import hookimpl

    hookimpl(BrokenPlugin.loyalty_rules)
    catalogue = Catalogue([(Plugin("broken", "1", "0" * 64), BrokenPlugin)])
    shop = 'programme = "Broken"\nzone = "UTC"\ncurrency = "USD"\n[rules.broken]'
    told = given(shop, catalogue=catalogue)

    told.when(purchase("ann", "1", at="2026-03-01")).then(accrued("ann", 1, by="broken", expires="never"))
    with pytest.raises(RuleError, match=r"rule broken@1 in give\(\) failed: KeyError: 'bob'"):
        told.when(purchase("bob", "1", at="2026-03-01"))
