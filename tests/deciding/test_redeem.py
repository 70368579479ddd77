"""Commands decide on everything recorded, however many decide at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from deciding.counter import CATALOGUE, NOW_US, PROGRAMME, answer, buy, opened, project
from loyalty_ledger.ledger.calendar import DAY_US
from loyalty_ledger.ledger.errors import LoyaltyError
from loyalty_ledger.ledger.store.database import Database, open_database
from loyalty_ledger.ledger.store.log import Log
from loyalty_ledger.rules.deciding import Decision, Desk, Redeem, Refusal
from loyalty_ledger.rules.deciding.standing import Reader
from loyalty_ledger.rules.governing import advance_clock


@pytest.fixture
def shop(database: Database) -> Database:
    """A ledger in which ann has 100 points, earned ten days ago."""
    return opened(database, PROGRAMME)


def redeem(database: Database, points: int, number: str, *, at_us: int = NOW_US) -> Decision:
    desk = Desk(database, CATALOGUE)
    return desk.redeem("ann", points, now_us=NOW_US, occurred_us=at_us, event_id=number, source="till")


def spent(database: Database) -> int:
    """Points of every redemption in the log, read without the code that decides."""
    with database.reading() as connection:
        states = connection.execute(text("SELECT state FROM facts WHERE topic = 'points.redeemed'")).scalars()
        registry = CATALOGUE.registry.fact_decoders()["points.redeemed"]
        return sum(registry(bytes(state)).data.points for state in states)


def in_parallel(database: Database, spenders: int, points: int) -> list[str]:
    """Let spenders redeem at once, each over its own connections; return their answers."""

    def spend(number: int) -> str:
        own = open_database(database.url)
        try:
            return redeem(own, points, f"r{number}").outcome.status
        except LoyaltyError as error:
            return getattr(error, "code", type(error).__name__)
        finally:
            own.close()

    with ThreadPoolExecutor(spenders) as pool:
        return sorted(pool.map(spend, range(spenders)))


def test_parallel_spenders_never_overspend(shop: Database) -> None:
    answers = in_parallel(shop, 8, 30)

    assert answers == ["created"] * 3 + ["exceeds-balance"] * 5  # 3 × 30 of 100, the fourth is short
    assert spent(shop) == 90


def test_without_the_look_behind_they_would_overspend(
    shop: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The law above can fail: this is the bug it is for."""
    monkeypatch.setattr(Log, "last_position_of", lambda *_: 0)
    desks = [Desk(shop, CATALOGUE) for _ in range(2)]
    real: Callable[..., object] = Reader.standing
    seen: list[object] = []

    def both_look_first(*args: object, **options: object) -> object:
        standing = real(*args, **options)
        if not seen:
            seen.append(standing)
            desks[1].redeem("ann", 80, now_us=NOW_US, occurred_us=NOW_US, event_id="b", source="till")
        return standing

    monkeypatch.setattr(Reader, "standing", both_look_first)
    desks[0].redeem("ann", 80, now_us=NOW_US, occurred_us=NOW_US, event_id="a", source="till")

    assert spent(shop) == 160


def test_the_same_redemption_again_is_a_duplicate_even_when_the_balance_is_gone(shop: Database) -> None:
    first = redeem(shop, 100, "r1")
    again = redeem(shop, 100, "r1")

    assert (first.outcome.status, again.outcome.status) == ("created", "duplicate")
    assert again.outcome.position == first.outcome.position
    with pytest.raises(Refusal, match="differs in points"):
        redeem(shop, 50, "r1")


def test_points_that_are_due_to_expire_cannot_be_spent(shop: Database) -> None:
    """Earned ten days before, gone thirty days after: nothing has been projected or advanced."""
    later_us = NOW_US + 20 * DAY_US

    with pytest.raises(Refusal, match="100 points exceed the balance of 0"):
        Desk(shop, CATALOGUE).redeem(
            "ann", 100, now_us=later_us, occurred_us=later_us, event_id="late", source="till"
        )


def test_a_decision_goes_on_from_what_is_projected(shop: Database) -> None:
    project(shop)
    buy(shop, "ann", "25.00", at_us=NOW_US - 5 * DAY_US, number="2")

    decision = redeem(shop, 120, "r1")

    assert decision.balance_points == 5  # 100 + 25 - 120
    project(shop)
    with shop.reading() as connection:
        assert connection.execute(text("SELECT points FROM balances WHERE member = 'ann'")).scalar() == 5


@pytest.mark.parametrize(("points", "code"), [(9, "below-minimum"), (101, "exceeds-balance")])
def test_refusals_have_stable_codes(shop: Database, points: int, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        redeem(shop, points, "r1")

    assert refused.value.code == code
    assert spent(shop) == 0
    assert (
        redeem(shop, 10 if points < 10 else 100, "r2").outcome.status == "created"
    )  # the boundary's other side


def test_nobody_advances_into_the_future(shop: Database) -> None:
    with pytest.raises(LoyaltyError, match="cannot advance"):
        advance_clock(shop, CATALOGUE.registry, to_us=NOW_US + 2 * DAY_US, now_us=NOW_US)


def test_who_is_set_aside_is_not_decided_on_and_the_others_are(shop: Database) -> None:
    buy(shop, "bob", "50.00", at_us=NOW_US - DAY_US)
    project(shop)
    with shop.writing() as connection:
        sql = "INSERT INTO quarantine (member, position, rule, error) VALUES ('ann', 2, 'r@1', 'it failed')"
        slot = connection.execute(text("SELECT slot FROM generations WHERE status = 'live'")).scalar_one()
        connection.execute(text(sql.replace("quarantine", f"quarantine__{slot}")))

    assert answer(shop, Redeem(member="ann", points=20)) == "set-aside"
    assert answer(shop, Redeem(member="bob", points=20)) == "created"
