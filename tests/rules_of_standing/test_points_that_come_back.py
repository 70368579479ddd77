"""Points that come back: which of them pay a debt, and whose they are."""

from __future__ import annotations

import pytest

from loyalty_ledger.ledger.calendar import rfc3339
from loyalty_ledger.rules.engine import Engine
from loyalty_ledger.rules.testing import Story

HEAD = """
    programme = "Coming back"
    zone = "UTC"
    currency = "USD"
"""
RULES = """
    [rules.points_per_spend]
    [rules.rolling_expiry]
    days = 30
    [rules.redemption]
    [rules.clawback]
    [rules.extension]
    [rules.holds]
    [rules.merging]
"""


def shop(parameters: str = "", policy: str = "") -> Story:
    """Ann has 2 points that expire on 31 March and 8 that expire on 9 April."""
    story = Story(HEAD + policy + RULES + parameters)
    story.purchase("ann", "2.00", at="2026-03-01", order="A")
    story.purchase("ann", "8.00", at="2026-03-10", order="B")
    return story


def lots(story: Story, member: str = "ann") -> list[tuple[str, int]]:
    """Return the days on which a member's points expire."""
    return [(rfc3339(lot.expires_us)[:10], lot.points) for lot in story.state(member).lots]


def test_of_points_that_are_given_back_those_that_expire_first_pay_a_debt() -> None:
    """10 are spent, 3 more are owed; of the 10 that come back, 2 and 1 of the 8 pay."""
    story = shop()
    story.redeem("ann", 10, at="2026-03-11", order="P")
    story.redeem("ann", 3, at="2026-03-12", order="Q")
    story.given("ann", "redemption.cancelled", at="2026-03-13", order="P")

    assert lots(story) == [("2026-04-09", 7)]


def test_of_points_that_a_return_took_those_that_expire_first_pay_a_debt() -> None:
    """The 10 points of O are spent, so its return takes 2 and 8; retracted, they pay the 3 that are owed."""
    story = Story(HEAD + RULES)
    story.purchase("ann", "10.00", at="2026-02-27", order="O")
    story.redeem("ann", 10, at="2026-02-28")
    story.purchase("ann", "2.00", at="2026-03-01", order="A")
    story.purchase("ann", "8.00", at="2026-03-10", order="B")
    wrong = story.given("ann", "purchase.returned", at="2026-03-11", order="O")
    story.redeem("ann", 3, at="2026-03-12")
    assert story.balance("ann") == -3
    story.given("ann", "fact.retracted", at="2026-03-13", retracted=wrong, reason="another order")

    assert lots(story) == [("2026-04-09", 7)]


@pytest.mark.parametrize(
    ("policy", "left"),
    [
        ("", [("2026-04-01", 6), ("2026-05-01", 10)]),
        ('[policy]\nburn_order = "oldest"', [("2026-04-01", 10), ("2026-05-01", 6)]),
    ],
)
def test_of_points_that_become_usable_together_those_spent_first_pay_a_debt(
    policy: str, left: list[tuple[str, int]]
) -> None:
    """Two lots of 10 of one day, the first extended; 4 are owed."""
    story = Story(HEAD + policy + RULES + "\n[rules.pending]\ndays = 5")
    story.redeem("ann", 4, at="2026-02-27")
    for order in ("A", "B"):
        story.purchase("ann", "10.00", at="2026-03-02", order=order)
    story.given("ann", "points.extended", at="2026-03-02", expires="2026-05-01T00:00:00Z", lot=1)
    story.advance("2026-03-07")

    assert lots(story) == left


def test_points_that_come_back_to_who_absorbed_their_owner_go_back_with_the_owner() -> None:
    """bob spent his 5 points before the merge; cancelled after it they are ann's, then bob's again."""
    story = shop()
    story.purchase("bob", "5.00", at="2026-03-10", order="C")
    story.redeem("bob", 5, at="2026-03-11", order="P")
    merge = story.given("ann", "members.merged", at="2026-03-12", absorbed="bob")
    story.given("bob", "redemption.cancelled", at="2026-03-13", order="P")
    assert story.balance("ann") == 15
    story.given("ann", "members.unmerged", at="2026-03-14", absorbed="bob", merge=merge)

    assert (lots(story, "bob"), story.balance("ann")) == ([("2026-04-09", 5)], 10)


def test_holds_are_given_up_in_the_order_they_were_placed_also_from_stored_states() -> None:
    story = shop()
    for hold, points in (("Z", 2), ("B", 3)):
        story.given("ann", "hold.placed", at="2026-03-11", hold=hold, points=points)
    story.given("bob", "members.merged", at="2026-03-12", absorbed="ann")
    at_once = [entry for entry in story.entries("ann") if entry.held < 0]
    assert [entry.points for entry in at_once] == [2, 3]

    programme, told = story.split()
    engine = Engine(programme, story.catalogue)
    before = engine.group(("ann", "bob"), {})
    for fact in told[:-1]:
        before.apply(fact)
    after = engine.group(("ann", "bob"), {row.member: row.state for row in before.states()})
    after.apply(told[-1])

    assert [entry for entry in after.entries if entry.held < 0] == at_once


