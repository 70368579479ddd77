"""Rewards are paid with points, used once, and cancelled while they are not used."""

from __future__ import annotations

import pytest

from deciding.counter import FULL, NOW_US, answer, decide, facts_in, opened, projected_points, record, refusal
from loyalty_ledger.ledger.calendar import HOUR_US, rfc3339
from loyalty_ledger.ledger.errors import FactError
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Adjust, CancelReward, Command, IssueReward, UseReward, retraction

SOON = rfc3339(NOW_US + HOUR_US)
USE, CANCEL = UseReward(member="ann", reward="R-1"), CancelReward(member="ann", reward="R-1")


def issue(points: int = 40, **more: str) -> IssueReward:
    return IssueReward(**{"member": "ann", "reward": "R-1", "kind": "voucher", **more}, points=points)


def test_a_reward_costs_its_points(counter: Database) -> None:
    decision = decide(counter, issue(value="5.00", currency="USD", expires=SOON))

    assert decision.balance_points == 60
    assert decision.lines() == [
        "issued reward R-1 (voucher) to ann for 40 points, who has 60 points now",
        "  (position 3)",
    ]
    assert (decision.data.value_minor, decision.data.currency) == (500, "USD")  # type: ignore[attr-defined]
    assert projected_points(counter) == 60


@pytest.mark.parametrize(
    ("points", "status"),
    [(-1, "negative-points"), (0, "created"), (100, "created"), (101, "exceeds-balance")],
)
def test_a_reward_is_a_present_or_can_be_paid(counter: Database, points: int, status: str) -> None:
    assert answer(counter, issue(points)) == status


def test_issued_again_it_is_a_duplicate_and_otherwise_another(counter: Database) -> None:
    first = decide(counter, issue(100))

    assert decide(counter, issue(100)).outcome == first.outcome._replace(status="duplicate")
    refused = refusal(counter, issue(50))
    assert (refused.code, refused.hint) == ("idempotency-conflict", "give another --reward")
    assert refused.what.endswith("differs in points")
    assert answer(counter, issue(0, reward="R-2")) == "created"


def test_a_name_is_given_once_under_whatever_id(counter: Database) -> None:
    decide(counter, issue(1))

    assert refusal(counter, issue(1), event_id="other").code == "already-issued"
    assert answer(counter, issue(0, member="bob")) == "created", "names are a member's own"


@pytest.mark.parametrize(("later_us", "status"), [(0, "expires-too-early"), (1, "created")])
def test_a_reward_can_be_used_at_least_a_moment(counter: Database, later_us: int, status: str) -> None:
    assert answer(counter, issue(expires=rfc3339(NOW_US + later_us))) == status


def test_a_value_needs_so_many_decimals_as_the_currency_has(counter: Database) -> None:
    with pytest.raises(FactError):
        decide(counter, issue(value="5.001", currency="USD"))
    assert answer(counter, issue(value="5.01", currency="USD")) == "created"


@pytest.mark.parametrize("command", [USE, CANCEL])
def test_what_was_not_issued_is_neither_used_nor_cancelled(counter: Database, command: Command) -> None:
    decide(counter, issue(0, member="bob"))
    refused = refusal(counter, command)

    assert (refused.code, refused.what) == ("not-issued", "reward 'R-1' was not issued to 'ann'")
    decide(counter, issue())
    assert answer(counter, command) == "created"


def test_a_reward_is_used_once(counter: Database) -> None:
    decide(counter, issue())
    decision = decide(counter, USE)

    assert (decision.outcome.status, decision.balance_points) == ("created", 60)
    refused = refusal(counter, USE)
    assert (refused.code, refused.what) == ("already-used", "reward 'R-1' was used at position 4")


def test_used_again_for_the_same_order_it_is_the_same_use(counter: Database) -> None:
    """A till that lost the answer asks again; a copied voucher comes with another order."""
    decide(counter, issue())
    for_order = UseReward(member="ann", reward="R-1", order="O-9")
    first = decide(counter, for_order)

    assert decide(counter, for_order).outcome == first.outcome._replace(status="duplicate")
    assert answer(counter, for_order, event_id="by-hand") == "duplicate"
    assert answer(counter, UseReward(member="ann", reward="R-1", order="O-8")) == "already-used"
    assert refusal(counter, USE).what.endswith("at position 4 for order 'O-9'")
    assert facts_in(counter, "reward.redeemed") == 1


@pytest.mark.parametrize(("later_us", "status"), [(-1, "created"), (0, "reward-expired")])
def test_an_expired_reward_is_of_no_use(counter: Database, later_us: int, status: str) -> None:
    """It expires at its instant, inclusive."""
    decide(counter, issue(expires=SOON))

    assert answer(counter, USE, at_us=NOW_US + HOUR_US + later_us) == status


def test_a_cancelled_reward_gives_its_points_back_once(counter: Database) -> None:
    decide(counter, issue())
    first = decide(counter, CANCEL)
    again = decide(counter, CancelReward(member="ann", reward="R-1", reason="lost"), event_id="again")

    assert (first.outcome.status, first.balance_points) == ("created", 100)
    assert again.outcome == first.outcome._replace(status="duplicate")
    assert refusal(counter, USE).code == "reward-cancelled"
    assert [flag.flag for flag in decide(counter, issue()).flags] == ["undone"]
    assert projected_points(counter) == 100


def test_a_used_reward_is_not_cancelled(counter: Database) -> None:
    decide(counter, issue())
    decide(counter, USE)

    refused = refusal(counter, CANCEL)

    assert (refused.code, refused.what) == ("already-used", "reward 'R-1' was used at position 4")


def test_what_an_import_did_to_a_reward_counts_before_any_view_shows_it(counter: Database) -> None:
    record(counter, "reward.issued", "ann", {"reward": "R-1", "kind": "voucher"})
    assert answer(counter, issue()) == "already-issued"
    record(counter, "reward.redeemed", "ann", {"reward": "R-1"})

    assert [answer(counter, USE), answer(counter, CANCEL)] == ["already-used"] * 2


def test_a_retracted_issue_is_none_and_the_name_is_free_again(counter: Database) -> None:
    position = decide(counter, issue()).outcome.position
    assert position is not None
    with counter.reading() as connection:
        command = retraction(connection, position, reason="wrong member")
    assert decide(counter, command).balance_points == 100

    assert answer(counter, USE) == "not-issued"
    assert decide(counter, issue(10)).balance_points == 90
    assert answer(counter, USE) == "created"


def test_without_the_rule_it_means_nothing(database: Database) -> None:
    shop = opened(database, FULL.replace("[rules.rewards]", ""))

    assert [refusal(shop, command).code for command in (issue(), USE, CANCEL)] == ["no-rule"] * 3


def test_an_import_may_issue_a_name_again_and_its_life_begins_anew(counter: Database) -> None:
    decide(counter, issue())
    decide(counter, UseReward(member="ann", reward="R-1", order="O-9"))
    record(counter, "reward.issued", "ann", {"reward": "R-1", "kind": "voucher"})

    assert answer(counter, UseReward(member="ann", reward="R-1", order="O-9")) == "created"


def test_who_owes_points_can_be_given_a_present(counter: Database) -> None:
    decide(counter, Adjust(member="ann", points=-101, reason="fraud", is_debt_allowed=True))

    assert refusal(counter, issue(1)).what.startswith("1 points exceed the balance of 0")
    assert answer(counter, issue(0)) == "created"
