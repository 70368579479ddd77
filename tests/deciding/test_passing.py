"""``transfer``, ``member merge | unmerge``: every refusal on both sides of its boundary."""

from __future__ import annotations

from collections import Counter

from deciding.counter import NOW_US, answer, buy, decide, in_parallel, projected_points, refusal
from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import (
    Command,
    MergeMembers,
    PlaceHold,
    Redeem,
    TransferPoints,
    UnmergeMembers,
    VoidHold,
)  # fmt: skip


def give(points: int, to: str = "bob") -> TransferPoints:
    return TransferPoints(member="ann", to=to, points=points)


def merge(absorbed: str = "bob", member: str = "ann") -> MergeMembers:
    return MergeMembers(member=member, absorbed=absorbed)


def unmerge(absorbed: str = "bob", member: str = "ann") -> UnmergeMembers:
    return UnmergeMembers(member=member, absorbed=absorbed)


def test_all_points_can_be_given_and_not_one_more(counter: Database) -> None:
    assert refusal(counter, give(101)).code == "exceeds-balance"
    assert answer(counter, give(100)) == "created"
    assert (projected_points(counter), projected_points(counter, "bob")) == (0, 100)


def test_the_minimum_can_be_given_and_not_one_less(counter: Database) -> None:
    assert refusal(counter, give(9)).code == "below-minimum"
    assert answer(counter, give(10)) == "created"


def test_nobody_gives_to_itself_under_whatever_card(counter: Database) -> None:
    assert refusal(counter, give(10, "ann")).code == "transfer-to-self"
    decide(counter, merge())
    assert refusal(counter, give(10, "bob")).code == "transfer-to-self"
    assert refusal(counter, TransferPoints(member="bob", to="ann", points=10)).code == "transfer-to-self"


def test_given_points_can_be_spent_at_once(counter: Database) -> None:
    decide(counter, give(40))

    assert refusal(counter, Redeem(member="bob", points=41)).code == "exceeds-balance"
    assert answer(counter, Redeem(member="bob", points=40)) == "created"


def test_a_member_is_merged_once_and_not_with_itself(counter: Database) -> None:
    assert refusal(counter, merge("ann")).code == "merge-with-self"
    assert answer(counter, merge()) == "created"
    assert answer(counter, merge()) == "duplicate"
    assert refusal(counter, merge("bob", "cy")).code == "already-merged"
    assert refusal(counter, merge("ann", "bob")).code == "already-merged"


def test_who_has_an_open_hold_is_not_merged(counter: Database) -> None:
    buy(counter, "bob", "50.00", at_us=NOW_US - DAY_US)
    decide(counter, PlaceHold(member="bob", hold="H", points=20))
    assert refusal(counter, merge()).code == "holds-open"

    decide(counter, VoidHold(member="bob", hold="H"))
    assert answer(counter, merge()) == "created"


def test_only_what_is_merged_is_unmerged(counter: Database) -> None:
    assert refusal(counter, unmerge()).code == "not-merged"
    decide(counter, merge())
    assert refusal(counter, unmerge("ann", "bob")).code == "not-merged"
    assert answer(counter, unmerge()) == "created"
    assert refusal(counter, unmerge()).code == "not-merged"
    assert answer(counter, merge()) == "created"


def test_either_card_spends_from_the_one_balance(counter: Database) -> None:
    """ann has 100, bob 50: merged, either card can spend 150."""
    buy(counter, "bob", "50.00", at_us=NOW_US - DAY_US)
    decide(counter, merge())

    assert refusal(counter, Redeem(member="bob", points=151)).code == "exceeds-balance"
    assert answer(counter, Redeem(member="bob", points=120)) == "created"
    assert answer(counter, Redeem(member="ann", points=30)) == "created"


def test_what_is_left_goes_back(counter: Database) -> None:
    """ann's 100 expire first: 120 spent are her 100 and 20 of bob's 50."""
    buy(counter, "bob", "50.00", at_us=NOW_US - DAY_US)
    decide(counter, merge())
    decide(counter, Redeem(member="bob", points=120))
    decide(counter, unmerge())

    assert (projected_points(counter), projected_points(counter, "bob")) == (0, 30)


def test_twenty_spenders_on_one_balance(counter: Database) -> None:
    """Twenty ask for 15 of 100: six are served, 10 are left."""
    commands = [Redeem(member="ann", points=15, order=f"O-{number}") for number in range(20)]

    answers = in_parallel(counter, commands)

    assert Counter(answers) == {"created": 6, "exceeds-balance": 14}
    assert projected_points(counter) == 10


def test_twenty_spenders_on_two_cards_of_a_merged_member(counter: Database) -> None:
    """ann has 100, bob 50: of twenty who ask for 15, ten are served, whichever card they use."""
    buy(counter, "bob", "50.00", at_us=NOW_US - DAY_US)
    decide(counter, merge())
    commands: list[Command] = [
        Redeem(member=member, points=15, order=f"{member}-{number}")
        for number in range(10) for member in ("ann", "bob")
    ]  # fmt: skip

    answers = in_parallel(counter, commands)

    assert Counter(answers) == {"created": 10, "exceeds-balance": 10}
    assert projected_points(counter) == 0


def test_transfers_both_ways_at_once_lose_nothing(counter: Database) -> None:
    buy(counter, "bob", "100.00", at_us=NOW_US - DAY_US)
    commands: list[Command] = []
    for _ in range(4):
        commands += [give(30), TransferPoints(member="bob", to="ann", points=30)]

    answers = in_parallel(counter, commands)

    assert set(answers) <= {"created", "exceeds-balance"}
    assert projected_points(counter) + projected_points(counter, "bob") == 200