def test_what_was_given_away_came_back_and_expired_is_not_taken_again() -> None:
    """Of the 80 of O, 27 stay with bob; 50 and the 3 that came back expire: a return takes 27 others."""
    story = Story(HEAD + RULES + "\n[rules.transfers]")
    story.purchase("ann", "80.00", at="2026-03-01", order="O")
    story.given("ann", "points.transferred", at="2026-03-02", to="bob", points=30)
    story.given("bob", "points.transferred", at="2026-03-03", to="ann", points=3)
    story.purchase("ann", "50.00", at="2026-03-20", order="A")
    story.advance("2026-03-31")
    story.given("ann", "purchase.returned", at="2026-04-01", order="O")

    assert story.balance("ann") == 23  # 50 - 27


def test_a_retracted_transfer_takes_the_points_that_were_given() -> None:
    story = shop("\n[rules.transfers]")
    story.purchase("bob", "50.00", at="2026-02-25")
    given = story.given("ann", "points.transferred", at="2026-03-11", to="bob", points=2)
    assert lots(story, "bob") == [("2026-03-27", 50), ("2026-03-31", 2)]
    story.given("ann", "fact.retracted", at="2026-03-12", retracted=given, reason="another member")

    assert lots(story, "bob") == [("2026-03-27", 50)]
    assert lots(story) == [("2026-03-31", 2), ("2026-04-09", 8)]


def test_of_lots_of_one_instant_the_one_told_first_is_the_older_wherever_it_has_passed() -> None:
    """ann's 10 are told before bob's; in bob's books they are behind his, and yet they are spent first."""
    story = Story(HEAD + RULES)
    story.purchase("ann", "10.00", at="2026-03-01")
    story.purchase("bob", "10.00", at="2026-03-01")
    merge = story.given("bob", "members.merged", at="2026-03-02", absorbed="ann")
    story.redeem("bob", 10, at="2026-03-03")
    story.given("bob", "members.unmerged", at="2026-03-04", absorbed="ann", merge=merge)

    assert (story.balance("ann"), story.balance("bob")) == (0, 10)


def test_a_rung_that_was_lost_while_its_member_rested_is_gone_when_it_is_its_own_again() -> None:
    """Of ann's 100 points in 20 days 91 went back; 95 of before do not count, though she has more in all."""
    rungs = 'days = 20\nrungs = [{name = "Silver", points = 60}]'
    story = Story(HEAD + RULES + f'\n[rules.tier]\nuse = "tiers"\n{rungs}')
    story.purchase("ann", "100.00", at="2026-03-01", order="O")
    assert story.state("ann").rungs["tier"].rung == "Silver"
    merge = story.given("bob", "members.merged", at="2026-03-02", absorbed="ann")
    story.given("ann", "purchase.returned", at="2026-03-03", order="O", amount="91.00", currency="USD")
    story.purchase("ann", "95.00", at="2026-02-01")
    story.given("bob", "members.unmerged", at="2026-03-04", absorbed="ann", merge=merge)

    assert story.state("ann").rungs["tier"].rung == "Basic"


def test_the_return_of_a_free_line_that_is_retracted_leaves_the_rest_of_the_order_returned() -> None:
    story = Story(HEAD + RULES)
    lines = [{"amount": "4.00"}, {"amount": "6.00"}, {"amount": "0.00"}]
    story.purchase("ann", "10.00", at="2026-03-01", order="O", lines=lines)
    free = story.given("ann", "purchase.returned", at="2026-03-02", order="O", lines=[{"line": 3}])
    rest = story.given("ann", "purchase.returned", at="2026-03-03", order="O")
    story.given("ann", "fact.retracted", at="2026-03-04", retracted=free, reason="another order")
    story.given("ann", "purchase.returned", at="2026-03-05", order="O", lines=[{"line": 1}])
    assert story.balance("ann") == 0

    story.given("ann", "fact.retracted", at="2026-03-06", retracted=rest, reason="another order")
    assert story.balance("ann") == 10


def test_a_point_that_a_retracted_return_gives_again_is_due_though_every_line_is_back() -> None:
    """3 points, rounded up: 6 % takes 1, the rest 2; without the 6 % 3 are due, so the third takes 1.

    With the 6 % back once more all is back; the third, retracted, gives its 1, which the last return takes.
    """
    story = Story(
        HEAD + '[rules.points_per_spend]\npoints = 3\n[rules.clawback]\nrounding = "up"\n[rules.redemption]'
    )
    story.purchase("ann", "1.00", at="2026-03-01", order="O")
    facts = [
        story.given("ann", "purchase.returned", at="2026-03-02", order="O", **what)
        for what in ({"amount": "0.06", "currency": "USD"}, {})
    ]
    story.given("ann", "fact.retracted", at="2026-03-03", retracted=facts[0], reason="counted twice")
    assert story.balance("ann") == 1
    nothing = story.given("ann", "purchase.returned", at="2026-03-04", order="O", share_bps=1)
    assert story.balance("ann") == 0
    story.given("ann", "purchase.returned", at="2026-03-05", order="O", amount="0.06", currency="USD")
    story.given("ann", "fact.retracted", at="2026-03-06", retracted=nothing, reason="nothing came back")
    assert story.balance("ann") == 1

    story.given("ann", "purchase.returned", at="2026-03-07", order="O")
    assert story.balance("ann") == 0
