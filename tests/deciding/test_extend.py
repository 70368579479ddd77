"""``extend`` and ``reinstate``: every refusal on both sides of its boundary."""

from __future__ import annotations

import pytest

from deciding.counter import (
    CATALOGUE,
    FULL,
    NOW_US,
    answer,
    buy,
    decide,
    opened,
    projected_points,
    refusal,
)
from loyalty_ledger.ledger.calendar import DAY_US, rfc3339
from loyalty_ledger.ledger.store.database import Database
from loyalty_ledger.rules.deciding import Extend, Reinstate
from loyalty_ledger.rules.governing import create_ledger

EXPIRY_US = NOW_US + 20 * DAY_US
"""Ann's 100 points of ten days ago live 30 days."""


@pytest.fixture
def shop(database: Database) -> Database:
    return opened(database, f"{FULL}\n[rules.extension]\n")


def extend(us: int, lot: int | None = None) -> Extend:
    return Extend(member="ann", expires=rfc3339(us), lot=lot)


def reinstate(points: int, us: int | None = None) -> Reinstate:
    return Reinstate(member="ann", points=points, expires=None if us is None else rfc3339(us))


@pytest.mark.parametrize(
    ("us", "code"),
    [
        (NOW_US, "expires-too-early"), (NOW_US + 1, "nothing-to-extend"),
        (EXPIRY_US, "nothing-to-extend"), (EXPIRY_US + 1, "created"),
    ],
)  # fmt: skip
def test_points_are_extended_and_never_shortened(shop: Database, us: int, code: str) -> None:
    assert answer(shop, extend(us)) == code


@pytest.mark.parametrize(("lot", "code"), [(1, "created"), (2, "no-lot")])
def test_a_lot_is_extended_if_it_is_open(shop: Database, lot: int, code: str) -> None:
    assert answer(shop, extend(EXPIRY_US + 1, lot)) == code


def test_extended_points_live_until_then(shop: Database) -> None:
    decide(shop, extend(EXPIRY_US + DAY_US))

    assert answer(shop, reinstate(1), at_us=NOW_US + DAY_US) == "exceeds-expired"


@pytest.fixture
def late(database: Database) -> Database:
    """Ann's 100 points of 41 days ago expired eleven days ago."""
    create_ledger(
        database.url, CATALOGUE, f"{FULL}\n[rules.extension]\n", at="shop.toml", ledger_id="shop",
        now_us=NOW_US - 50 * DAY_US,
    )  # fmt: skip
    buy(database, "ann", "100.00", at_us=NOW_US - 41 * DAY_US)
    return database


@pytest.mark.parametrize(("points", "code"), [(100, "created"), (101, "exceeds-expired")])
def test_no_more_is_reinstated_than_has_expired(late: Database, points: int, code: str) -> None:
    assert answer(late, reinstate(points)) == code


def test_what_was_reinstated_is_not_reinstated_again(late: Database) -> None:
    decide(late, reinstate(60))

    assert refusal(late, reinstate(41)).code == "exceeds-expired"
    assert answer(late, reinstate(40)) == "created"
    assert projected_points(late) == 100


@pytest.mark.parametrize(("us", "code"), [(NOW_US, "expires-too-early"), (NOW_US + 1, "created")])
def test_reinstated_points_live_longer_than_now(late: Database, us: int, code: str) -> None:
    assert answer(late, reinstate(10, us)) == code
